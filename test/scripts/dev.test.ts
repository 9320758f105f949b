// `npm run dev`, with a wrangler that only says how it was started.

import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { decodeJwt } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { readKeys } from "../../src/http/authentication/keys.ts";
import { verifyToken } from "../../src/http/authentication/tokens.ts";
import { emptyFolder, runScript, type Ended } from "../support/scripts.ts";
import { secret } from "../support/tokens.ts";

let folder: string;
beforeEach(async () => {
  folder = await emptyFolder();
  const wrangler = join(folder, "wrangler");
  await writeFile(wrangler, `#!/bin/sh\necho "started: $*"\n`);
  await chmod(wrangler, 0o755);
});

// No port is taken that is none.
const run = (...args: readonly string[]): Promise<Ended> =>
  runScript("dev.ts", ["--port", "0", ...args], folder, {
    PATH: `${folder}${delimiter}${process.env["PATH"]}`,
  });

const startedWith = ({ out }: Ended): string | undefined => /^started: (.*)$/m.exec(out)?.[1];
const devVars = (): Promise<string> => readFile(join(folder, ".dev.vars"), "utf8");
const tokenIn = ({ out }: Ended): string => /^ey\S+$/m.exec(out)?.[0] ?? "";

describe("npm run dev", () => {
  test("[A2] has authentication off, says so, and says how to turn it on", async () => {
    const ended = await run();
    expect(startedWith(ended)).toBe("dev --var AUTH_MODE:open --port 0");
    expect(ended.err).toContain("AUTHENTICATION IS OFF");
    expect(ended.err).toContain("npm run dev -- --auth");
    await expect(devVars()).rejects.toThrow("ENOENT");
  });
});

describe("npm run dev -- --auth", () => {
  test("[A2] does not turn authentication off, and warns of nothing", async () => {
    const ended = await run("--auth");
    expect(startedWith(ended)).toBe("dev --port 0");
    expect(ended).toMatchObject({ code: 0, err: "" });
  });

  test("[A1] writes a secret that only its owner can read, and keeps it", async () => {
    await run("--auth");
    const text = await devVars();
    expect(text).toMatch(/^AUTH_SECRET=[\w-]{43}\n$/);
    expect((await stat(join(folder, ".dev.vars"))).mode & 0o077).toBe(0);
    await run("--auth");
    expect(await devVars()).toBe(text);
  });

  test("[A1] keeps what .dev.vars has besides", async () => {
    await writeFile(join(folder, ".dev.vars"), "OTHER=1");
    await run("--auth");
    expect(await devVars()).toMatch(/^OTHER=1\nAUTH_SECRET=\S+\n$/);
  });

  test("[A1, A7] prints a token for every room, and lines that use it, but not the secret", async () => {
    await writeFile(join(folder, ".dev.vars"), `AUTH_SECRET=${secret}\nAUTH_AUDIENCE=rooms\n`);
    const ended = await run("--auth");
    const token = tokenIn(ended);
    const keys = readKeys({ AUTH_SECRET: secret });
    expect(keys && (await verifyToken(token, keys, { AUTH_AUDIENCE: "rooms" }))).toMatchObject({
      user: { id: "ada" },
      scopes: { "*": ["room:admin"] },
    });
    expect(decodeJwt(token).exp).toBeGreaterThan(Date.now() / 1000 + 3600);
    expect(ended.out).toContain(
      `curl -X PUT localhost:0/rooms/design -H 'authorization: Bearer ${token}'`,
    );
    expect(ended.out).toContain(
      `npm run -s join -- design ada --url ws://localhost:0 --token ${token}`,
    );
    expect(ended.out).not.toContain(secret);
  });

  test("[A1] prints a token for the issuer and the audience of wrangler.toml", async () => {
    const vars = '[vars]\nAUTH_ISSUER = "https://id.example"\nAUTH_AUDIENCE = "rooms"\n';
    await writeFile(join(folder, "wrangler.toml"), vars);
    const token = tokenIn(await run("--auth"));
    expect(decodeJwt(token)).toMatchObject({ iss: "https://id.example", aud: "rooms" });
  });

  test("[A2] starts nothing if wrangler.toml turns it off", async () => {
    await writeFile(join(folder, "wrangler.toml"), '[vars]\nAUTH_MODE = "open"\n');
    const ended = await run("--auth");
    expect([ended.code, startedWith(ended)]).toEqual([1, undefined]);
    expect(ended.err).toContain("Remove that line");
  });

  test.each([
    ["a mode is named besides", "", ["--var", "AUTH_MODE:open"], "exclude each other"],
    ["the file turns it off", "AUTH_MODE=open\n", [], "Remove that line"],
    ["the secret is too short", "AUTH_SECRET=short\n", [], ".dev.vars"],
  ])("[A2] starts nothing if %s", async (_, text, args, hint) => {
    await writeFile(join(folder, ".dev.vars"), text);
    const ended = await run("--auth", ...args);
    expect(ended.code).toBe(1);
    expect(startedWith(ended)).toBeUndefined();
    expect(ended.err).toContain(hint);
    expect(await devVars()).toBe(text);
  });
});
