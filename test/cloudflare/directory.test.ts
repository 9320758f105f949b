// The directory's objects: what they list and count, and the entries of rooms whose objects crash.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Directory } from "../../src/cloudflare/directory.ts";
import { gate, setScript } from "../fixtures/scripts.ts";
import { pass, useFakeDate } from "../support/fake-date.ts";
import { crash, evict, failureCode, isListed, newId, ring, rooms } from "../support/rooms.ts";

useFakeDate();

describe("a directory entry", () => {
  test("[D2] exists when joinOrCreateRoom returns, and is gone when stop returns", async () => {
    const ids = Array.from({ length: 50 }, () => newId());
    await Promise.all(
      ids.map(async (id) => {
        const room = await rooms.joinOrCreateRoom(id);
        expect(await isListed(id)).toBe(true);
        await room.stop();
        expect(await isListed(id)).toBe(false);
      }),
    );
  });

  test("[D1] that is put twice is counted once, and a missing one can be removed without harm", async () => {
    const directory = new Directory(env);
    const entry = {
      id: newId(),
      behaviour: "default",
      users: 1,
      createdAt: "2026-11-22T00:00:00.000Z",
    };
    const before = await rooms.roomCount();
    for (const users of [1, 2]) await directory.put({ ...entry, users }, users);
    expect(await rooms.roomCount()).toBe(before + 1);
    expect((await rooms.listRooms({ prefix: entry.id })).rooms).toEqual([{ ...entry, users: 2 }]);
    for (const revision of [3, 4]) await directory.remove(entry.id, revision);
    expect(await rooms.roomCount()).toBe(before);
  });
});

describe("the revisions of a room's calls", () => {
  const createEntry = (users = 0) => ({
    id: newId(),
    behaviour: "default",
    users,
    createdAt: "2026-01-01T00:00:00.000Z",
  });

  /** A shard that no other test uses. */
  const createShard = () => env.DIRECTORY.getByName(newId("shard"));

  test("[D3] make a shard ignore a call that arrives after a later one, and return the next revision", async () => {
    const [shard, entry] = [createShard(), createEntry()];
    expect(await shard.put(entry, 2)).toBe(2);
    expect(await shard.remove(entry.id, 1)).toBe(3);
    expect((await shard.counts()).rooms).toBe(1);
    expect(await shard.remove(entry.id, 3)).toBe(3);
    expect(await shard.put(entry, 2)).toBe(4);
    expect((await shard.counts()).rooms).toBe(0);
    expect(await shard.put(entry, 4)).toBe(4);
    expect((await shard.counts()).rooms).toBe(1);
  });

  test("[D3] are not accepted twice, because two instances may use the same one within a millisecond", async () => {
    const [shard, entry] = [createShard(), createEntry(1)];
    expect(await shard.put(entry, 5)).toBe(5);
    expect(await shard.put({ ...entry, users: 2 }, 5)).toBe(6);
    expect(await shard.remove(entry.id, 5)).toBe(6);
    const query = { prefix: "", after: "", limit: 10 };
    expect(await shard.list(query)).toEqual({ rooms: [entry], total: 1 });
    expect(await shard.remove(entry.id, 6)).toBe(6);
    expect(await shard.remove(entry.id, 6)).toBe(7);
    expect((await shard.counts()).rooms).toBe(0);
  });

  test("[D3] also count for a room that was removed before its entry arrived", async () => {
    const [shard, entry] = [createShard(), createEntry()];
    expect(await shard.remove(entry.id, 7)).toBe(7);
    expect(await shard.put(entry, 6)).toBe(8);
    expect((await shard.counts()).rooms).toBe(0);
    expect(await shard.put(entry, 8)).toBe(8);
    expect((await shard.counts()).rooms).toBe(1);
  });

  test("[D3] of removed rooms are kept for an hour", async () => {
    const [shard, entry] = [createShard(), createEntry()];
    await shard.put(entry, 1);
    await shard.remove(entry.id, 2);
    const rowsAfter = async (ms: number): Promise<number> => {
      pass(ms);
      await evictDurableObject(shard);
      expect((await shard.counts()).rooms).toBe(0);
      return runInDurableObject(
        shard,
        (_, { storage }) => storage.sql.exec("SELECT id FROM rooms").toArray().length,
      );
    };
    expect([await rowsAfter(3_599_999), await rowsAfter(2)]).toEqual([1, 0]);
  });

  test("[R9, D3] start over in a shard that the first release has written, which keeps its entries", async () => {
    const [shard, entry] = [createShard(), createEntry(3)];
    await runInDurableObject(shard, (_, { storage }) => {
      storage.sql.exec(
        `CREATE TABLE rooms (id TEXT PRIMARY KEY, behaviour TEXT NOT NULL, users INTEGER NOT NULL,
         created_at TEXT NOT NULL) WITHOUT ROWID`,
      );
      const { id, behaviour, users, createdAt } = entry;
      storage.sql.exec("INSERT INTO rooms VALUES (?, ?, ?, ?)", id, behaviour, users, createdAt);
    });
    const query = { prefix: "", after: "", limit: 10 };
    expect(await shard.list(query)).toEqual({ rooms: [entry], total: 1 });
    expect(await shard.put({ ...entry, users: 4 }, 1)).toBe(1);
    expect(await shard.remove(entry.id, 2)).toBe(2);
    expect(await shard.list(query)).toEqual({ rooms: [], total: 0 });
  });
});

describe("a shard that is down", () => {
  // Alarms are set by the fake Date. This far ahead, none of them rings by itself.
  beforeEach(() => pass(3_600_000));

  /** Ring the room's alarm a minute later. */
  async function ringLater(id: string): Promise<void> {
    pass(60_000);
    expect(await ring(id)).toBe(true);
  }

  test("[D3, R6] is remembered across evictions and crashes", async () => {
    const id = newId();
    const shard = { down: true };
    setScript(id, { directoryDown: () => shard.down });
    await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await evict(id);
    await ringLater(id);
    await crash(id);
    shard.down = false;
    await ringLater(id);
    expect(await isListed(id)).toBe(true);
  });

  test.each<[string, (id: string) => Promise<unknown>, number]>([
    ["start", (id) => rooms.joinOrCreateRoom(id), 0],
    ["join", (id) => rooms.room(id).join({ id: "ada" }), 5000],
  ])(
    "[D2, D3] or slow hides no room that crashed while it was being listed: %s",
    async (...row) => {
      const [, again, delay] = row;
      const id = newId();
      const [asked, dead] = [gate(), gate()];
      setScript(id, {
        async listing() {
          asked.resolve();
          await dead.promise;
          throw new Error("the call has died with its caller");
        },
      });
      const first = failureCode(again(id));
      await asked.promise;
      await crash(id);
      dead.resolve();
      expect(await first).toBe("room_unavailable");
      setScript(id, {});
      expect(await rooms.room(id).alive()).toBe(true);
      await again(id);
      if (delay > 0) {
        pass(delay);
        await ring(id);
      }
      expect(await isListed(id)).toBe(true);
    },
  );
});
