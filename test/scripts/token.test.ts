// `npm run token`: tokens for development (rule A7).

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { readKeys, type TokenKeys } from "../../src/http/authentication/keys.ts";
import { verifyToken } from "../../src/http/authentication/tokens.ts";
import { emptyFolder, runScript, type Ended } from "../support/scripts.ts";
import { inSeconds, secret } from "../support/tokens.ts";

let folder: string;
beforeEach(async () => {
  folder = await emptyFolder();
});

const withSecret = { AUTH_SECRET: secret };

const run = (args: readonly string[], env: Record<string, string> = withSecret): Promise<Ended> =>
  runScript("token.ts", args, folder, env);

/** The token that it prints, and nothing else. */
async function tokenFrom(args: readonly string[], env?: Record<string, string>): Promise<string> {
  const { code, out, err } = await run(args, env);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^\S+\n$/);
  return out.trim();
}

const keysOf = (AUTH_SECRET: string): TokenKeys => {
  const keys = readKeys({ AUTH_SECRET });
  if (keys === null) throw new Error("there are no keys");
  return keys;
};

describe("npm run token", () => {
  test("[A1, A7] prints a token that the Worker takes, with scopes by room", async () => {
    const scopes = ["--room", "doc-*", "--scope", "room:read", "--scope", "room:write"];
    const more = ["--room", "lobby", "--scope", "room:read"];
    const token = await tokenFrom(["--sub", "ada", "--name", "Ada", ...scopes, ...more]);
    expect(await verifyToken(token, keysOf(secret), {})).toMatchObject({
      user: { id: "ada", name: "Ada" },
      scopes: { "doc-*": ["room:read", "room:write"], lobby: ["room:read"] },
    });
  });

  test("[A7] prints a token without scopes if no rooms are named", async () => {
    const token = await tokenFrom(["--sub", "ada"]);
    expect(Object.keys(decodeJwt(token)).toSorted()).toEqual(["exp", "sub"]);
  });

  test.each([
    [[], 3600],
    [["--expires", "45s"], 45],
    [["--expires", "30m"], 1800],
    [["--expires", "12h"], 43_200],
    [["--expires", "7d"], 604_800],
  ])("[A1] prints a token that expires: %j", async (args, seconds) => {
    const from = inSeconds(seconds);
    const { exp } = decodeJwt(await tokenFrom(["--sub", "ada", ...args]));
    expect(exp).toBeGreaterThanOrEqual(from);
    expect(exp).toBeLessThanOrEqual(inSeconds(seconds));
  });

  test("[A1] gives the token the issuer and the audience of the deployment", async () => {
    const named = { AUTH_ISSUER: "https://id.example", AUTH_AUDIENCE: "rooms" };
    const token = await tokenFrom(["--sub", "ada"], { ...withSecret, ...named });
    expect(decodeJwt(token)).toMatchObject({ iss: "https://id.example", aud: "rooms" });
  });

  test("[A1] takes issuer and audience from wrangler.toml, unless .dev.vars has others", async () => {
    const vars = 'AUTH_ISSUER = "https://id.example"\nAUTH_AUDIENCE = "rooms"';
    await writeFile(join(folder, "wrangler.toml"), `name = "rooms"\n[vars]\n${vars}\n`);
    const named = { iss: "https://id.example", aud: "rooms" };
    expect(decodeJwt(await tokenFrom(["--sub", "ada"]))).toMatchObject(named);
    await writeFile(join(folder, ".dev.vars"), "AUTH_AUDIENCE=others\n");
    expect(decodeJwt(await tokenFrom(["--sub", "ada"]))).toMatchObject({ ...named, aud: "others" });
  });

  test("[A1] signs with the first of several secrets", async () => {
    const next = "another-secret-of-more-than-32-bytes";
    const token = await tokenFrom(["--sub", "ada"], { AUTH_SECRET: `${next} ${secret}` });
    await expect(verifyToken(token, keysOf(next), {})).resolves.toBeDefined();
  });

  test("[A1] takes the secret from .dev.vars, unless the environment has one", async () => {
    const other = "a-secret-in-a-file-of-more-than-32-bytes";
    await writeFile(join(folder, ".dev.vars"), `# a comment\nAUTH_SECRET="${other}"\n`);
    const fromFile = await tokenFrom(["--sub", "ada"], {});
    await expect(verifyToken(fromFile, keysOf(other), {})).resolves.toBeDefined();
    const fromEnvironment = await tokenFrom(["--sub", "ada"]);
    await expect(verifyToken(fromEnvironment, keysOf(secret), {})).resolves.toBeDefined();
  });

  test.each<[string, readonly string[], Record<string, string>, string]>([
    ["no secret", ["--sub", "ada"], {}, "npm run dev -- --auth"],
    ["a short secret", ["--sub", "ada"], { AUTH_SECRET: "short" }, "at least 32 bytes"],
    ["no user", [], withSecret, "--sub"],
    ["an empty id", ["--sub", ""], withSecret, "--sub: an id of 1 to 128 characters"],
    ["an id that no user may have", ["--sub", ".."], withSecret, "user's id"],
    ["an unknown option", ["--sub", "ada", "--admin"], withSecret, "--admin"],
    [
      "an unknown scope",
      ["--sub", "ada", "--room", "a", "--scope", "room:everything"],
      withSecret,
      "room:admin",
    ],
    ["a scope without a room", ["--sub", "ada", "--scope", "room:read"], withSecret, "--room"],
    ["a room without a scope", ["--sub", "ada", "--room", "a"], withSecret, "--scope"],
    [
      "a pattern that is none",
      ["--sub", "ada", "--room", "a*b", "--scope", "room:read"],
      withSecret,
      "pattern",
    ],
    ["no time", ["--sub", "ada", "--expires", "soon"], withSecret, "30m"],
  ])("[A1] prints no token for %s, and says what to do", async (_, args, env, hint) => {
    const { code, out, err } = await run(args, env);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(hint);
    expect(err).not.toContain(secret);
    expect(err).not.toMatch(/^ {4}at /m);
  });

  test("shows all options", async () => {
    const { code, out } = await run(["--help"]);
    expect(code).toBe(0);
    for (const option of ["sub", "name", "room", "scope", "expires"])
      expect(out).toContain(`--${option} `);
  });
});
