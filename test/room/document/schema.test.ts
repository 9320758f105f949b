// A state with a schema. A change that does not fit is refused, whoever makes it, and changes nothing (rule B3).

import { describe, expect, test } from "vitest";
import { createCollab, defineRoom, type JsonObject, type RoomHandle } from "collab-room";
import * as z from "zod";
import { setScript } from "../../fixtures/scripts.ts";
import { evict, failure, newId, rooms, stored } from "../../support/core/rooms.ts";
import { at, expectProblem, send } from "../../support/core/http.ts";
import { connect } from "../../support/core/socket-client.ts";
import { set } from "../../support/core/sessions.ts";
import { expectFailed, expectOk } from "../../support/session.ts";

const start = (id = newId()): Promise<RoomHandle> =>
  rooms.joinOrCreateRoom(id, { behaviour: "checked" });
const tooMuch = [{ path: "n", message: expect.any(String) }];

describe("a change that does not fit the schema", () => {
  const attempts: [string, (room: RoomHandle) => Promise<unknown>][] = [
    ["a patch", (room) => room.patchState(set("n", 11) as never)],
    [
      "a patch with a base",
      (room) => room.patchState([{ op: "inc", path: "/n", by: 11 }], { base: 0 }),
    ],
    ["a function", (room) => room.updateState((state) => ({ ...state, n: 11 }))],
    ["an action", (room) => room.act("play")],
  ];

  test.each(attempts)(
    "[B3] by %s is refused with the issues, and changes nothing",
    async (_, change) => {
      const room = await start();
      setScript(room.id, { play: (_room, state) => ({ state: { ...state, n: 11 } }) });
      const before = await stored(room.id);
      expect(await failure(change(room))).toMatchObject({ code: "invalid_state", issues: tooMuch });
      expect(await stored(room.id)).toEqual(before);
      expect(await room.getState()).toEqual({ n: 0 });
      expect(await room.patchState(set("n", 1) as never)).toMatchObject({ version: 1 });
    },
  );

  test.each([
    ["PUT", "application/json", { n: 11 }],
    ["PATCH", "application/merge-patch+json", { n: "x" }],
    ["PATCH", "application/json-patch+json", [{ op: "remove", path: "/n" }]],
  ])("[B3] by %s with %s gets 422 with the issues", async (method, type, json) => {
    const room = await start();
    const problem = await expectProblem(
      await send(method, at(room.id, "/state"), { json, type }),
      422,
      "invalid_state",
    );
    expect(problem["issues"]).toEqual(tooMuch);
    expect(await room.getState()).toEqual({ n: 0 });
  });

  test("[B3] by a socket is refused on its own, and the rest of its window stays", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada" });
    const replies = await Promise.all([
      ada.update(set("list", ["a"])),
      ada.update([...set("n", 3), { op: "add", path: "/list/0", value: 7 }]),
      ada.update(set("n", 4)),
    ]);
    expectOk(replies[0] as never);
    const refused = expectFailed(replies[1] as never, "invalid_state");
    expect(refused.issues).toEqual([{ path: "list.0", message: expect.any(String) }]);
    expectOk(replies[2] as never);
    await ada.fence();
    expect(ada.state).toEqual({ n: 4, list: ["a"] });
  });
});

describe("a room with a schema", () => {
  test("[B3] begins with its initial state, which is stored with the start", async () => {
    const room = await start();
    expect(await room.getState()).toEqual({ n: 0 });
    expect((await room.info()).version).toBe(0);
    await evict(room.id);
    expect(await room.getState()).toEqual({ n: 0 });
  });

  test("[B3, R5] does not start with a loaded state that does not fit", async () => {
    const id = newId();
    setScript(id, { loadRoomState: () => ({ ok: { n: 99 } }) });
    expect(await failure(start(id))).toMatchObject({ code: "load_failed" });
    expect(await rooms.getRoom(id)).toBeNull();
    setScript(id, { loadRoomState: () => ({ ok: { n: 9 } }) });
    expect(await (await start(id)).getState()).toEqual({ n: 9 });
  });

  test("[B3] begins with its initial state if loading returns an error", async () => {
    const id = newId();
    setScript(id, { loadRoomState: () => ({ error: "gone" }) });
    expect(await (await start(id)).getState()).toEqual({ n: 0 });
  });
});

describe("createCollab", () => {
  const state = z.object({ n: z.number() });
  const create = (behaviour: object) => () =>
    createCollab({ behaviours: { one: defineRoom(behaviour as never) } });

  test.each<[string, object, RegExp]>([
    [
      "{} if it does not fit",
      { state },
      /"one": initialState must match the schema of the state: n: /,
    ],
    [
      "an initial state that does not fit",
      { state, initialState: { n: "1" } },
      /must match the schema/,
    ],
    [
      "an initial state that is not an object",
      { initialState: [] },
      /initialState must be a JSON object/,
    ],
    [
      "an initial state that is not JSON",
      { initialState: { at: new Date(0) } },
      /only JSON values/,
    ],
    ["an invalid schema", { state: {} }, /state must be a Standard Schema/],
    [
      "an asynchronous schema",
      { state: z.object({}).refine(async () => true) },
      /asynchronous|Promise|async/i,
    ],
    ["an unknown value for writes", { writes: "none" }, /writes must be "all" or "actions"/],
  ])("[B3] refuses %s", (_, behaviour, message) => {
    expect(create(behaviour)).toThrow(message);
  });

  test("[B3] accepts {} that does not fit if a hook loads the state", () => {
    expect(create({ state, loadRoomState: () => ({ ok: { n: 1 } as JsonObject }) })).not.toThrow();
  });
});
