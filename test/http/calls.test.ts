// Actions, broadcasts and touches over HTTP.

import { describe, expect, test } from "vitest";
import { setScript } from "../fixtures/scripts.ts";
import { isoNow, pass, useFakeDate } from "../support/fake-date.ts";
import {
  at,
  expectEmpty,
  expectJson,
  expectProblem,
  send,
  taggedVersion,
  type Sent,
} from "../support/http.ts";
import { newId, nothingStored, stored } from "../support/rooms.ts";

useFakeDate();

/** A running room. */
async function room(behaviour = "scripted"): Promise<string> {
  const id = newId();
  await expectJson(await send("PUT", at(id), { json: { behaviour } }), 201);
  return id;
}

const json = "application/json";
const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

describe("actions", () => {
  const act = (id: string, name: string, sent: Sent = { type: json }): Promise<Response> =>
    send("POST", at(id, `/actions/${name}`), sent);

  test("[S7, S3, E8] an action returns its result and the version after it, also as ETag", async () => {
    const id = await room();
    const response = await act(id, "rename", { json: { title: "Bridge" } });
    expect(taggedVersion(response)).toBe(1);
    expect(await expectJson(response, 200)).toEqual({ result: "renamed", version: 1 });
    expect(await (await send("GET", at(id, "/state"))).json()).toEqual({ title: "Bridge" });
    const again = await act(id, "rename", { json: { title: "Bridge" } });
    expect(await expectJson(again, 200)).toEqual({ result: "renamed", version: 1 });
  });

  test("[S7] an action gets the room, and the payload {} if there is no body", async () => {
    const id = await room();
    await send("POST", at(id, "/users"), { json: { id: "ada" } });
    const result = { id, users: 1, version: 0, state: {} };
    for (const sent of [{ type: json }, { json: {} }, { body: "", type: json }])
      expect(await expectJson(await act(id, "look", sent), 200)).toEqual({ result, version: 0 });
  });

  test("[S7] an action that returns nothing has the result null", async () => {
    const id = await room();
    for (const body of ["null", "[]", "0", '"x"', "{}"])
      expect(await expectJson(await act(id, "nothing", { body, type: json }), 200)).toEqual({
        result: null,
        version: 0,
      });
  });

  test.each([
    "nobody-wrote-this",
    "__proto__",
    "constructor",
    "toString",
    "rename%2F",
    "re%20name",
    "RENAME",
    "%F0%9F%A6%8A",
  ])("[S7] %s is an unknown action", async (name) => {
    await expectProblem(await act(await room(), name), 404, "unknown_action");
  });

  test("[S7] a name of any length is an unknown action", async () => {
    await expectProblem(await act(await room(), "a".repeat(5000)), 404, "unknown_action");
  });

  test("[S7] every action is unknown in a room without actions", async () => {
    await expectProblem(await act(await room("default"), "rename"), 404, "unknown_action");
  });

  test("[S7] a name may be percent-encoded", async () => {
    const response = await act(await room(), "%72ename", { json: { title: "x" } });
    await expectJson(response, 200);
  });

  test.each(["%zz", "%ff", "%"])("[S7] the name %s is not valid percent-encoding", async (name) => {
    const response = await act(await room(), name);
    expect((await expectProblem(response, 400, "invalid_request")).detail).toContain("name");
  });

  test.each([
    ["{}", "title"],
    ['{"title":5}', "title"],
    ["null", ""],
    ["[]", ""],
    ['{"__proto__":{"title":"x"}}', "title"],
  ])("[S7] the invalid payload %s gets 422 with the place of the mistake", async (body, path) => {
    const id = await room();
    const { issues } = await expectProblem(
      await act(id, "rename", { body, type: json }),
      422,
      "invalid_payload",
    );
    expect(issues).toEqual([{ path, message: expect.any(String) }]);
    expect(await (await send("GET", at(id, "/state"))).text()).toBe("{}");
  });

  test("[S7] an action that refuses gets 409 with its reason", async () => {
    const problem = await expectProblem(await act(await room(), "refuse"), 409, "action_refused");
    expect(problem.reason).toBe("not_today");
  });

  test.each([
    ["fail", 500, "action_failed"],
    ["vandal", 500, "action_failed"],
    ["bad", 422, "invalid_state"],
    ["hang", 504, "call_timeout"],
  ])(
    "[S2, S7, A6] the action %s gets %i %s, and the room keeps working",
    async (name, status, code) => {
      const id = await room();
      await expectProblem(await act(id, name), status, code);
      const state = await send("GET", at(id, "/state"));
      expect(taggedVersion(state)).toBe(0);
      expect(await state.text()).toBe("{}");
    },
  );

  test.each<[string, number, string, Sent]>([
    ["malformed JSON", 400, "malformed", { body: "{title:1}", type: json }],
    ["invalid UTF-8", 400, "malformed", { body: Uint8Array.of(0xff), type: json }],
    ["65 levels", 413, "too_large", { body: deep(65), type: json }],
    ["120,000 levels", 413, "too_large", { body: deep(120_000), type: json }],
    ["over 256 KiB", 413, "too_large", { json: { title: "x".repeat(256 * 1024) } }],
    ["a form", 415, "unsupported_media_type", { body: "title=x", type: "text/plain" }],
  ])("[S7, S9] a payload with %s gets %i %s", async (_, status, code, sent) => {
    await expectProblem(await act(await room(), "rename", sent), status, code);
  });

  test("[S9] a room applies its own limit to payloads", async () => {
    const id = await room("small");
    const payload = (bytes: number) => ({ json: { title: "x".repeat(bytes - 12) } });
    await expectJson(await act(id, "rename", payload(512)), 200);
    await expectProblem(await act(id, "rename", payload(513)), 413, "too_large");
  });
});

describe("broadcasts", () => {
  const broadcast = (id: string, sent: Sent): Promise<Response> =>
    send("POST", at(id, "/broadcast"), sent);

  test("[T1] an event gets 202 and changes only the last activity", async () => {
    const id = await room();
    const before = await expectJson(await send("GET", at(id)), 200);
    for (const body of [{ event: "wave" }, { event: "e".repeat(128), payload: [{ a: null }] }]) {
      pass(1000);
      await expectEmpty(await broadcast(id, { json: body }), 202);
    }
    const lastActivityAt = isoNow();
    const idleDeadline = new Date(Date.now() + 1_800_000).toISOString();
    const info = await expectJson(await send("GET", at(id)), 200);
    expect(info).toEqual({ ...before, lastActivityAt, idleDeadline });
  });

  test.each([
    ["event", {}],
    ["event", { event: "" }],
    ["event", { event: "e".repeat(129) }],
    ["event", { event: 5, payload: {} }],
    ["", { event: "wave", to: "ada" }],
    ["", []],
    ["", "wave"],
  ])("[A6] a mistake at %j of an event is reported: %j", async (path, body) => {
    const response = await broadcast(await room(), { json: body });
    const { issues } = await expectProblem(response, 400, "invalid_request");
    expect(issues).toEqual([{ path, message: expect.any(String) }]);
  });

  test.each<[string, number, string, Sent]>([
    ["nothing", 415, "unsupported_media_type", {}],
    ["an empty body", 400, "malformed", { body: "", type: json }],
    ["malformed JSON", 400, "malformed", { body: "wave", type: json }],
    ["65 levels", 413, "too_large", { body: `{"event":"x","payload":${deep(65)}}`, type: json }],
    [
      "120,000 levels",
      413,
      "too_large",
      { body: `{"event":"x","payload":${deep(120_000)}}`, type: json },
    ],
    ["256 KiB", 413, "too_large", { json: { event: "x", payload: "x".repeat(256 * 1024) } }],
    ["text", 415, "unsupported_media_type", { body: "{}", type: "text/plain" }],
  ])("[S9] a broadcast of %s gets %i %s", async (_, status, code, sent) => {
    await expectProblem(await broadcast(await room(), sent), status, code);
  });
});

describe("touches", () => {
  const touch = (id: string, sent: Sent = { type: json }): Promise<Response> =>
    send("POST", at(id, "/touch"), sent);

  test("[T1] a touch gets 204, with or without a user", async () => {
    const id = await room();
    await send("POST", at(id, "/users"), { json: { id: "ada", ttl: 60_000 } });
    for (const sent of [{ type: json }, { json: {} }, { json: { userId: "ada" } }]) {
      pass(1000);
      await expectEmpty(await touch(id, sent), 204);
      const { lastActivityAt } = await expectJson(await send("GET", at(id)), 200);
      expect(lastActivityAt).toBe(isoNow());
    }
  });

  test("[T1] a touch's body may have 4,096 bytes", async () => {
    const id = await room();
    const body = (bytes: number) => ({ body: `${" ".repeat(bytes - 2)}{}`, type: json });
    await expectEmpty(await touch(id, body(4096)), 204);
    await expectProblem(await touch(id, body(4097)), 413, "too_large");
  });

  test.each(["bob", "", "__proto__"])(
    "[U7] a touch of %j, who is not in the room, gets 404",
    async (userId) => {
      await expectProblem(await touch(await room(), { json: { userId } }), 404, "user_not_found");
    },
  );

  test.each<[number, string, Sent]>([
    [400, "invalid_request", { json: { userId: 5 } }],
    [400, "invalid_request", { json: { user: "ada" } }],
    [400, "invalid_request", { json: [] }],
    [400, "malformed", { body: "{", type: json }],
    [415, "unsupported_media_type", { body: "{}", type: "text/plain" }],
  ])("[T1] an invalid touch gets %i %s: %j", async (status, code, sent) => {
    await expectProblem(await touch(await room(), sent), status, code);
  });
});

describe("a request that any web page can send", () => {
  // The content types that a page may send to another origin without a preflight, and none at all.
  const simple: Sent[] = [
    {},
    { body: "" },
    { body: "{}" },
    { body: "{}", type: "text/plain" },
    { body: "", type: "text/plain;charset=UTF-8" },
    { body: "{}", type: "text/plain; charset=application/json" },
    { body: "", type: "application/x-www-form-urlencoded" },
    { body: "--x--", type: "multipart/form-data; boundary=x" },
    { body: new Blob(["{}"]) },
  ];

  test.each(simple)("[H4] runs no action and touches nothing: %j", async (sent) => {
    const id = await room();
    await send("PUT", at(id, "/state"), { json: { kept: true } });
    setScript(id, { play: () => ({ state: {} }) });
    const before = await expectJson(await send("GET", at(id)), 200);
    pass(1000);
    for (const rest of ["/actions/play", "/touch", "/broadcast", "/users"]) {
      const response = await send("POST", at(id, rest), sent);
      expect(response.headers.get("accept")).toBe(json);
      const { detail } = await expectProblem(response, 415, "unsupported_media_type");
      expect(detail).toMatch(/^The Content-Type must be application\/json in UTF-8/);
    }
    expect(await expectJson(await send("GET", at(id)), 200)).toEqual(before);
    expect(await (await send("GET", at(id, "/state"))).json()).toEqual({ kept: true });
  });

  test("[H4] gets an explanation where the body is optional", async () => {
    const { detail } = await expectProblem(
      await send("POST", at(await room(), "/touch")),
      415,
      "unsupported_media_type",
    );
    expect(detail).toBe(
      "The Content-Type must be application/json in UTF-8, even if there is no body.",
    );
  });
});

test("[R4] invalid requests to an absent room leave nothing behind", async () => {
  const id = newId();
  for (const [rest, body] of [
    ["/actions/rename", "{"],
    ["/broadcast", '{"event":""}'],
    ["/touch", '{"userId":5}'],
  ] as const)
    expect((await send("POST", at(id, rest), { body, type: json })).status).toBeGreaterThan(399);
  expect(await stored(id)).toEqual(nothingStored);
});
