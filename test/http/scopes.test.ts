// Scopes of a user, set over HTTP: they are stored with the user and apply to the user's open sessions and
// to later ones.

import { beforeEach, describe, expect, test } from "vitest";
import { useFakeDate } from "../support/fake-date.ts";
import { at, expectEmpty, expectJson, expectProblem, send, type Sent } from "../support/http.ts";
import { join } from "../support/presence.ts";
import { crash, evict, newId, nothingStored, stored } from "../support/rooms.ts";
import { expectFailed, expectOk } from "../support/session.ts";
import { connect, refusal } from "../support/socket-client.ts";

useFakeDate();

const all = ["room:read", "room:act", "room:write", "room:create", "presence:write", "room:admin"];

const patch = (id: string, sent: Sent, userId = "ada"): Promise<Response> =>
  send("PATCH", at(id, `/users/${encodeURIComponent(userId)}`), sent);

/** Set the scopes of a user. */
const allow = async (id: string, scopes: string[], userId?: string): Promise<object> =>
  expectJson(await patch(id, { json: { scopes } }, userId), 200);

/** The scopes that a new socket of a user gets. */
async function scopesOf(id: string, userId = "ada"): Promise<readonly string[]> {
  const session = await connect(id, { id: userId });
  const { scopes } = session.welcome;
  await session.close(1000);
  return scopes;
}

/** A room that Ada is in. */
let id: string;
let ada: unknown;
beforeEach(async () => {
  id = newId();
  ada = await join(id, { id: "ada", name: "Ada" });
});

describe("scopes", () => {
  test("[A3] are all scopes by default", async () => {
    expect(await scopesOf(id)).toEqual(all);
  });

  test("[A3] are set by PATCH, which returns the entry", async () => {
    const response = await patch(id, { json: { scopes: ["room:read", "presence:write"] } });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await expectJson(response, 200)).toEqual(ada);
    expect(await scopesOf(id)).toEqual(["room:read", "presence:write"]);
    expect(await expectJson(await send("GET", at(id, "/users")), 200)).toEqual({
      users: [ada],
      total: 1,
    });
  });

  test("[A3] have no duplicates and a fixed order", async () => {
    await allow(id, ["room:admin", "room:write", "room:read", "room:write"]);
    expect(await scopesOf(id)).toEqual(["room:read", "room:write", "room:admin"]);
  });

  test("[A3] are replaced by later ones", async () => {
    await allow(id, ["room:read"]);
    await allow(id, all);
    expect(await scopesOf(id)).toEqual(all);
  });

  test("[A3] are separate for each user", async () => {
    for (const userId of ["__proto__", "a/b", "é"]) {
      await join(id, { id: userId });
      await allow(id, ["room:read"], userId);
      expect(await scopesOf(id, userId)).toEqual(["room:read"]);
    }
    expect(await scopesOf(id)).toEqual(all);
  });

  test("[T1, S3] are neither a change of the state nor activity", async () => {
    const before = await (await send("GET", at(id))).text();
    await allow(id, ["room:read"]);
    expect(await (await send("GET", at(id))).text()).toBe(before);
  });
});

describe("scopes stay", () => {
  test.each([
    ["an eviction", evict],
    ["a crash", crash],
  ])("[A3, R6] through %s", async (_, interrupt) => {
    await allow(id, ["room:read"]);
    await interrupt(id);
    expect(await scopesOf(id)).toEqual(["room:read"]);
  });

  test("[A3, U3] when the user joins again", async () => {
    await allow(id, ["room:read"]);
    await join(id, { id: "ada", name: "Ada the second" }, 200);
    await evict(id);
    expect(await scopesOf(id)).toEqual(["room:read"]);
  });

  test("[A3, U4] until they leave", async () => {
    await allow(id, ["room:read"]);
    await expectEmpty(await send("DELETE", at(id, "/users/ada")), 204);
    await join(id, { id: "ada" });
    expect(await scopesOf(id)).toEqual(all);
  });
});

describe("an open socket", () => {
  test("[A3] is told its new scopes, and they apply from the next message on", async () => {
    const session = await connect(id, { id: "ada" });
    expectOk(await session.update([{ op: "add", path: "/n", value: 1 }]));
    await allow(id, ["room:read", "presence:write"]);
    expect((await session.next("scopes")).scopes).toEqual(["room:read", "presence:write"]);
    expectFailed(await session.update([{ op: "add", path: "/n", value: 2 }]), "forbidden");
    expectOk(await session.show({ mood: "calm" }));
    await allow(id, ["room:admin"]);
    expectOk(await session.update([{ op: "add", path: "/n", value: 3 }]));
  });

  test("[A3] is closed without room:read, and no other opens until it is granted again", async () => {
    const session = await connect(id, { id: "ada" });
    await allow(id, ["room:write"]);
    expect(await session.closed).toEqual({ code: 4003, reason: "forbidden" });
    const { status, problem } = await refusal(id, { id: "ada" });
    expect({ status, code: problem.code }).toEqual({ status: 403, code: "forbidden" });
    await evict(id);
    expect((await refusal(id, { id: "ada" })).problem.code).toBe("forbidden");
    await allow(id, ["room:read"]);
    expect(await scopesOf(id)).toEqual(["room:read"]);
  });
});

describe("invalid scopes", () => {
  test.each<[string, number, string, Sent]>([
    ["no scopes", 400, "invalid_request", { json: {} }],
    ["null", 400, "invalid_request", { json: { scopes: null } }],
    ["a string", 400, "invalid_request", { json: { scopes: "room:read" } }],
    ["an object", 400, "invalid_request", { json: { scopes: { 0: "room:read", length: 1 } } }],
    ["an unknown scope", 400, "invalid_request", { json: { scopes: ["room:reed"] } }],
    ["a scope in capitals", 400, "invalid_request", { json: { scopes: ["ROOM:READ"] } }],
    ["a name that objects inherit", 400, "invalid_request", { json: { scopes: ["__proto__"] } }],
    ["a nested array", 400, "invalid_request", { json: { scopes: [["room:read"]] } }],
    ["a null in the array", 400, "invalid_request", { json: { scopes: ["room:read", null] } }],
    ["another member", 400, "invalid_request", { json: { scopes: [], name: "Ada" } }],
    ["an array", 400, "invalid_request", { json: ["room:read"] }],
    ["nothing", 400, "malformed", { body: "" }],
    ["malformed JSON", 400, "malformed", { body: "{scopes:[]}" }],
    ["over 4 KiB", 413, "too_large", { body: `${" ".repeat(4096)}{}` }],
    ["text", 415, "unsupported_media_type", { body: '{"scopes":[]}', type: "text/plain" }],
  ])("[A3] with %s get %i %s and change nothing", async (_, status, code, sent) => {
    await allow(id, ["room:read"]);
    const before = await stored(id);
    const type = sent.type ?? "application/json";
    await expectProblem(await patch(id, { ...sent, type }), status, code);
    expect(await stored(id)).toEqual(before);
    expect(await scopesOf(id)).toEqual(["room:read"]);
  });

  test("[A3] are reported with their path", async () => {
    const response = await patch(id, { json: { scopes: ["room:read", "room:reed"] } });
    const { issues } = await expectProblem(response, 400, "invalid_request");
    expect(issues).toEqual([{ path: "scopes.1", message: expect.stringContaining("room:write") }]);
  });

  test.each(["bob", "ADA", "toString", "__proto__"])(
    "[A3] include those of %j, who is not in the room",
    async (userId) => {
      const before = await stored(id);
      const response = await patch(id, { json: { scopes: all } }, userId);
      await expectProblem(response, 404, "user_not_found");
      expect(await stored(id)).toEqual(before);
    },
  );

  test.each(["%zz", "%ff", "%ED%A0%80"])(
    "[A3] include those of the malformed user id %s",
    async (userId) => {
      const response = await send("PATCH", at(id, `/users/${userId}`), { json: { scopes: all } });
      expect((await expectProblem(response, 400, "invalid_request")).detail).toContain("userId");
    },
  );

  test("[R4] include those for an absent room, and the request leaves nothing behind", async () => {
    const absent = newId();
    await expectProblem(await patch(absent, { json: { scopes: all } }), 404, "room_not_running");
    expect(await stored(absent)).toEqual(nothingStored);
  });
});
