// The variables in wrangler's configuration (`[vars]` in wrangler.toml). A local Worker gets them too, unless .dev.vars
// overrides them.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DevVars } from "./dev-vars.ts";

/** In the order wrangler looks for them. */
const files = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/**
 * Read the authentication variables from the configuration in a folder.
 * @throws Error if the configuration is invalid
 */
export async function readConfigVars(folder: string): Promise<DevVars> {
  const config = files.map((file) => join(folder, file)).find(existsSync);
  // Wrangler takes a second or two to load, and most configurations have nothing to read.
  if (config === undefined || !/\bAUTH_\w+["']?\s*[=:]/.test(readFileSync(config, "utf8")))
    return {};
  const { experimental_readRawConfig: readConfig } = await import("wrangler");
  const { vars = {} } = readConfig({ config }, { hideWarnings: true }).rawConfig;
  return Object.fromEntries(
    Object.entries(vars).flatMap(([name, value]) =>
      name.startsWith("AUTH_") && typeof value === "string" ? [[name, value]] : [],
    ),
  );
}
