// The state through a room handle. Each change is one version and one row, and a change without effect is neither. A
// change that breaks a limit or expects another version is refused, and everything stays as it was.

import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue, RoomHandle } from "collab-room";
import { callsOf } from "../../fixtures/scripts.ts";
import { useFakeDate } from "../../support/fake-date.ts";
import { at, expectJson, expectProblem, send } from "../../support/core/http.ts";
import { jsonBytes } from "../../support/canonical-json.ts";
import { failure, newId, rooms, rowsWritten, sql, stored } from "../../support/core/rooms.ts";

// Time stands still, so that no activity is recorded beside the changes.
useFakeDate();

const start = (behaviour: string): Promise<RoomHandle> =>
  rooms.joinOrCreateRoom(newId(), { behaviour });

/** The number of rows that some work writes. */
async function rowsOf(room: RoomHandle, work: () => Promise<unknown>): Promise<number> {
  const before = await rowsWritten(room.id);
  await work();
  return (await rowsWritten(room.id)) - before;
}

const merge = (room: RoomHandle, json: JsonObject): Promise<Response> =>
  send("PATCH", at(room.id, "/state"), { json, type: "application/merge-patch+json" });

const replace = (room: RoomHandle, json: JsonObject): Promise<Response> =>
  send("PUT", at(room.id, "/state"), { json });

const put = (room: RoomHandle, state: JsonObject): Promise<unknown> =>
  room.updateState(() => state);

describe("versions", () => {
  test("[S1, S3] a room begins with {} at version 0", async () => {
    const room = await start("scripted");
    expect(await room.getState()).toEqual({});
    expect(await room.info()).toMatchObject({ version: 0 });
  });

  test("[S3] each change is one version, however it is made", async () => {
    const room = await start("scripted");
    expect(await room.updateState(() => ({ a: 1, b: [1, 2] }))).toEqual({ version: 1 });
    expect(
      await room.patchState([
        { op: "remove", path: "/b/0" },
        { op: "add", path: "/c", value: {} },
      ]),
    ).toMatchObject({ version: 2 });
    expect(await room.act("rename", { title: "x" })).toMatchObject({ version: 3 });
    expect(await expectJson(await merge(room, { a: null }), 200)).toEqual({ version: 4 });
    expect(await room.getState()).toEqual({ b: [2], c: {}, title: "x" });
    expect(await expectJson(await replace(room, { z: 0 }), 200)).toEqual({ version: 5 });
    expect(await room.getState()).toEqual({ z: 0 });
    expect(await room.info()).toMatchObject({ version: 5 });
  });

  test("[S3] a change without effect writes no row, keeps the version and saves nothing", async () => {
    const room = await start("saved");
    const state = { a: { b: [1, null] }, title: "x" };
    await put(room, state);
    await room.stop();
    await rooms.joinOrCreateRoom(room.id, { behaviour: "saved" });
    await put(room, state);
    await expect.poll(async () => (await room.info()).save.status).toBe("saved");
    const [{ version }, calls] = [await room.info(), callsOf(room.id).length];

    const idle: [string, () => Promise<unknown>][] = [
      ["the same state", () => room.updateState((same) => same)],
      ["a copy of the state", () => room.updateState((same) => structuredClone(same))],
      ["no operations", () => room.patchState([])],
      ["a test", () => room.patchState([{ op: "test", path: "/title", value: "x" }])],
      ["the same value", () => room.patchState([{ op: "add", path: "/title", value: "x" }])],
      [
        "a move there and back",
        () =>
          room.patchState([
            { op: "move", from: "/a", path: "/z" },
            { op: "move", from: "/z", path: "/a" },
          ]),
      ],
      ["an action that returns the same state", () => room.act("rename", { title: "x" })],
      ["an action without a state", () => room.act("nothing")],
      ["a merge patch", () => merge(room, { title: "x", gone: null, a: { b: [1, null] } })],
      ["a replacement", () => replace(room, { title: "x", a: { b: [1, null] } })],
    ];
    for (const [what, work] of idle) expect([what, await rowsOf(room, work)]).toEqual([what, 0]);
    expect(await room.info()).toMatchObject({ version, save: { status: "saved" } });
    expect(callsOf(room.id)).toHaveLength(calls);
  });
});

describe("the cost of a change", () => {
  /** Almost a megabyte. */
  const large = { text: "x".repeat(1_000_000), list: Array.from({ length: 5000 }, () => 0), n: 0 };

  test.each<[string, (room: RoomHandle) => Promise<unknown>]>([
    ["a patch", (room) => room.patchState([{ op: "replace", path: "/n", value: 1 }])],
    ["an update function", (room) => room.updateState((state) => ({ ...state, n: 1 }))],
    ["an action", (room) => room.act("rename", { title: "x" })],
    ["a merge patch", (room) => merge(room, { n: 1 })],
    ["a replacement", (room) => replace(room, { ...large, n: 1 })],
  ])(
    "[S10] %s of one key of a large state writes one row of less than 300 bytes",
    async (_, change) => {
      const room = await start("scripted");
      await put(room, large);
      expect(await rowsOf(room, () => change(room))).toBe(1);
      expect(await room.info()).toMatchObject({ version: 2 });
      const [row] = await sql(
        room.id,
        "SELECT length(patch) AS bytes FROM changes WHERE version = 2",
      );
      expect(row?.["bytes"]).toBeLessThan(300);
    },
  );

  test("[S10] a long journal is compacted into a snapshot, and the previous one stays", async () => {
    const room = await start("scripted");
    for (let n = 1; n <= 12; n++) await put(room, { text: String(n % 10).repeat(120_000) });
    const snapshots = await sql(room.id, "SELECT version FROM snapshots ORDER BY version");
    const [oldest] = await sql(room.id, "SELECT min(version) AS version FROM changes");
    expect(snapshots).toHaveLength(2);
    expect(oldest?.["version"]).toBe(Number(snapshots[0]?.["version"]) + 1);
  });
});

describe("a change with an expected version", () => {
  test("[S6] is refused for any other version", async () => {
    const room = await start("scripted");
    await put(room, { n: 1 });
    const before = await stored(room.id);
    const patch = [{ op: "add", path: "/n", value: 2 }] as const;
    for (const ifVersion of [0, 2, -1, 0.5, Number.NaN])
      expect(await failure(room.patchState(patch, { ifVersion }))).toEqual({
        code: "version_conflict",
        detail: "The state has version 1, not the expected one. Read it again before you retry.",
      });
    expect(await stored(room.id)).toEqual(before);
    expect(await room.patchState(patch, { ifVersion: 1 })).toMatchObject({ version: 2 });
    expect(await room.getState()).toEqual({ n: 2 });
  });

  test("[S6] is refused even if it would change nothing or could not be applied", async () => {
    const room = await start("scripted");
    await put(room, { n: 1 });
    for (const path of ["/n", "/nowhere/at/all"]) {
      const patch = [{ op: "test", path, value: 1 }] as const;
      expect((await failure(room.patchState(patch, { ifVersion: 7 }))).code).toBe(
        "version_conflict",
      );
    }
  });

  test("[S6, R1] succeeds exactly once if many changes expect the same version", async () => {
    const room = await start("scripted");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        rooms.room(room.id).patchState([{ op: "add", path: "/n", value: n }], { ifVersion: 0 }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await room.info()).toMatchObject({ version: 1 });
  });
});

describe("limits", () => {
  /** 4 levels and 800 of the 1,024 bytes that the behaviour `small` allows. */
  const full: JsonObject = { a: { b: { c: [] } }, text: "", title: "" };
  const text = "x".repeat(800 - jsonBytes(full));
  const deep = { d: { e: { f: { g: 1 } } } };
  const more = { more: "é".repeat(120) };
  const add = (name: string, value: JsonValue) => ({ op: "add", path: `/${name}`, value }) as const;

  test.each<[string, (room: RoomHandle) => Promise<unknown>]>([
    ["bytes by a patch", (room) => room.patchState([add("more", more.more)])],
    ["bytes by a copy", (room) => room.patchState([{ op: "copy", from: "/text", path: "/copy" }])],
    ["bytes by an update function", (room) => room.updateState((state) => ({ ...state, ...more }))],
    ["bytes by an action", (room) => room.act("rename", { title: more.more })],
    ["levels by a patch", (room) => room.patchState([add("deep", deep)])],
    ["levels by a copy", (room) => room.patchState([{ op: "copy", from: "/a/b", path: "/a/x/y" }])],
    ["levels by an update function", (room) => room.updateState((state) => ({ ...state, deep }))],
    ["operations", (room) => room.patchState(Array.from({ length: 6 }, () => add("title", "y")))],
    ["a frame by a payload", (room) => room.act("nothing", "x".repeat(511))],
    ["levels by a payload", (room) => room.act("nothing", [[[[[]]]]])],
    ["a frame by an event", (room) => room.broadcast("event", "x".repeat(511))],
  ])(
    "[S9, S2] more %s than the behaviour allows is too_large, and changes nothing",
    async (_, work) => {
      const room = await start("small");
      await put(room, { ...full, text, a: { b: { c: [] }, x: {} } });
      const before = await stored(room.id);
      const { code, detail } = await failure(work(room));
      expect(code).toBe("too_large");
      expect(detail).toMatch(/limit|larger/);
      expect(await stored(room.id)).toEqual(before);
      expect(await room.info()).toMatchObject({ version: 1 });
      await room.patchState([add("title", "z")]);
    },
  );

  test("[S9] can be used up to the maximum", async () => {
    const room = await start("small");
    const empty = { a: { b: { c: [] } }, text: "" };
    await put(room, { ...empty, text: "x".repeat(1024 - jsonBytes(empty)) });
    expect(jsonBytes(await room.getState())).toBe(1024);
    await room.patchState(Array.from({ length: 5 }, () => add("text", "y")));
    expect(await room.act("nothing", "x".repeat(510))).toMatchObject({ result: null });
    await room.broadcast("event", "x".repeat(510));
  });

  test("[S9] apply to the final state, and not to intermediate ones", async () => {
    const room = await start("small");
    const long = "x".repeat(900);
    await put(room, { first: "", second: long });
    await room.updateState(() => ({ first: long, second: "" }));
    expect(await room.getState()).toEqual({ first: long, second: "" });
  });
});

describe("an invalid state", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 42],
    ["an array", []],
    ["a date", new Date(0)],
    ["NaN inside", { n: Number.NaN }],
    ["Infinity inside", { list: [-Infinity] }],
    ["undefined inside", { n: undefined }],
    ["a function inside", { n: () => 1 }],
    ["a bigint inside", { n: 1n }],
  ])("[S2] an update function that returns %s gets invalid_state", async (_, next) => {
    const room = await start("scripted");
    await put(room, { n: 1 });
    const before = await stored(room.id);
    expect((await failure(room.updateState(() => next as JsonObject))).code).toBe("invalid_state");
    expect(await stored(room.id)).toEqual(before);
    expect(await room.getState()).toEqual({ n: 1 });
  });

  test.each([Number.NaN, Infinity, undefined, 1n])(
    "[S5] a patch with the value %s is malformed, and changes nothing",
    async (value) => {
      const room = await start("scripted");
      const patch = [{ op: "add", path: "/n", value: value as unknown as JsonValue }] as const;
      expect((await failure(room.patchState(patch))).code).toBe("malformed");
      expect(await room.info()).toMatchObject({ version: 0 });
    },
  );

  test("[S1, S5] a patch that leaves no object gets invalid_state, and changes nothing", async () => {
    const room = await start("scripted");
    await put(room, { list: [1] });
    for (const value of [null, 1, "x", []]) {
      const patch = [{ op: "replace", path: "", value }] as const;
      expect((await failure(room.patchState(patch))).code).toBe("invalid_state");
    }
    expect(await room.getState()).toEqual({ list: [1] });
    expect(await room.info()).toMatchObject({ version: 1 });
  });

  test.each([
    ["PUT", "application/json", '{"n":1e999}'],
    ["PATCH", "application/merge-patch+json", '{"n":[-1e999]}'],
    ["PATCH", "application/json-patch+json", '[{"op":"add","path":"/n","value":1e999}]'],
  ])("[S1] a number out of range is refused by %s of %s", async (method, type, body) => {
    const room = await start("scripted");
    await expectProblem(
      await send(method, at(room.id, "/state"), { body, type }),
      422,
      "invalid_state",
    );
    expect(await room.info()).toMatchObject({ version: 0 });
  });

  test("[S1] -0 becomes 0", async () => {
    const room = await start("scripted");
    await put(room, { n: 0 });
    expect(await room.updateState(() => ({ n: -0 }))).toEqual({ version: 1 });
  });
});
