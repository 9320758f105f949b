// Scopes that the room's author grants: those from `onJoin`, and `authorize` (rules B1, B2, A3).

import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle, Scope } from "collab-room";
import { callsOf, hang, setScript } from "../../fixtures/scripts.ts";
import { evict, failure, newId, rooms } from "../../support/core/rooms.ts";
import { at, expectJson, expectProblem, send } from "../../support/core/http.ts";
import { connect, refusal } from "../../support/core/socket-client.ts";
import { messagesOf, set } from "../../support/core/sessions.ts";
import { expectFailed, expectOk } from "../../support/session.ts";

const reader: readonly Scope[] = ["room:read"];

let [id, room] = ["", {} as RoomHandle];

beforeEach(async () => {
  id = newId();
  room = await rooms.joinOrCreateRoom(id, { behaviour: "guarded" });
});

describe("scopes from onJoin", () => {
  test("[B2] apply to the user's sessions, now and later", async () => {
    setScript(id, {
      onJoin: () => ({ ok: { role: "reader" }, scopes: ["room:act", "room:read"] }),
    });
    const ada = await connect(id, { id: "ada" });
    expect(ada.scopes).toEqual(["room:read", "room:act"]);
    expectFailed(await ada.update(set("n", 1)), "forbidden");
    expectOk(await ada.act("rename", { title: "x" }));
    await evict(id);
    const second = await connect(id, { id: "ada" });
    expect(second.scopes).toEqual(["room:read", "room:act"]);
    expect(await room.getUser("ada")).toMatchObject({ user: { meta: { role: "reader" } } });
  });

  test.each([[["room:everything"]], ["room:read"], [{}], [[1]]])(
    "[B2, A6] such as %j are the author's mistake, and the join fails",
    async (scopes) => {
      setScript(id, { onJoin: () => ({ ok: {}, scopes }) as never });
      expect(await failure(room.join({ id: "ada" }))).toMatchObject({ code: "hook_failed" });
      expect(await room.getUsers()).toEqual([]);
    },
  );

  test("[B2] that are omitted keep the scopes that an administrator has set", async () => {
    const ada = await connect(id, { id: "ada" });
    await room.setScopes("ada", reader);
    await ada.next("scopes");
    await room.join({ id: "ada", name: "Ada" });
    expect((await connect(id, { id: "ada" })).scopes).toEqual(reader);
  });
});

describe("authorize", () => {
  test("[B1, B2] is called for each join with the caller and the way in, and has the last word", async () => {
    setScript(id, {
      onJoin: () => ({ ok: {}, scopes: ["room:admin"] }),
      authorize: () => ({ ok: { scopes: reader } }),
    });
    const ada = await connect(id, { id: "ada" });
    expect(ada.scopes).toEqual(reader);
    await room.join({ id: "bob" });
    await expectJson(await send("POST", at(id, "/users"), { json: { id: "cyd" } }), 201);
    const asked = callsOf(id).filter(({ hook }) => hook === "authorize");
    expect(asked.map(({ user, door }) => [user, door])).toEqual([
      ["ada", "socket"],
      ["bob", "worker"],
      ["cyd", "http"],
    ]);
  });

  test("[B2] is called for each further socket, and changed scopes apply to all sockets of the user", async () => {
    const ada = await connect(id, { id: "ada" });
    setScript(id, { authorize: () => ({ ok: { scopes: reader } }) });
    const second = await connect(id, { id: "ada" });
    expect(second.scopes).toEqual(reader);
    expect(await ada.next("scopes")).toEqual({ type: "scopes", scopes: reader });
    await connect(id, { id: "ada" });
    await ada.ping();
    expect(messagesOf(ada, "scopes")).toHaveLength(1);
  });

  test("[B2] is not called when the room wakes", async () => {
    await connect(id, { id: "ada" });
    const before = callsOf(id).length;
    await evict(id);
    await room.getState();
    expect(callsOf(id)).toHaveLength(before);
  });

  test("[B2] that refuses keeps the user out, with its reason", async () => {
    setScript(id, { authorize: () => ({ error: "not_on_the_list" }) });
    const problem = { code: "not_authorized", reason: "not_on_the_list" };
    expect(await failure(room.join({ id: "ada" }))).toEqual(problem);
    expect(await refusal(id, { id: "ada" })).toMatchObject({ status: 403, problem });
    const response = await send("POST", at(id, "/users"), { json: { id: "ada" } });
    expect(await expectProblem(response, 403, "not_authorized")).toMatchObject({
      reason: "not_on_the_list",
    });
    expect(await room.getUsers()).toEqual([]);
  });

  test("[B2] that refuses a further socket does not affect the others", async () => {
    const ada = await connect(id, { id: "ada" });
    setScript(id, { authorize: () => ({ error: "too many" }) });
    expect(await refusal(id, { id: "ada" })).toMatchObject({
      status: 403,
      problem: { code: "not_authorized" },
    });
    await ada.ping();
    expect(await room.getUser("ada")).toMatchObject({ sessions: 1 });
  });

  test.each<[string, () => unknown, string]>([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
      "hook_failed",
    ],
    ["returns nonsense", () => 42, "hook_failed"],
    ["returns unknown scopes", () => ({ ok: { scopes: ["x"] } }), "hook_failed"],
    ["never returns", hang, "call_timeout"],
  ])("[B2, B6] that %s admits nobody", async (_, authorize, code) => {
    setScript(id, { authorize: authorize as never });
    const info = await failure(room.join({ id: "ada" }));
    expect(info.code).toBe(code);
    expect(JSON.stringify(info)).not.toContain("secret");
    expect(await room.getUsers()).toEqual([]);
  });

  test("[B2, R3] that refuses the first user starts no room", async () => {
    const other = newId();
    setScript(other, { authorize: () => ({ error: "no" }) });
    const refused = await refusal(other, { id: "ada" }, { behaviour: "guarded" });
    expect(refused).toMatchObject({ status: 403, problem: { code: "not_authorized" } });
    expect(await rooms.getRoom(other)).toBeNull();
  });
});

describe("a room that only actions may change", () => {
  test("[B4] refuses patches, merges and states from clients, and accepts them from the Worker", async () => {
    const strict = await rooms.joinOrCreateRoom(newId(), { behaviour: "strict" });
    const ada = await connect(strict.id, { id: "ada" });
    const reply = expectFailed(await ada.update(set("title", "x")), "forbidden");
    expect(reply.detail).toContain("rename");
    expectFailed(await ada.merge({ title: "x" }), "forbidden");
    for (const [method, type, json] of [
      ["PUT", "application/json", { title: "x" }],
      ["PATCH", "application/merge-patch+json", { title: "x" }],
      ["PATCH", "application/json-patch+json", set("title", "x")],
    ] as const)
      await expectProblem(
        await send(method, at(strict.id, "/state"), { json, type }),
        403,
        "forbidden",
      );
    expect(await strict.getState()).toEqual({ title: "" });
    expectOk(await ada.act("rename", { title: "y" }));
    await strict.patchState(set("more", 1) as never);
    expect(await strict.getState()).toEqual({ title: "y", more: 1 });
  });
});
