// What every RoomStorage does, as one suite that each implementation runs: what is written is read
// back, by a storage opened anew too, and what belongs together is kept together.

import { describe, expect, test } from "vitest";
import type { RoomStorage } from "../../src/storage/room-storage.ts";

type Room = { readonly name: string; readonly settings?: { readonly idle: number } };
type Member = { readonly seq: number; readonly id: string };
type Storage = RoomStorage<Room, Member>;

export type Opened = {
  readonly storage: Storage;
  /** The same storage, opened by whoever comes next. */
  reopen(): Storage;
};

/** @param within opens an empty storage and calls back with it; every storage it gives is open */
export function storageContract(
  within: (use: (opened: Opened) => void | Promise<void>) => Promise<void>,
): void {
  /** A test whose storage holds a room already. */
  const testOf = (name: string, use: (opened: Opened) => void | Promise<void>): void =>
    test(name, () =>
      within((opened) => {
        opened.storage.writeRoom({ name: "first" });
        return use(opened);
      }),
    );

  describe("an empty storage", () => {
    test("[R4] it reads as empty, everywhere", () =>
      within(({ storage, reopen }) => {
        expectEmpty(storage);
        expectEmpty(reopen());
      }));
  });

  describe("the room's record", () => {
    testOf("[R6] the record is the one written last", ({ storage, reopen }) => {
      expect(reopen().readRoom()).toEqual({ name: "first" });
      storage.writeRoom({ name: "'; DROP TABLE room; -- \u0000\ud800", settings: { idle: 1 } });
      for (const opened of [storage, reopen()])
        expect(opened.readRoom()).toEqual({
          name: "'; DROP TABLE room; -- \u0000\ud800",
          settings: { idle: 1 },
        });
    });

    testOf("[R6] what is read is a copy of its own", ({ storage }) => {
      const settings = { idle: 1 };
      storage.writeRoom({ name: "mine", settings });
      settings.idle = 2;
      expect(storage.readRoom()).toEqual({ name: "mine", settings: { idle: 1 } });
      expect(storage.readRoom()).not.toBe(storage.readRoom());
    });
  });

  describe("members", () => {
    testOf("[U5] members come in order of their place, however they were written", (opened) => {
      const { storage, reopen } = opened;
      for (const seq of [10, 2, 9, 1]) storage.writeMember({ seq, id: `user-${seq}` });
      expect(reopen().readMembers()).toEqual([
        { seq: 1, id: "user-1" },
        { seq: 2, id: "user-2" },
        { seq: 9, id: "user-9" },
        { seq: 10, id: "user-10" },
      ]);
    });

    testOf("[U3] writing a place again replaces who is there", ({ storage, reopen }) => {
      storage.writeMember({ seq: 1, id: "ada" });
      storage.writeMember({ seq: 1, id: "grace" });
      expect(reopen().readMembers()).toEqual([{ seq: 1, id: "grace" }]);
    });

    testOf("[U4] removing takes one member, and no other", ({ storage, reopen }) => {
      for (const seq of [1, 2, 3]) storage.writeMember({ seq, id: `user-${seq}` });
      storage.removeMember(2);
      storage.removeMember(4);
      expect(reopen().readMembers()).toEqual([
        { seq: 1, id: "user-1" },
        { seq: 3, id: "user-3" },
      ]);
      storage.removeMembers();
      expect(reopen().readMembers()).toEqual([]);
      expect(reopen().readRoom()).toEqual({ name: "first" });
    });
  });

  describe("timers", () => {
    testOf("[T3] a timer has one row, with the latest time and attempts", (opened) => {
      const { storage, reopen } = opened;
      storage.writeTimer({ name: "save", at: 1_900_000_000_123, attempts: 0 });
      storage.writeTimer({ name: "idle", at: 5, attempts: 0 });
      storage.writeTimer({ name: "save", at: 1_900_000_000_456, attempts: 2 });
      expect(reopen().readTimers()).toHaveLength(2);
      expect(reopen().readTimers()).toEqual(
        expect.arrayContaining([
          { name: "idle", at: 5, attempts: 0 },
          { name: "save", at: 1_900_000_000_456, attempts: 2 },
        ]),
      );
    });

    testOf("[T3] a removed timer is gone, and the others stay", ({ storage, reopen }) => {
      storage.writeTimer({ name: "save", at: 1, attempts: 0 });
      storage.writeTimer({ name: "idle", at: 2, attempts: 0 });
      storage.removeTimer("save");
      storage.removeTimer("unknown");
      expect(reopen().readTimers()).toEqual([{ name: "idle", at: 2, attempts: 0 }]);
    });
  });

  describe("scheduled actions", () => {
    const schedule = (id: string, attempts = 0) => ({
      id,
      name: "remind",
      input: { text: "\ud800 ü", list: [null] },
      at: 5,
      due: 6,
      setAt: 4,
      attempts,
    });

    testOf("[B5] one has one row, as it was written last", ({ storage, reopen }) => {
      storage.writeSchedule(schedule("a"));
      storage.writeSchedule(schedule("b"));
      storage.writeSchedule(schedule("a", 2));
      const read = reopen().readSchedules();
      expect(read).toHaveLength(2);
      expect(read).toEqual(expect.arrayContaining([schedule("b"), schedule("a", 2)]));
    });

    testOf("[B5] one that is removed is gone, or all of them", ({ storage, reopen }) => {
      for (const id of ["a", "b", "c"]) storage.writeSchedule(schedule(id));
      storage.removeSchedule("b");
      storage.removeSchedule("unknown");
      const ids = reopen()
        .readSchedules()
        .map(({ id }) => id);
      expect(ids.toSorted()).toEqual(["a", "c"]);
      storage.removeSchedules();
      expect(reopen().readSchedules()).toEqual([]);
    });
  });

  describe("the history", () => {
    const change = (to: number, patch = `[${to}]`) => ({ from: to - 1, to, patch });

    testOf("[V1] the journal is read newest first, with authors and times", (opened) => {
      const { storage, reopen } = opened;
      const row = (to: number) => ({
        ...change(to),
        at: 1_900_000_000_000 + to,
        authors: `[${to}]`,
      });
      for (const to of [1, 2, 3, 4])
        storage.appendChange({ ...row(to), moves: "1", requests: "{}" });
      storage.appendChange(change(5));
      for (const each of [storage, reopen()]) {
        expect(each.readJournal(5, 2)).toEqual([change(5), row(4)]);
        expect(each.readJournal(3, 10)).toEqual([row(3), row(2), row(1)]);
        expect(each.readJournal(0, 10)).toEqual([]);
        expect(each.measureJournal()).toEqual({ start: 0, rows: 5, bytes: 15 });
        // What a room reads when it wakes has neither.
        expect(each.readChanges(3)).toEqual([
          { ...change(4), moves: "1", requests: "{}" },
          change(5),
        ]);
      }
      storage.writeSnapshot({ version: 3, text: "{}" });
      storage.writeSnapshot({ version: 5, text: "{}" });
      expect(reopen().measureJournal()).toEqual({ start: 3, rows: 2, bytes: 6 });
      storage.removeHistory();
      expect(reopen().measureJournal()).toEqual({ start: null, rows: 0, bytes: 0 });
    });

    testOf("[S10] changes are read in order of version", ({ storage, reopen }) => {
      for (let to = 1; to <= 12; to++) storage.appendChange(change(to));
      expect(reopen().readHistory()).toEqual({
        snapshots: [],
        changes: Array.from({ length: 12 }, (_, index) => change(index + 1)),
      });
    });

    testOf("[S10] a change may lead over more than one version", ({ storage, reopen }) => {
      storage.appendChange({ from: 0, to: 3, patch: "[]" });
      expect(reopen().readHistory().changes).toEqual([{ from: 0, to: 3, patch: "[]" }]);
    });

    testOf("[W1, S10] the changes after a version are read in order, and no others", (opened) => {
      const { storage, reopen } = opened;
      const changes = [
        change(1),
        { from: 1, to: 9, patch: '["é"]' },
        { from: 9, to: 10, patch: "[]" },
        { from: 10, to: 11, patch: "garbage" },
      ];
      for (const each of changes) storage.appendChange(each);
      // Versions in the middle of a change, too: what leads beyond them.
      for (const after of [-1, 0, 1, 5, 8, 9, 10, 11, 1e16])
        for (const each of [storage, reopen()])
          expect(each.readChanges(after)).toEqual(changes.filter(({ to }) => to > after));
    });

    testOf("[W1] what a snapshot or a cleared history has dropped is not among them", (opened) => {
      const { storage, reopen } = opened;
      for (let to = 1; to <= 6; to++) {
        storage.appendChange(change(to));
        if (to % 2 === 0) storage.writeSnapshot({ version: to, text: "{}" });
      }
      expect(reopen().readChanges(0)).toEqual([change(5), change(6)]);
      storage.quarantine([{ kind: "change", version: 6 }]);
      expect(reopen().readChanges(0)).toEqual([change(5)]);
      storage.removeHistory();
      expect(reopen().readChanges(0)).toEqual([]);
    });

    testOf("[S9, S10] text comes back to the letter", ({ storage, reopen }) => {
      const text = JSON.stringify({ __proto__x: "\ufeffé€😀\u0000\ud800 '\"\\ \u2028" });
      storage.appendChange(change(1, text));
      storage.writeSnapshot({ version: 1, text: `\ufeff${text}` });
      const { snapshots, changes } = reopen().readHistory();
      expect(changes.map(({ patch }) => patch)).toEqual([text]);
      expect(snapshots).toEqual([{ version: 1, text: `\ufeff${text}` }]);
    });

    testOf(
      "[S10] a snapshot keeps the one before it and the changes since, for the worst case",
      ({ storage, reopen }) => {
        for (let to = 1; to <= 9; to++) {
          storage.appendChange(change(to));
          if (to % 3 === 0) storage.writeSnapshot({ version: to, text: `{"v":${to}}` });
        }
        const { snapshots, changes } = reopen().readHistory();
        expect(snapshots).toEqual([
          { version: 9, text: '{"v":9}' },
          { version: 6, text: '{"v":6}' },
        ]);
        expect(changes.map(({ to }) => to)).toEqual([7, 8, 9]);
      },
    );

    testOf("[S10] the first snapshot keeps every change before it", ({ storage, reopen }) => {
      for (const to of [1, 2]) storage.appendChange(change(to));
      storage.writeSnapshot({ version: 2, text: "{}" });
      expect(
        reopen()
          .readHistory()
          .changes.map(({ to }) => to),
      ).toEqual([1, 2]);
    });

    testOf("[S10] a snapshot of the very beginning is a snapshot", ({ storage, reopen }) => {
      storage.writeSnapshot({ version: 0, text: '{"loaded":true}' });
      storage.appendChange(change(1));
      storage.writeSnapshot({ version: 1, text: "{}" });
      expect(reopen().readHistory()).toEqual({
        snapshots: [
          { version: 1, text: "{}" },
          { version: 0, text: '{"loaded":true}' },
        ],
        changes: [change(1)],
      });
    });

    testOf("[S10] a version's snapshot written again replaces it whole", (opened) => {
      const { storage, reopen } = opened;
      storage.writeSnapshot({ version: 4, text: JSON.stringify({ big: "x".repeat(4_500_000) }) });
      storage.writeSnapshot({ version: 4, text: "{}" });
      expect(reopen().readHistory().snapshots).toEqual([{ version: 4, text: "{}" }]);
    });

    testOf("[S10] snapshots of many megabytes come back whole", ({ storage, reopen }) => {
      // Characters of 1 to 4 bytes, so that the cuts between rows fall inside of some.
      const text = JSON.stringify({ text: "aé€😀".repeat(600_000) });
      storage.writeSnapshot({ version: 1, text: "{}" });
      storage.writeSnapshot({ version: 2, text });
      const [newest, older] = reopen().readHistory().snapshots;
      expect(newest?.version).toBe(2);
      expect(newest?.text === text).toBe(true); // a diff of megabytes would help nobody
      expect(older).toEqual({ version: 1, text: "{}" });
    });

    testOf("[R7] the history can be dropped, and the rest stays", ({ storage, reopen }) => {
      storage.writeMember({ seq: 1, id: "ada" });
      storage.appendChange(change(1));
      storage.writeSnapshot({ version: 1, text: "{}" });
      storage.removeHistory();
      expect(reopen().readHistory()).toEqual({ snapshots: [], changes: [] });
      expect(reopen().readMembers()).toHaveLength(1);
      expect(reopen().readRoom()).toEqual({ name: "first" });
    });
  });

  describe("quarantined records", () => {
    testOf("[S10] they leave the history and are listed", ({ storage, reopen }) => {
      for (const to of [1, 2, 3]) storage.appendChange({ from: to - 1, to, patch: "[]" });
      storage.writeSnapshot({ version: 2, text: `{"x":"${"x".repeat(2_500_000)}"}` });
      storage.quarantine([
        { kind: "snapshot", version: 2 },
        { kind: "change", version: 3 },
        { kind: "change", version: 1 },
      ]);
      expect(reopen().readHistory()).toEqual({
        snapshots: [],
        changes: [{ from: 1, to: 2, patch: "[]" }],
      });
      expect(reopen().readQuarantine()).toEqual([
        { kind: "change", version: 1 },
        { kind: "change", version: 3 },
        { kind: "snapshot", version: 2 },
      ]);
    });

    testOf("[S10] a quarantined version can be written again", ({ storage, reopen }) => {
      storage.appendChange({ from: 0, to: 1, patch: "garbage" });
      storage.quarantine([{ kind: "change", version: 1 }]);
      storage.appendChange({ from: 0, to: 1, patch: "[]" });
      expect(reopen().readHistory().changes).toEqual([{ from: 0, to: 1, patch: "[]" }]);
      expect(reopen().readQuarantine()).toEqual([{ kind: "change", version: 1 }]);
    });

    testOf("[S10] a record that is not there cannot be quarantined", ({ storage, reopen }) => {
      storage.quarantine([{ kind: "change", version: 7 }]);
      expect(reopen().readQuarantine()).toEqual([]);
    });
  });

  describe("requests", () => {
    testOf("[X1] they come in order of version, those of a change first", (opened) => {
      const { storage, reopen } = opened;
      storage.appendChange({ from: 0, to: 2, patch: "[]", requests: "beside 2" });
      storage.appendRequests({ version: 2, text: "first" });
      storage.appendRequests({ version: 2, text: "second" });
      storage.appendChange({ from: 2, to: 3, patch: "[]" });
      storage.appendChange({ from: 3, to: 4, patch: "[]", requests: "beside 4" });
      storage.appendRequests({ version: 3, text: "third" });
      const texts = ["beside 2", "first", "second", "third", "beside 4"];
      for (const read of [storage.readRequests(), reopen().readRequests()]) {
        expect(read.rows.map(({ text }) => text)).toEqual(texts);
        expect(read.apart.map(({ text }) => text)).toEqual(["first", "second", "third"]);
        expect(read).toMatchObject({ dropped: null, journalStart: 0 });
      }
      expect(storage.readChanges(2)[1]).toMatchObject({ to: 4, requests: "beside 4" });
    });

    testOf("[X1] they go with the journal of their time", ({ storage, reopen }) => {
      for (const version of [1, 2, 3]) {
        storage.appendChange({ from: version - 1, to: version, patch: "[]", requests: "beside" });
        storage.appendRequests({ version, text: `apart ${version}` });
      }
      expect(storage.writeSnapshot({ version: 2, text: "{}" })).toBe(0);
      expect(storage.writeSnapshot({ version: 3, text: "{}" })).toBe(2);
      const { rows, journalStart } = reopen().readRequests();
      expect(rows).toEqual([
        { version: 3, text: "beside" },
        { version: 3, text: "apart 3" },
      ]);
      expect(journalStart).toBe(2);
    });

    testOf("[X1] the oldest rows of their own can be dropped before that", (opened) => {
      const { storage, reopen } = opened;
      for (const text of ["first", "second", "third"]) storage.appendRequests({ version: 0, text });
      storage.dropRequests(1, "once");
      storage.dropRequests(1, "twice");
      storage.writeSnapshot({ version: 1, text: "{}" });
      expect(reopen().readRequests()).toEqual({
        rows: [{ version: 0, text: "third" }],
        apart: [{ version: 0, text: "third" }],
        dropped: "twice",
        journalStart: null,
      });
    });

    testOf(
      "[X2] a key is the one written last, and stands where it was written last",
      ({ storage, reopen }) => {
        expect(storage.readKey("a")).toBeNull();
        storage.writeKey({ key: "a", at: 1, text: "old" });
        storage.writeKey({ key: "b", at: 2, text: "€" });
        storage.writeKey({ key: "a", at: 3, text: "new" });
        expect(reopen().readKey("a")).toEqual({ key: "a", at: 3, text: "new" });
        expect(storage.measureKeys()).toEqual({ keys: 2, bytes: 6 });
        expect(reopen().readKeyHeads(4)).toEqual([
          { key: "b", at: 2, bytes: 3, start: "€" },
          { key: "a", at: 3, bytes: 3, start: "new" },
        ]);
        storage.removeKeys(["b", "unknown"]);
        expect(reopen().readKey("b")).toBeNull();
        expect(reopen().readKey("a")).not.toBeNull();
      },
    );

    testOf(
      "[X2] of a long key only the start is read, in the middle of a character too",
      ({ storage }) => {
        storage.writeKey({ key: "a", at: 1, text: "a€€" });
        expect(storage.readKeyHeads(5)).toEqual([{ key: "a", at: 1, bytes: 7, start: "a€\uFFFD" }]);
      },
    );

    testOf("[X1, X2] nothing of them outlives the history", ({ storage, reopen }) => {
      storage.appendChange({ from: 0, to: 1, patch: "[]", requests: "beside" });
      storage.appendRequests({ version: 1, text: "apart" });
      storage.dropRequests(0, "dropped");
      storage.writeKey({ key: "a", at: 1, text: "x" });
      storage.removeHistory();
      expect(reopen().readRequests()).toEqual({
        rows: [],
        apart: [],
        dropped: null,
        journalStart: null,
      });
      expect(reopen().readKey("a")).toBeNull();
    });
  });

  describe("writes that belong together", () => {
    const writeAll = (storage: Storage): void => {
      storage.writeRoom({ name: "second" });
      storage.writeMember({ seq: 1, id: "ada" });
      storage.writeTimer({ name: "idle", at: 1, attempts: 0 });
      storage.appendChange({ from: 0, to: 1, patch: "[]" });
      storage.writeSnapshot({ version: 1, text: "{}" });
    };

    testOf("[S4] all of them are kept", ({ storage, reopen }) => {
      storage.atomically(() => writeAll(storage));
      const opened = reopen();
      expect(opened.readRoom()).toEqual({ name: "second" });
      expect(opened.readMembers()).toHaveLength(1);
      expect(opened.readTimers()).toHaveLength(1);
      expect(opened.readHistory().changes).toHaveLength(1);
      expect(opened.readHistory().snapshots).toHaveLength(1);
    });

    testOf("[S4] none of them is kept when one throws", ({ storage, reopen }) => {
      storage.writeMember({ seq: 9, id: "before" });
      const write = (): void =>
        storage.atomically(() => {
          storage.removeMember(9);
          writeAll(storage);
          throw new RangeError("half-way");
        });
      expect(write).toThrow(new RangeError("half-way"));
      for (const opened of [storage, reopen()]) {
        expect(opened.readRoom()).toEqual({ name: "first" });
        expect(opened.readMembers()).toEqual([{ seq: 9, id: "before" }]);
        expect(opened.readTimers()).toEqual([]);
        expect(opened.readHistory()).toEqual({ snapshots: [], changes: [] });
      }
    });

    test("[R4, U2] the first writes of a storage, taken back, leave it empty and usable", () =>
      within(({ storage, reopen }) => {
        const write = (): void =>
          storage.atomically(() => {
            writeAll(storage);
            throw new RangeError("half-way");
          });
        expect(write).toThrow(RangeError);
        expectEmpty(storage);
        expectEmpty(reopen());
        storage.atomically(() => writeAll(storage));
        expect(reopen().readRoom()).toEqual({ name: "second" });
      }));
  });

  describe("clearing", () => {
    testOf("[R7, R8] nothing is left, and a new life can begin", async ({ storage, reopen }) => {
      storage.writeMember({ seq: 1, id: "ada" });
      storage.writeTimer({ name: "idle", at: 1, attempts: 0 });
      storage.appendChange({ from: 0, to: 1, patch: "[]" });
      storage.quarantine([{ kind: "change", version: 1 }]);
      storage.writeSnapshot({ version: 1, text: "{}" });
      await storage.clear();
      expectEmpty(storage);
      expectEmpty(reopen());
      storage.writeRoom({ name: "anew" });
      expect(reopen().readRoom()).toEqual({ name: "anew" });
      expect(reopen().readMembers()).toEqual([]);
    });
  });
}

function expectEmpty(storage: Storage): void {
  expect(storage.readRoom()).toBeNull();
  expect(storage.readMembers()).toEqual([]);
  expect(storage.readTimers()).toEqual([]);
  expect(storage.readHistory()).toEqual({ snapshots: [], changes: [] });
  expect(storage.readChanges(0)).toEqual([]);
  expect(storage.readJournal(Infinity, 10)).toEqual([]);
  expect(storage.measureJournal()).toEqual({ start: null, rows: 0, bytes: 0 });
  expect(storage.readQuarantine()).toEqual([]);
}
