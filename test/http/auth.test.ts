// Closed by default: without AUTH_MODE=open every request is refused before any Durable Object is called.
// And no header changes who a caller is.

import { describe, expect, test, vi } from "vitest";
import { collab } from "../fixtures/worker.ts";
import { at, expectEmpty, expectJson, expectProblem, send, untouchable } from "../support/http.ts";
import { newId } from "../support/rooms.ts";

const { asked, objects } = untouchable();
const closed = { ...objects, AUTH_MODE: undefined };

/** Every route; "any other method" is represented by a few methods. */
const requests = collab.app.routes.flatMap(({ method, path }) => {
  const methods = method === "ALL" ? ["OPTIONS", "TRACE", "PROPFIND", "POST", "GET"] : [method];
  const names = path.replaceAll(/:\w+/g, "some").replace("*", "nowhere");
  return methods.map((each): [string, string] => [each, names]);
});
const isPublic = (method: string, path: string): boolean =>
  method === "GET" && (path === "/healthz" || path === "/openapi.json");
const guarded = requests.filter(([method, path]) => !isPublic(method, path));

describe("without AUTH_MODE", () => {
  test("[A2] only four of many requests are public", () => {
    expect(guarded.length).toBeGreaterThan(30);
    expect(requests.length - guarded.length).toBe(4);
  });

  test.each(guarded)("[A2] %s %s is refused, and no object is called", async (method, path) => {
    const response = await send(method, path, { env: closed });
    expect(response.headers.has("allow")).toBe(false);
    expect(response.headers.has("retry-after")).toBe(false);
    await expectProblem(response, 503, "auth_not_configured");
    expect(asked).not.toHaveBeenCalled();
  });

  test.each(["/", "/rooms/", "/nowhere", "/rooms/a/b", "/favicon.ico", "/rooms/%ff", "/%zz"])(
    "[A2] a response does not reveal whether %s exists",
    async (path) => {
      for (const method of ["GET", "POST", "DELETE", "OPTIONS"])
        await expectProblem(await send(method, path, { env: closed }), 503, "auth_not_configured");
      await expectEmpty(await send("HEAD", path, { env: closed }), 503);
      expect(asked).not.toHaveBeenCalled();
    },
  );

  test("[A2] HEAD is refused like GET", async () => {
    for (const path of ["/rooms", at("some"), at("some", "/users"), at("some", "/state")])
      await expectEmpty(await send("HEAD", path, { env: closed }), 503);
    expect(asked).not.toHaveBeenCalled();
  });

  test("[A2] the mistakes of a body are not reported, and a client who may still keep it does", async () => {
    const pull = vi.fn<() => void>();
    for (const [method, rest] of [
      ["PUT", "/state"],
      ["POST", "/users"],
    ] as const)
      for (const [body, headers] of [
        ["{", {}],
        ["{", { "content-encoding": "gzip" }],
        [new ReadableStream({ pull }, { highWaterMark: 0 }), { expect: "100-continue" }],
      ] as const)
        await expectProblem(
          await send(method, at("some", rest), { body, headers, type: "text/csv", env: closed }),
          503,
          "auth_not_configured",
        );
    expect(pull).not.toHaveBeenCalled();
  });

  test("[A2] the health check and the OpenAPI document are still served", async () => {
    expect(await expectJson(await send("GET", "/healthz", { env: closed }), 200)).toEqual({
      status: "ok",
    });
    const document = await expectJson(await send("GET", "/openapi.json", { env: closed }), 200);
    expect(document).toHaveProperty("paths");
    for (const path of ["/healthz", "/openapi.json"])
      await expectEmpty(await send("HEAD", path, { env: closed }), 200);
    expect(asked).not.toHaveBeenCalled();
  });
});

test.each(["", "Open", "OPEN", " open", "open ", "opened", "true", "1", "closed", "off", "none"])(
  "[A2] AUTH_MODE=%j does not open a deployment",
  async (AUTH_MODE) => {
    const response = await send("PUT", at("some"), { env: { ...objects, AUTH_MODE } });
    await expectProblem(response, 503, "auth_not_configured");
    expect(asked).not.toHaveBeenCalled();
  },
);

test.each([
  { authorization: "Bearer anything" },
  { authorization: "Basic YWRtaW46YWRtaW4=" },
  { "auth-mode": "open", "x-auth-mode": "open", auth_mode: "open" },
  { cookie: "AUTH_MODE=open" },
])("[A2] no header opens a closed deployment: %j", async (headers) => {
  const response = await send("PUT", at("some"), { env: closed, headers });
  await expectProblem(response, 503, "auth_not_configured");
  expect(asked).not.toHaveBeenCalled();
});

test("[A5] no header gives a client an identity", async () => {
  const id = newId();
  const headers = {
    authorization: "Bearer root",
    "x-user": "root",
    "x-user-id": "root",
    "x-forwarded-user": "root",
    "remote-user": "root",
    "cf-access-authenticated-user-email": "root@example.org",
    "x-collab-room-user": '{"id":"root"}',
    "x-partykit-room": "root",
    cookie: "user=root",
  };
  await send("PUT", at(id), { json: { behaviour: "scripted" }, headers });
  const json = { id: "ada" };
  const entry = await expectJson(await send("POST", at(id, "/users"), { json, headers }), 201);
  expect(entry).toEqual({
    id: "ada",
    joinedAt: expect.any(String),
    seq: expect.any(Number),
    meta: {},
  });
  const looked = await send("POST", at(id, "/actions/look"), { json: {}, headers });
  expect(await looked.text()).not.toContain("root");
  expect(await (await send("GET", at(id), { headers })).text()).not.toContain("root");
  const users = await expectJson(await send("GET", at(id, "/users"), { headers }), 200);
  expect(users).toEqual({ users: [entry], total: 1 });
});
