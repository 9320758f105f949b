// "Going to production" in the README, point by point, on a real server: with a secret, an issuer, an audience and
// origins, and with tokens from the project's own script.

import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { emptyFolder, runScript } from "../support/scripts.ts";
import { startServer, type Server } from "../support/server.ts";

const project = join(import.meta.dirname, "../..");
const readme = await readFile(join(project, "README.md"), "utf8");
const section = /\n## Going to production\n(.*?)(?=\n## |$)/s.exec(readme)?.[1] ?? "";

const oldSecret = "the-secret-of-last-month-has-40-characters";
const newSecret = "the-secret-of-this-month-has-40-characters";
const vars = {
  AUTH_SECRET: `${newSecret} ${oldSecret}`,
  AUTH_ISSUER: "https://id.example",
  AUTH_AUDIENCE: "rooms",
  ALLOWED_ORIGINS: "https://app.example",
};

const lines: string[] = [];
let server: Server;
beforeAll(async () => {
  server = await startServer({
    main: "test/fixtures/production-worker.ts",
    vars,
    onLog: (line) => lines.push(line),
  });
});
afterAll(() => server.stop());

/** A token from the script. @param differing options that differ from the deployment */
async function tokenFor(args: readonly string[], differing: Partial<typeof vars> = {}) {
  const env = { ...vars, ...differing };
  const { code, out, err } = await runScript("token.ts", args, await emptyFolder(), env);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out.trim();
}

const all = ["--sub", "root", "--room", "*", "--scope", "room:admin"];
const editorOf = (rooms: string): string[] =>
  `--sub ada --room ${rooms} --scope room:read --scope room:write --scope room:create`.split(" ");

type Asked = { readonly status: number; readonly code?: string; readonly headers: Headers };

/** Send a request to the server. @param json the body, or `undefined` for none */
async function ask(
  method: string,
  path: string,
  token: string | null,
  { json, ...headers }: { json?: unknown; origin?: string; type?: string } = {},
): Promise<Asked & { readonly text: string }> {
  const { type = "application/json", ...more } = headers;
  const response = await fetch(server.url + path, {
    method,
    headers: {
      ...more,
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(json !== undefined && { "content-type": type }),
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  const { code } = (text.startsWith("{") ? JSON.parse(text) : {}) as { code?: string };
  return {
    status: response.status,
    ...(code !== undefined && { code }),
    headers: response.headers,
    text,
  };
}

const merge = (json: unknown) => ({ json, type: "application/merge-patch+json" });

/** The rules of each point. */
const rules: Readonly<Record<string, string>> = {
  "Secret or keys": "A1",
  "Issuer and audience": "A1",
  Origins: "A1, A11",
  Scopes: "A3, A7",
  Limits: "S9, L1",
  Backups: "S8, R5",
  Observability: "O1, O2, O3",
  Deploy: "A2",
};

/** A check of each point. */
const points: Readonly<Record<string, () => Promise<void>>> = {
  async "Secret or keys"() {
    expect(await ask("PUT", "/rooms/doc-1", null)).toMatchObject({
      status: 401,
      code: "token_required",
    });
    const stranger = { AUTH_SECRET: "a-secret-of-somebody-else-of-40-characters" };
    expect(await ask("PUT", "/rooms/doc-1", await tokenFor(all, stranger))).toMatchObject({
      status: 401,
      code: "invalid_token",
    });
    for (const secret of [oldSecret, newSecret]) {
      const token = await tokenFor(all, { AUTH_SECRET: secret });
      expect((await ask("PUT", "/rooms/doc-1", token)).status).toBeLessThan(300);
    }
  },

  async "Issuer and audience"() {
    for (const differing of [
      { AUTH_ISSUER: "https://another.example" },
      { AUTH_AUDIENCE: "mail" },
      { AUTH_ISSUER: "", AUTH_AUDIENCE: "" },
    ])
      expect(await ask("GET", "/rooms", await tokenFor(all, differing))).toMatchObject({
        status: 401,
        code: "invalid_token",
      });
    expect((await ask("GET", "/rooms", await tokenFor(all))).status).toBe(200);
  },

  async Origins() {
    const token = await tokenFor(editorOf("doc-*"));
    const own = await ask("PUT", "/rooms/doc-2", token, { origin: "https://app.example" });
    expect(own.status).toBe(201);
    expect(own.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(
      await ask("GET", "/rooms/doc-2", token, { origin: "https://app.example.evil.example" }),
    ).toMatchObject({ status: 403, code: "origin_refused" });
    expect(await welcomed("/rooms/doc-2/socket", token, "https://app.example")).toBe(true);
    expect(await welcomed("/rooms/doc-2/socket", token, "https://evil.example")).toBe(false);
  },

  async Scopes() {
    const editor = await tokenFor(editorOf("doc-*"));
    const reader = await tokenFor(["--sub", "bob", "--room", "doc-3", "--scope", "room:read"]);
    expect((await ask("PUT", "/rooms/doc-3", editor)).status).toBe(201);
    const change = ["PATCH", "/rooms/doc-3/state"] as const;
    expect((await ask(...change, editor, merge({ title: "Pier" }))).status).toBe(200);
    expect((await ask("GET", "/rooms/doc-3/state", reader)).text).toBe('{"title":"Pier"}');
    for (const refused of [
      ask(...change, reader, merge({ title: "Bridge" })),
      ask("GET", "/rooms/doc-4", reader),
      ask("PUT", "/rooms/other", editor),
      ask("DELETE", "/rooms/doc-3", editor),
    ])
      expect(await refused).toMatchObject({ status: 403, code: "forbidden" });
  },

  async Limits() {
    const token = await tokenFor(editorOf("doc-*"));
    expect((await ask("PUT", "/rooms/doc-5", token)).status).toBe(201);
    const large = merge({ text: "x".repeat(5000) });
    expect((await ask("PATCH", "/rooms/doc-5/state", token, large)).status).toBe(413);
    const many = Array.from({ length: 200 }, () => ask("GET", "/rooms/doc-5", token));
    const limited = (await Promise.all(many)).find(({ status }) => status === 429);
    expect(limited?.code).toBe("rate_limited");
    expect(Number(limited?.headers.get("retry-after"))).toBeGreaterThan(0);
  },

  async Backups() {
    const token = await tokenFor(all);
    await ask("PUT", "/rooms/doc-6", token);
    await ask("PATCH", "/rooms/doc-6/state", token, merge({ title: "Kept" }));
    // A stop deletes the room's own storage, so what comes back comes from the store.
    expect((await ask("DELETE", "/rooms/doc-6", token)).status).toBe(204);
    expect((await ask("PUT", "/rooms/doc-6", token)).status).toBe(201);
    expect((await ask("GET", "/rooms/doc-6/state", token)).text).toBe('{"title":"Kept"}');
  },

  async Observability() {
    const metrics = await ask("GET", "/metrics", await tokenFor(all));
    expect(metrics.text).toContain("collab_rooms");
    expect(await ask("GET", "/metrics", await tokenFor(editorOf("doc-*")))).toMatchObject({
      status: 403,
      code: "forbidden",
    });
    const { headers } = await ask("GET", "/healthz", null);
    expect(headers.get("x-request-id")).toMatch(/\S/);
    const logged = lines.map((line) => JSON.parse(line) as { event: string });
    expect(logged.map(({ event }) => event)).toContain("room_started");
    expect(lines.join("\n")).not.toMatch(/eyJ|secret-of|auth_open/);
  },

  async Deploy() {
    const { scripts } = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    expect(scripts["deploy"]).toBe("wrangler deploy");
    const config = await readFile(join(project, "wrangler.toml"), "utf8");
    expect(config).not.toMatch(/^\s*AUTH_(MODE|SECRET)\s*=/m);
    expect(await ask("GET", "/healthz", null)).toMatchObject({ status: 200 });
    const user = encodeURIComponent('{"id":"ada"}');
    expect((await ask("GET", `/rooms/doc-1/users?user=${user}`, null)).status).toBe(401);
  },
};

/** Whether a page's socket opens, with the token as a subprotocol. */
async function welcomed(path: string, token: string, origin: string): Promise<boolean> {
  const address = server.url.replace("http", "ws") + path;
  const socket = new WebSocket(address, ["collab-room.v2", `bearer.${token}`], { origin });
  const refused = once(socket, "error").then(() => false);
  const opened = once(socket, "message").then(([frame]) => String(frame).includes('"welcome"'));
  const outcome = await Promise.race([opened, refused]);
  opened.catch(() => {}); // for a refused socket
  socket.terminate();
  return outcome;
}

describe("going to production", () => {
  const listed = Array.from(section.matchAll(/^\d\. \*\*(.*?)\.\*\*/gm), ([, name = ""]) => name);

  test("[A1] each point of the README is checked here", () => {
    expect(listed).toEqual(Object.keys(points));
  });

  const tried = listed.map((name) => ({ name, ids: rules[name] }));
  test.each(tried)("[$ids] $name", async ({ name }) => {
    await points[name]?.();
  });

  test("[A2] without a secret or keys, all requests are refused", async () => {
    const closed = await startServer({ main: "test/fixtures/production-worker.ts" });
    try {
      const token = await tokenFor(all);
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${closed.url}/rooms`, { headers });
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ code: "auth_not_configured" });
    } finally {
      await closed.stop();
    }
  });
});
