// The app as a part of another Hono app: it works under any path and does not affect the host's own routes.

import { env } from "cloudflare:workers";
import type { CollabEnv } from "collab-room";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { collab } from "../fixtures/worker.ts";
import { expectEmpty, expectJson, expectProblem } from "../support/http.ts";
import { newId, rooms } from "../support/rooms.ts";
import type { Document } from "../support/openapi.ts";

type Bindings = { Bindings: CollabEnv };
type Host = Hono<Bindings>;

const own = (): Host => {
  const host = new Hono<Bindings>();
  host.get("/mine", (c) => c.text("mine"));
  host.notFound((c) => c.text("not here", 404));
  return host;
};
const under = (path: string): Host => own().route(path, collab.app);

const mounts: [string, string, Host][] = [
  ["route at /", "", under("/")],
  ["route under a path", "/api", under("/api")],
  ["route under a deep path", "/x/y", under("/x/y")],
  ["route under a path that ends with a slash", "/x", under("/x/")],
  ["route in a route", "/x/y/z", own().route("/x", new Hono<Bindings>().route("/y/z", collab.app))],
  [
    "route after a base path",
    "/base/x",
    new Hono<Bindings>().basePath("/base").route("/x", collab.app),
  ],
  ["mount under a path", "/x/y", own().mount("/x/y", collab.app.fetch)],
  ["mount at /", "", own().mount("/", collab.app.fetch)],
];

async function ask(host: Host, method: string, path: string, json?: unknown): Promise<Response> {
  const body = json === undefined ? null : JSON.stringify(json);
  const headers = { "content-type": "application/json" };
  return host.request(path, { method, body, headers }, env);
}

describe.each(mounts)("%s", (_, base, host) => {
  test("[R2] serves a room from start to stop", async () => {
    const id = newId();
    const room = `${base}/rooms/${id}`;
    const json = { behaviour: "scripted" };
    expect(await expectJson(await ask(host, "PUT", room, json), 201)).toMatchObject({ id });
    await expectJson(await ask(host, "POST", `${room}/users`, { id: "ada" }), 201);
    await expectJson(await ask(host, "PUT", `${room}/state`, { n: 1 }), 200);
    await expectJson(await ask(host, "POST", `${room}/actions/rename`, { title: "x" }), 200);
    expect(await expectJson(await ask(host, "GET", `${room}/state`), 200)).toEqual({
      n: 1,
      title: "x",
    });
    await expectEmpty(await ask(host, "HEAD", room), 200);
    await expectEmpty(await ask(host, "DELETE", `${room}/users/ada`), 204);
    await expectEmpty(await ask(host, "DELETE", room), 204);
    await expectProblem(await ask(host, "GET", room), 404, "room_not_running");
  });

  test.each(["a/b", "100%", "%2F", "é🦊", "x/y", "rooms", "a?b#c", "..."])(
    "[R2] serves the room %j under its exact name",
    async (name) => {
      const id = name + newId("");
      const room = `${base}/rooms/${encodeURIComponent(id)}`;
      const user = `${room}/users/${encodeURIComponent(name)}`;
      expect(await expectJson(await ask(host, "PUT", room), 201)).toMatchObject({ id });
      await rooms.room(id).join({ id: name });
      await expectEmpty(await ask(host, "DELETE", user), 204);
      expect(await rooms.room(id).getUsers()).toEqual([]);
    },
  );

  test("[A6] responds to invalid requests and other methods with problems", async () => {
    await expectProblem(await ask(host, "PUT", `${base}/rooms/%zz`), 400, "invalid_room_id");
    const post = await ask(host, "POST", `${base}/rooms`);
    expect(post.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    await expectProblem(post, 405, "method_not_allowed");
  });

  test("[A2] refuses requests without configured authentication", async () => {
    const closed = { ...env, AUTH_MODE: undefined } as unknown as CollabEnv;
    const room = await host.request(`${base}/rooms/a`, { method: "PUT" }, closed);
    await expectProblem(room, 503, "auth_not_configured");
    const other = await host.request(`${base}/rooms`, { method: "POST" }, closed);
    await expectProblem(other, 503, "auth_not_configured");
    expect((await host.request(`${base}/healthz`, {}, closed)).status).toBe(200);
  });
});

test.each(mounts.filter(([, base]) => base !== ""))(
  "[H3] %s: unknown addresses under its path get problems",
  async (_, base, host) => {
    for (const path of ["/nowhere", "/rooms/a/b", "/rooms/", "/", ""])
      for (const method of ["GET", "POST", "DELETE"])
        await expectProblem(await ask(host, method, base + path), 404, "not_found");
    await expectEmpty(await ask(host, "HEAD", `${base}/nowhere`), 404);
    const closed = { ...env, AUTH_MODE: undefined } as unknown as CollabEnv;
    const refused = await host.request(`${base}/nowhere`, {}, closed);
    await expectProblem(refused, 503, "auth_not_configured");
  },
);

test.each(mounts.filter(([name]) => name.startsWith("route")))(
  "[A6] %s: the OpenAPI document has the server %j",
  async (_, base, host) => {
    const response = await host.request(`${base}/openapi.json`, {}, env);
    const document = await response.json<Document>();
    expect(document.servers).toEqual([{ url: base === "" ? "/" : base }]);
    expect(Object.keys(document.paths)).toContain("/rooms/{id}");
  },
);

describe("a host", () => {
  const hosts = mounts.filter(([name]) => !/base path|mount at/.test(name));

  test.each(hosts)("[A2] with a %s keeps its own routes without authentication", async (...row) => {
    const [, , host] = row;
    for (const bindings of [env, {}]) {
      const response = await host.request("/mine", {}, bindings);
      expect({ status: response.status, text: await response.text() }).toEqual({
        status: 200,
        text: "mine",
      });
    }
  });

  test.each(hosts.filter(([name]) => name.startsWith("route")))(
    "[A2, H3] with a %s responds to unknown addresses of its own",
    async (...row) => {
      const [, base, host] = row;
      for (const path of ["/nowhere", "/rooms/a/b", ...(base === "" ? [] : [`${base}s`])]) {
        const response = await host.request(path, {}, {});
        expect(await response.text()).toBe("not here");
      }
    },
  );

  test("[H3] may add routes under the app's path, before and after it", async () => {
    const host = new Hono<Bindings>();
    host.get("/collab/before", (c) => c.text("before"));
    host.route("/collab", collab.app);
    host.get("/collab/after", (c) => c.text("after"));
    host.notFound((c) => c.text("not here", 404));
    for (const name of ["before", "after"])
      expect(await (await host.request(`/collab/${name}`, {}, env)).text()).toBe(name);
    await expectProblem(await host.request("/collab/later", {}, env), 404, "not_found");
    await expectProblem(await ask(host, "POST", "/collab/after"), 404, "not_found");
  });

  test("[A2] may add its own routes before and after the app, even at the same address", async () => {
    const host = new Hono<Bindings>();
    host.get("/healthz", (c) => c.text("well"));
    host.route("/", collab.app);
    host.get("/later", (c) => c.text("later"));
    expect(await (await host.request("/healthz", {}, {})).text()).toBe("well");
    expect(await (await host.request("/later", {}, {})).text()).toBe("later");
  });

  test("[A2] may add its own middleware before the app", async () => {
    const host = new Hono<Bindings>();
    host.use("/api/*", async (c, next) =>
      c.req.header("authorization") === "Bearer ok" ? next() : c.text("who are you?", 401),
    );
    host.route("/api", collab.app);
    expect((await host.request("/api/rooms", {}, env)).status).toBe(401);
    const headers = { authorization: "Bearer ok" };
    expect((await host.request("/api/rooms", { headers }, env)).status).toBe(200);
  });

  test("[R2] may mount the app twice, with the same rooms", async () => {
    const host = own().route("/a", collab.app).route("/b", collab.app);
    const id = newId();
    await expectJson(await ask(host, "PUT", `/a/rooms/${id}`), 201);
    await expectJson(await ask(host, "PUT", `/b/rooms/${id}`), 200);
  });
});
