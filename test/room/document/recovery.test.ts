// A room whose stored history is damaged opens at the last intact version. Unreadable rows are quarantined and
// reported, lost versions end the epoch, and the room goes on.

import { afterEach, describe, expect, test, vi } from "vitest";
import { setScript } from "../../fixtures/scripts.ts";
import { evict, failureCode, newId, rooms, sql } from "../../support/core/rooms.ts";
import { watchLog } from "../../support/watch-log.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const quarantined = (id: string) =>
  sql(id, "SELECT DISTINCT kind, version FROM quarantine ORDER BY kind, version");

/** A running room whose state is `{ n: version }`, after this many changes. */
async function changedRoom(changes: number, behaviour = "scripted") {
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour });
  for (let n = 1; n <= changes; n++) await room.patchState([{ op: "add", path: "/n", value: n }]);
  return { id, room, epoch: (await room.info()).epoch };
}

/** A running room with snapshots of versions 2 and 3, and changes up to version 5. */
async function compactedRoom(behaviour = "scripted") {
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour });
  for (const size of [270_000, 280_000, 290_000])
    await room.patchState([{ op: "add", path: "/fill", value: "x".repeat(size) }]);
  for (const n of [4, 5]) await room.patchState([{ op: "add", path: "/n", value: n }]);
  expect(await sql(id, "SELECT version FROM snapshots ORDER BY version")).toEqual([
    { version: 2 },
    { version: 3 },
  ]);
  expect(await sql(id, "SELECT version FROM changes ORDER BY version")).toEqual([
    { version: 3 },
    { version: 4 },
    { version: 5 },
  ]);
  return { id, room, epoch: (await room.info()).epoch, state: await room.getState() };
}

const damages = [
  { what: "meaningless bytes", query: "UPDATE changes SET patch = x'00ff01' WHERE version = 3" },
  { what: "text instead of bytes", query: "UPDATE changes SET patch = '' WHERE version = 3" },
  {
    what: "truncated bytes",
    query: "UPDATE changes SET patch = substr(patch, 1, length(patch) / 2) WHERE version = 3",
  },
  {
    what: "a patch that does not apply",
    query: `UPDATE changes SET patch = CAST('[{"op":"remove","path":"/m"}]' AS BLOB) WHERE version = 3`,
  },
];

describe("a change that cannot be read", () => {
  test.each(damages)(
    "[S10, R8] $what: the room opens before it, in a new epoch",
    async (damage) => {
      const reports = watchLog({ event: "history_damaged" });
      const { id, room, epoch } = await changedRoom(5);
      await room.join({ id: "ada" });
      await sql(id, damage.query);
      await evict(id);

      expect(await room.getState()).toEqual({ n: 2 });
      const info = await room.info();
      expect(info).toMatchObject({ version: 2, users: 1, alive: true });
      expect(info.epoch).not.toBe(epoch);
      expect(reports()).toEqual([
        expect.objectContaining({ level: "error", room: id, quarantined: 3, lost: 3, version: 2 }),
      ]);
      expect(await quarantined(id)).toEqual(
        [3, 4, 5].map((version) => ({ kind: "change", version })),
      );
    },
  );

  test("[S10, R8] later changes continue from there, and the new epoch stays", async () => {
    watchLog({ event: "history_damaged" });
    const { id, room } = await changedRoom(5);
    await sql(id, "UPDATE changes SET patch = x'00' WHERE version = 3");
    await evict(id);
    const { epoch } = await room.info();

    expect(await room.patchState([{ op: "add", path: "/on", value: true }])).toMatchObject({
      version: 3,
    });
    await evict(id);
    expect(await room.getState()).toEqual({ n: 2, on: true });
    expect(await room.info()).toMatchObject({ version: 3, epoch });
    expect(await quarantined(id)).toHaveLength(3);
  });

  test("[S10] a gap between changes ends the history as well", async () => {
    watchLog({ event: "history_damaged" });
    const { id, room, epoch } = await changedRoom(5);
    await sql(id, "DELETE FROM changes WHERE version = 3");
    await evict(id);
    expect(await room.getState()).toEqual({ n: 2 });
    expect(await quarantined(id)).toEqual([4, 5].map((version) => ({ kind: "change", version })));
    expect((await room.info()).epoch).not.toBe(epoch);
    expect(await room.patchState([{ op: "add", path: "/n", value: 3 }])).toMatchObject({
      version: 3,
    });
  });

  test("[S10] an unreadable change that a newer snapshot covers does no harm", async () => {
    const reports = watchLog({ event: "history_damaged" });
    const { id, room, epoch, state } = await compactedRoom();
    await sql(id, "UPDATE changes SET patch = x'00' WHERE version = 3");
    await evict(id);
    expect(await room.getState()).toEqual(state);
    expect(await room.info()).toMatchObject({ version: 5, epoch });
    expect(reports()).toEqual([]);
  });
});

describe("a snapshot that cannot be read", () => {
  const cut = "UPDATE snapshots SET data = substr(data, 1, length(data) - 1)";

  test("[S10, R8] the previous snapshot and later changes restore everything, and the epoch stays", async () => {
    const reports = watchLog({ event: "history_damaged" });
    const { id, room, epoch, state } = await compactedRoom();
    await sql(id, `${cut} WHERE version = 3`);
    await evict(id);

    expect(await room.getState()).toEqual(state);
    expect(await room.info()).toMatchObject({ version: 5, epoch });
    expect(await quarantined(id)).toEqual([{ kind: "snapshot", version: 3 }]);
    expect(reports()).toEqual([expect.objectContaining({ quarantined: 1, lost: 0, version: 5 })]);

    expect(await room.patchState([{ op: "add", path: "/n", value: 6 }])).toMatchObject({
      version: 6,
    });
    await evict(id);
    expect(await room.getState()).toEqual({ ...state, n: 6 });
    expect(await room.info()).toMatchObject({ version: 6, epoch });
  });

  test("[S10, R8] without a previous snapshot the room begins with an empty state, in a new epoch", async () => {
    watchLog({ event: "history_damaged" });
    const { id, room, epoch } = await compactedRoom();
    await sql(id, cut);
    await evict(id);
    expect(await room.getState()).toEqual({});
    const info = await room.info();
    expect(info.version).toBe(0);
    expect(info.epoch).not.toBe(epoch);
    expect(await room.patchState([{ op: "add", path: "/n", value: 1 }])).toMatchObject({
      version: 1,
    });
    await evict(id);
    expect(await room.getState()).toEqual({ n: 1 });
  });

  test("[S10] a snapshot of several rows with a row missing is not used", async () => {
    watchLog({ event: "history_damaged" });
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "large" });
    await room.patchState([{ op: "add", path: "/n", value: 1 }]);
    await room.patchState([{ op: "add", path: "/fill", value: "x".repeat(5_000_000) }]);
    expect(await sql(id, "SELECT part FROM snapshots")).toHaveLength(3);
    await sql(id, "DELETE FROM snapshots WHERE part = 1");
    await evict(id);
    expect(await room.getState()).toEqual({ n: 1 });
    expect(await quarantined(id)).toEqual([{ kind: "snapshot", version: 2 }]);
  });
});

describe("a stopped room", () => {
  test("[S10, R8] starts at the last intact version of its stored state, in a new epoch", async () => {
    const reports = watchLog({ event: "history_damaged" });
    const { id, room, epoch } = await changedRoom(5);
    await room.stop();
    await sql(id, "UPDATE changes SET patch = x'00' WHERE version = 3");
    await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    expect(await room.getState()).toEqual({ n: 2 });
    expect((await room.info()).epoch).not.toBe(epoch);
    expect(reports()).toEqual([expect.objectContaining({ quarantined: 3, lost: 3, version: 2 })]);
  });

  test("[S10, R8] keeps track of the lost versions after a refused start", async () => {
    watchLog({ event: "history_damaged" });
    const { id, room, epoch } = await changedRoom(5, "loaded");
    await room.stop();
    await sql(id, "UPDATE changes SET patch = x'00' WHERE version = 3");
    setScript(id, {
      loadRoomState() {
        throw new Error("secret: the store is down");
      },
    });
    const start = () => rooms.joinOrCreateRoom(id, { behaviour: "loaded" });
    expect(await failureCode(start())).toBe("load_failed");
    setScript(id, {});
    await start();
    expect(await room.getState()).toEqual({ n: 2 });
    expect((await room.info()).epoch).not.toBe(epoch);
  });
});
