// docs/AUTHENTICATION.md: its example is a Worker that is type-checked and works, and it names what there is.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { errorTable } from "../../src/protocol/errors.ts";
import { allScopes } from "../../src/protocol/scopes.ts";
import app from "../fixtures/cookie-sessions-worker.ts";
import { env, newId } from "../support/core/rooms.ts";

const project = join(import.meta.dirname, "../..");
const read = (path: string): Promise<string> => readFile(join(project, path), "utf8");
const documents = ["docs/AUTHENTICATION.md", "docs/PERMISSIONS.md"];

describe("the Worker with cookies", () => {
  const session = "a-session-id-that-nobody-can-guess";
  const SESSIONS = {
    get: async (id: string) =>
      id === session ? { userId: "ada", name: "Ada", documents: [document] } : null,
  };
  let document: string;
  beforeEach(() => {
    document = newId();
  });

  /** Join a room as a browser asks for it. */
  const enter = (room: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
    Promise.resolve(
      app.request(
        `https://app.example/rooms/${room}/users`,
        {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: '{"color":"#123456"}',
        },
        { ...env, AUTH_MODE: undefined, SESSIONS },
      ),
    );

  const cookie = `theme=dark; __Host-session=${session}`;

  test("[A2] lets in whom a cookie names, into the rooms that they may enter", async () => {
    const entered = await enter(`doc-${document}`, { cookie });
    expect(entered.status).toBe(201);
    expect(await entered.json()).toMatchObject({ id: "ada", name: "Ada", color: "#123456" });
    expect((await enter("doc-of-somebody-else", { cookie })).status).toBe(403);
  });

  test("[A2] answers by itself who has no session", async () => {
    const refused = await enter(`doc-${document}`, { cookie: "__Host-session=x" });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toEqual({ code: "sign_in_first" });
  });

  test("[A11] takes the cookie from pages of its own origin, and of no other", async () => {
    const own = { cookie, origin: "https://app.example" };
    expect((await enter(`doc-${document}`, own)).status).toBe(201);
    for (const origin of ["https://evil.example", "https://x.app.example", "null"]) {
      const refused = await enter(`doc-${document}`, { cookie, origin });
      expect(refused.status).toBe(403);
      expect(await refused.json()).toMatchObject({ code: "origin_refused" });
    }
  });

  test("[O3, A3] gives the metrics to whoever has the token for them, and nothing else", async () => {
    const METRICS_TOKEN = "a-token-for-metrics-that-nobody-can-guess";
    const ask = async (
      method: string,
      path: string,
      token = METRICS_TOKEN,
      vars = {},
    ): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      const bindings = { ...env, AUTH_MODE: undefined, SESSIONS, METRICS_TOKEN, ...vars };
      return (await app.request(`https://app.example${path}`, { method, headers }, bindings))
        .status;
    };
    expect(await ask("GET", "/metrics")).toBe(200);
    expect(await ask("GET", "/metrics", "another")).toBe(401);
    expect(await ask("GET", "/metrics", "undefined", { METRICS_TOKEN: undefined })).toBe(401);
    expect(await ask("GET", "/rooms")).toBe(401);
    expect(await ask("DELETE", "/rooms/metrics")).toBe(401);
  });

  test("is the one in the document", async () => {
    const [, shown] = /```ts\n(.*?)\n```/s.exec(await read("docs/AUTHENTICATION.md")) ?? [];
    const source = await read("test/fixtures/cookie-sessions-worker.ts");
    expect(shown).toBe(source.trimEnd().replace('"collab-room"', '"./index.ts"'));
  });
});

test("[A1] the document names the variables that the Worker reads, and no others", async () => {
  const declared = (await read("src/cloudflare/env.ts")).match(/\b(AUTH|ALLOWED)_\w+(?=\?:)/g);
  const named = (await read("docs/AUTHENTICATION.md")).match(/\b(AUTH|ALLOWED)_\w+/g);
  expect(new Set(named)).toEqual(new Set(declared));
});

test("[W4] the document has the close codes of the error table", async () => {
  const [, section = ""] = (await read("docs/AUTHENTICATION.md")).split("## Refusals in browsers");
  const codes = Object.values(errorTable).flatMap((row) => ("close" in row ? [row.close] : []));
  const named = (section.split("\n## ")[0] ?? "").match(/\b4\d{3}\b/g)?.map(Number) ?? [];
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((code) => !codes.some((each) => each === code))).toEqual([]);
});

test.each(documents)("[A3] %s names no scope that there is not", async (path) => {
  const named = new Set((await read(path)).match(/\b(room|presence):[a-z]+/g));
  expect([...named].filter((scope) => !allScopes.some((each) => each === scope))).toEqual([]);
});

test.each(documents)("every file exists that %s links to", async (path) => {
  const links = [...(await read(path)).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, to = ""]) => to);
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((to) => !existsSync(join(project, "docs", to)))).toEqual([]);
});
