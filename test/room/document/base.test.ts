// Patches with a base in a real room: over sockets, by the Worker, in a window, and after the room has slept (rules
// E1–E4, E7). Where they are applied is tested in test/protocol/rebase.test.ts.

import { beforeEach, describe, expect, test, vi } from "vitest";
import type { RoomHandle } from "collab-room";
import { SqliteRoomStorage } from "../../../src/storage/sqlite.ts";
import { useFakeDate } from "../../support/fake-date.ts";
import { evict, failure, sql } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";
import { gather, hold, journalOf, messagesOf } from "../../support/core/sessions.ts";
import { expectFailed, expectOk, type Reply, type TestSession } from "../../support/session.ts";

useFakeDate();

let [id, room, ada, bob] = ["", {} as RoomHandle, {} as TestSession, {} as TestSession];

const listOf = async (): Promise<unknown> => (await room.getState())["list"];
const insert = (index: number, value: unknown) => [{ op: "add", path: `/list/${index}`, value }];
const replace = (index: number, value: unknown) => [
  { op: "replace", path: `/list/${index}`, value },
];

/** Send a request that the types do not allow. */
function askRaw(message: object): Promise<Reply> {
  ada.sendRaw(JSON.stringify({ ...message, ref: "raw" }));
  return ada.next("reply", ({ ref }) => ref === "raw");
}

beforeEach(async () => {
  const gathered = await gather("swift", "ada", "bob");
  [id, room] = [gathered.id, gathered.room];
  [ada, bob] = gathered.sessions as [TestSession, TestSession];
  await room.updateState(() => ({ list: ["a", "b", "c"], n: 0 })); // version 1
});

describe("an update with a base", () => {
  test("[E1] is applied to its intended target, whatever others have changed since", async () => {
    expectOk(await bob.update(insert(0, "B")));
    expectOk(await bob.update([{ op: "remove", path: "/list/1" }])); // a
    const reply = expectOk(await ada.updateFrom(1, replace(2, "C")));
    expect(reply).toEqual({ type: "reply", ref: reply.ref, ok: true, version: 4 });
    await bob.fence(ada);
    expect([ada.state["list"], bob.state["list"]]).toEqual([
      ["B", "b", "C"],
      ["B", "b", "C"],
    ]);
  });

  test("[E1] is rebased over what its own window has staged before it", async () => {
    const letGo = await hold(room);
    const writes = [
      bob.update(insert(0, "B")),
      bob.update(insert(0, "BB")),
      ada.updateFrom(1, replace(2, "C")),
    ];
    await letGo(ada, bob);
    for (const reply of await Promise.all(writes)) expectOk(reply);
    expect(await listOf()).toEqual(["BB", "B", "a", "b", "C"]);
    expect((await journalOf(id)).at(-1)).toEqual([1, 4]);
  });

  test("[E2] drops operations whose target is gone, and reports them", async () => {
    expectOk(await bob.update([{ op: "remove", path: "/list/1" }]));
    const patch = [...replace(0, "A"), ...replace(1, "B"), ...replace(2, "C")];
    expect(expectOk(await ada.updateFrom(1, patch))).toMatchObject({ version: 3, dropped: [1] });
    expect(await listOf()).toEqual(["A", "C"]);
  });

  test("[E2, S3] of which nothing is left changes nothing, and succeeds", async () => {
    expectOk(await bob.update([{ op: "remove", path: "/list/1" }]));
    const before = messagesOf(bob, "change").length;
    expect(expectOk(await ada.updateFrom(1, replace(1, "B")))).toMatchObject({
      version: 2,
      dropped: [0],
    });
    await bob.fence();
    expect(messagesOf(bob, "change")).toHaveLength(before);
  });

  test("[E2] that is strict is refused as a whole", async () => {
    expectOk(await bob.update([{ op: "remove", path: "/list/1" }]));
    const patch = [...replace(0, "A"), ...replace(1, "B")];
    expectFailed(await ada.updateFrom(1, patch, true), "target_gone");
    expect(await listOf()).toEqual(["a", "c"]);
    expect(await failure(room.patchState(patch as never, { base: 1, strict: true }))).toMatchObject(
      {
        code: "target_gone",
      },
    );
  });

  test("[E5] may contain inc, str_ins and str_del, which other clients receive unchanged", async () => {
    const patch = [
      { op: "inc", path: "/n", by: 2 },
      { op: "str_ins", path: "/list/0", pos: 1, str: "bc" },
      { op: "str_del", path: "/list/0", pos: 0, len: 1 },
    ];
    expectOk(await ada.updateFrom(1, patch));
    await bob.fence(ada);
    expect(messagesOf(bob, "change").at(-1)).toEqual({ type: "change", from: 1, to: 2, patch });
    expect(bob.state).toEqual({ list: ["bc", "b", "c"], n: 2 });
  });
});

test("[E3, L1] patches that are expensive to rebase count as several messages", async () => {
  const gathered = await gather("scripted", "eve", "fay");
  const [eve] = gathered.sessions as [TestSession, TestSession];
  await gathered.room.updateState(() => ({ list: Array.from({ length: 50 }, (_, n) => n) }));
  await eve.fence();
  for (let n = 0; n < 400; n++)
    await gathered.room.patchState([{ op: "add", path: "/list/0", value: n }]);
  const moves = Array.from({ length: 30 }, (_, n) => ({
    op: "move",
    from: `/list/${n}`,
    path: "/list/9",
  }));
  expectOk(await eve.updateFrom(1, moves));
  expectFailed(await eve.updateFrom(1, moves), "rate_limited");
});

describe("the Worker", () => {
  test("[E1, E2] can pass a base, and learns which operations were dropped", async () => {
    await room.patchState([{ op: "remove", path: "/list/0" }]);
    expect(
      await room.patchState([...replace(0, "A"), ...replace(2, "C")] as never, { base: 1 }),
    ).toEqual({ version: 3, dropped: [0] });
    expect(await listOf()).toEqual(["b", "C"]);
  });

  test("[E1, E7] does not shift others' positions if the state that it sets is unchanged there", async () => {
    await room.updateState((state) => ({ ...state, list: ["x", "a", "b", "c"] }));
    expectOk(await ada.updateFrom(1, replace(2, "C")));
    expect(await listOf()).toEqual(["x", "a", "b", "C"]);
  });
});

describe("a base", () => {
  test("[E4] is still usable after the room has slept, because the journal records position changes", async () => {
    await room.patchState(insert(0, "x") as never);
    await room.patchState([{ op: "add", path: "/list/-", value: "y" }]);
    await evict(id);
    expect(await room.patchState(replace(2, "C") as never, { base: 1 })).toMatchObject({
      dropped: [],
    });
    expect(await listOf()).toEqual(["x", "a", "b", "C", "y"]);
    expect(await sql(id, "SELECT moves FROM changes ORDER BY version")).toEqual([
      { moves: null },
      { moves: "1" },
      { moves: "1" },
      { moves: null },
    ]);
  });

  test("[E3] older than the journal is refused, and nothing changes", async () => {
    for (const fill of ["x", "y", "z"])
      await room.patchState([{ op: "add", path: "/fill", value: fill.repeat(300_000) }]);
    const { version } = await room.info();
    const reply = expectFailed(await ada.updateFrom(1, replace(0, "A")), "base_too_old");
    expect(reply.detail).toMatch(/no longer has the changes since version 1/);
    await evict(id);
    expect(await failure(room.patchState(replace(0, "A") as never, { base: 1 }))).toMatchObject({
      code: "base_too_old",
    });
    expect((await room.info()).version).toBe(version);
  });

  test("[E3] inside a change is refused, because no client has seen that version", async () => {
    const letGo = await hold(room);
    const writes = [1, 2, 3].map((n) => bob.update(insert(0, n)));
    await letGo(bob);
    await Promise.all(writes);
    const reply = expectFailed(await ada.updateFrom(2, replace(0, "A")), "base_too_old");
    expect(reply.detail).toMatch(/from version 1 to 4/);
    expectOk(await ada.updateFrom(4, replace(0, "A")));
  });

  test("[E3] ahead of the room is a version conflict", async () => {
    expectFailed(await ada.updateFrom(9, replace(0, "A")), "version_conflict");
    expect(await listOf()).toEqual(["a", "b", "c"]);
  });

  test("[E4, R9] before a change that an earlier release has written is refused", async () => {
    await room.patchState(insert(0, "x") as never);
    await sql(id, "UPDATE changes SET moves = '?'");
    await evict(id);
    expect(await failure(room.patchState(replace(0, "A") as never, { base: 1 }))).toMatchObject({
      code: "base_too_old",
    });
    expect(await room.patchState(replace(0, "A") as never, { base: 2 })).toMatchObject({
      version: 3,
    });
  });

  test.each(["", "garbage", "{}", '[{"op":"add"}]', "null"])(
    "[E3, S10] before an unreadable change such as %j is refused, and newer bases still work",
    async (text) => {
      await room.patchState(insert(0, "x") as never);
      for (const fill of ["x", "y"])
        await room.patchState([{ op: "add", path: "/fill", value: fill.repeat(300_000) }]);
      const { epoch, version } = await room.info();
      // The change precedes the last snapshot, so the room wakes without it.
      await sql(id, `UPDATE changes SET patch = CAST('${text}' AS BLOB) WHERE version = 3`);
      await evict(id);
      const base = { base: 2 };
      expect(await failure(room.patchState(replace(0, "A") as never, base))).toMatchObject({
        code: "base_too_old",
      });
      expect(await room.patchState(replace(0, "A") as never, { base: version })).toMatchObject({
        version: version + 1,
      });
      expect((await room.info()).epoch).toBe(epoch);
      // It is not sent to a client that resumes either.
      const back = await connect(id, { id: "ada" }, { resume: { epoch, version: 2, state: {} } });
      expect(back.welcome.resumed).toBe(false);
    },
  );

  test.each<[string, object]>([
    ["a base that is not a number", { base: "1" }],
    ["a negative base", { base: -1 }],
    ["a fractional base", { base: 1.5 }],
    ["a base of null", { base: null }],
    ["strict without a base", { strict: true }],
    ["strict that is not a boolean", { base: 1, strict: 1 }],
  ])("[W3, E1] %s is a bad message", async (_, members) => {
    const reply = await askRaw({ type: "update", patch: replace(0, "A"), ...members });
    expectFailed(reply, "bad_message");
    expect(await listOf()).toEqual(["a", "b", "c"]);
  });

  test("[W3, E1] is not allowed with a merge patch", async () => {
    const reply = await askRaw({ type: "update", merge: { n: 1 }, base: 1 });
    expect(expectFailed(reply, "bad_message").detail).toMatch(/Leave "base" out/);
  });
});

test("[E3] outdated bases do not make the room read its journal again and again", async () => {
  const fill = (n: number) => `${n % 10}`.repeat(120_000);
  for (let n = 0; n < 25; n++)
    await room.patchState([{ op: "add", path: "/fill", value: fill(n) }]);
  const [row] = await sql(id, "SELECT min(start) AS start FROM changes");
  const start = Number(row?.["start"]);
  expect(start).toBeGreaterThan(5);
  await evict(id);
  const reads = vi.spyOn(SqliteRoomStorage.prototype, "readChanges");
  for (let base = start - 1; base > start - 5; base--)
    expectFailed(await ada.updateFrom(base, insert(0, "x")), "base_too_old");
  expect(reads.mock.calls.length).toBeLessThan(3);
});
