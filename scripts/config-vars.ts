// The variables of wrangler's own configuration, `[vars]` in wrangler.toml: a Worker on this machine has them as well,
// where .dev.vars does not say otherwise.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DevVars } from "./dev-vars.ts";

/** In the order in which wrangler looks for them. */
const files = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/**
 * The variables of a folder's configuration that are about authentication.
 * @throws Error if it cannot be read
 */
export async function readConfigVars(folder: string): Promise<DevVars> {
  const config = files.map((file) => join(folder, file)).find(existsSync);
  // Wrangler takes a second or two to load: most configurations have nothing to read.
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
