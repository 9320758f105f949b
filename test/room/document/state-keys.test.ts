// Keys and texts with a special meaning in JavaScript are plain data everywhere in a room's API, and after an eviction.

import { describe, expect, test } from "vitest";
import type { JsonObject, RoomHandle } from "collab-room";
import { canonical } from "../../support/canonical-json.ts";
import { at, expectJson, send } from "../../support/core/http.ts";
import { evict, newId, rooms } from "../../support/core/rooms.ts";

/** This is JSON text, because `__proto__` in a literal would set the prototype. */
const trickyText =
  '{"__proto__":{"polluted":true,"list":[{"__proto__":null}]},"constructor":{"prototype":{"polluted":true}},"toString":1,"hasOwnProperty":"no","toJSON":{},"then":2,"length":3,"":4}';
const tricky = (): JsonObject => JSON.parse(trickyText) as JsonObject;

const trickyPatch = Object.entries(tricky()).map(
  ([key, value]) => ({ op: "add", path: `/${key}`, value }) as const,
);

const mergeType = "application/merge-patch+json";

function expectClean(): void {
  const plain: Record<string, unknown> = {};
  expect(plain["polluted"]).toBeUndefined();
  expect([Object.hasOwn(Object.prototype, "polluted"), typeof plain["toString"]]).toEqual([
    false,
    "function",
  ]);
}

/** Check that the state is exactly this, through the handle and over HTTP, awake and after an eviction. */
async function expectState(room: RoomHandle, state: JsonObject): Promise<void> {
  for (const _ of ["warm", "cold"]) {
    const read = await room.getState();
    expect(canonical(read)).toBe(canonical(state));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    const response = await send("GET", at(room.id, "/state"));
    expect(canonical(await expectJson(response, 200))).toBe(canonical(state));
    expectClean();
    await evict(room.id);
  }
}

const start = (behaviour = "scripted"): Promise<RoomHandle> =>
  rooms.joinOrCreateRoom(newId(), { behaviour });

describe("a state with special keys", () => {
  test.each<[string, (room: RoomHandle) => Promise<unknown>]>([
    ["updateState", (room) => room.updateState(() => tricky())],
    ["patchState", (room) => room.patchState(trickyPatch)],
    ["PUT", (room) => send("PUT", at(room.id, "/state"), { json: tricky() })],
    [
      "a merge patch",
      (room) =>
        send("PATCH", at(room.id, "/state"), {
          json: JSON.parse(trickyText.replace("null", "{}")),
          type: mergeType,
        }),
    ],
  ])("[S9] can be set by %s", async (way, change) => {
    const room = await start();
    await change(room);
    // A merge patch cannot set null.
    const text = way === "a merge patch" ? trickyText.replace("null", "{}") : trickyText;
    await expectState(room, JSON.parse(text) as JsonObject);
  });

  test("[S9] can be changed member by member, and cleared", async () => {
    const room = await start();
    await room.updateState(() => tricky());
    await room.patchState([
      { op: "test", path: "/__proto__/polluted", value: true },
      { op: "replace", path: "/__proto__/list/0/__proto__", value: [] },
      { op: "copy", from: "/__proto__", path: "/constructor/__proto__" },
      { op: "move", from: "/__proto__/polluted", path: "/constructor/constructor" },
    ]);
    await room.updateState((state) => ({ ...state, toString: 2 }));
    await expectState(
      room,
      JSON.parse(
        '{"__proto__":{"list":[{"__proto__":[]}]},"constructor":{"prototype":{"polluted":true},"__proto__":{"polluted":true,"list":[{"__proto__":[]}]},"constructor":true},"toString":2,"hasOwnProperty":"no","toJSON":{},"then":2,"length":3,"":4}',
      ) as JsonObject,
    );
    await send("PATCH", at(room.id, "/state"), {
      body: '{"__proto__":{"list":null},"constructor":null,"toString":null}',
      type: mergeType,
    });
    await room.patchState([{ op: "remove", path: "/hasOwnProperty" }]);
    await expectState(
      room,
      JSON.parse('{"__proto__":{},"toJSON":{},"then":2,"length":3,"":4}') as JsonObject,
    );
    await room.updateState(() => ({}));
    await expectState(room, {});
  });

  test("[S9] does not include keys that only a prototype has", async () => {
    const room = await start();
    for (const path of ["/__proto__", "/constructor", "/toString", "/__proto__/polluted"])
      await expect(room.patchState([{ op: "remove", path }])).rejects.toMatchObject({
        code: "patch_failed",
      });
    await expect(
      room.patchState([{ op: "add", path: "/constructor/prototype/polluted", value: 1 }]),
    ).rejects.toMatchObject({ code: "patch_failed" });
    await expectState(room, {});
  });

  test("[S9, S7] is passed to actions, kept by them, and returned in results", async () => {
    const room = await start();
    await room.updateState(() => tricky());
    await room.act("rename", { title: "x" });
    const { result } = await room.act("look");
    const expected = { ...tricky(), title: "x" };
    expect(canonical((result as { state: JsonObject }).state)).toBe(canonical(expected));
    await expectState(room, expected);
  });

  test("[S9, S7] in the payload of an action is reduced to what the schema accepts", async () => {
    const room = await start();
    const payload = JSON.parse('{"title":"x","__proto__":{"title":"y"},"constructor":1}');
    expect(await room.act("rename", payload)).toMatchObject({ result: "renamed" });
    await expectState(room, { title: "x" });
  });
});

describe("users", () => {
  test.each(["__proto__", "constructor", "toString"])(
    "[S9, U1] %s can be the id of a user and a field of theirs",
    async (id) => {
      const room = await start();
      const user = JSON.parse(`{"id":"${id}","__proto__":{"polluted":true},"toString":1}`);
      const viaHttp = await send("POST", at(room.id, "/users"), { json: { ...user, id: "other" } });
      await expectJson(viaHttp, 201);
      const entry = await room.join(user);
      const entries = await room.getUsers();
      expect(entries.map((one) => one.id)).toEqual(["other", id]);
      for (const one of [entry, ...entries]) {
        expect(Object.hasOwn(one, "__proto__")).toBe(true);
        expect("polluted" in one).toBe(false);
      }
      await evict(room.id);
      expect(JSON.stringify(await room.getUsers())).toBe(JSON.stringify(entries));
      await room.leave(id);
      expect((await room.getUsers()).map((one) => one.id)).toEqual(["other"]);
      expectClean();
    },
  );

  test.each(["__proto__", "constructor", "toString"])(
    "[S9, U4] %s is not found if no user has that id",
    async (id) => {
      const room = await start();
      await room.leave(id);
      await expect(room.touch(id)).rejects.toMatchObject({ code: "user_not_found" });
    },
  );
});

describe("rooms and behaviours", () => {
  test.each(["__proto__", "constructor", "toString"])(
    "[S9, R2] %s can be a room id, and is not a behaviour",
    async (name) => {
      const room = await rooms.joinOrCreateRoom(name);
      expect(await room.info()).toMatchObject({ id: name, alive: true });
      expect((await rooms.listRooms({ prefix: name })).rooms.map(({ id }) => id)).toContain(name);
      await expect(rooms.joinOrCreateRoom(newId(), { behaviour: name })).rejects.toMatchObject({
        code: "unknown_behaviour",
      });
      await room.stop();
    },
  );
});

describe("texts", () => {
  const odd = [
    "\ud800",
    "\udfff\ud800",
    "\u0000",
    "\u2028\u2029",
    "\ufeff",
    "é€😀",
    '"\\',
    "</script>",
  ];

  test("[S9, S1] lone surrogates and control characters are preserved exactly, also in keys", async () => {
    const room = await start();
    const state = { list: odd, map: Object.fromEntries(odd.map((text) => [text, text])) };
    await room.updateState(() => state);
    await expectState(room, state);
    await room.patchState(
      odd.map((text) => ({ op: "remove", path: `/map/${text.replaceAll("/", "~1")}` })),
    );
    await expectState(room, { list: odd, map: {} });
  });

  test("[S9, S1] an update function receives and returns them unchanged", async () => {
    const room = await start();
    await room.updateState(() => ({ list: odd }));
    const { version } = await room.updateState((state) => structuredClone(state));
    expect(version).toBe(1);
  });
});
