// Members keep their join order, and members whose lease has expired are found.

import { describe, expect, test } from "vitest";
import { memberFromStorage, Members, type Member } from "../../src/model/members.ts";

const member = (seq: number, id: string, lease?: { ttl: number; at: number }): Member => ({
  seq,
  entry: { id, joinedAt: "2026-01-01T00:00:00.000Z", seq: 1, meta: {} },
  ...(lease && { lease: { ttl: lease.ttl, seen: { at: lease.at, until: lease.at } } }),
});

const ids = (members: Members): string[] => members.entries().map(({ id }) => id);

describe("the join order", () => {
  test("[U5] is the order in which users joined", () => {
    const members = new Members();
    for (const id of ["zoe", "ada", "1", "0"]) members.put(member(members.nextSeq, id));
    expect(ids(members)).toEqual(["zoe", "ada", "1", "0"]);
    expect(members.size).toBe(4);
  });

  test("[U3, U5] has a user who joins again once, at its end", () => {
    const members = new Members([member(1, "ada"), member(2, "zoe")]);
    members.put(member(members.nextSeq, "ada"));
    expect(ids(members)).toEqual(["zoe", "ada"]);
    expect(members.get("ada")?.seq).toBe(3);
  });

  test("[U7] does not change when a member is replaced with the same position", () => {
    const members = new Members([member(1, "ada"), member(2, "zoe")]);
    members.put(member(1, "ada", { ttl: 10, at: 0 }));
    expect(ids(members)).toEqual(["ada", "zoe"]);
    expect(members.get("ada")?.lease?.ttl).toBe(10);
  });

  test("[U5] never reuses a position, even if the last user has left or the room has woken", () => {
    const members = new Members([member(3, "ada"), member(7, "zoe")]);
    expect(members.nextSeq).toBe(8);
    members.remove("zoe");
    members.remove("nobody");
    expect(members.nextSeq).toBe(8);
    expect(ids(members)).toEqual(["ada"]);
  });
});

describe("user ids", () => {
  test.each(["__proto__", "constructor", "toString"])("[S9] %s is an id like any other", (id) => {
    const members = new Members();
    expect(members.get(id)).toBeUndefined();
    members.put(member(1, id));
    expect(ids(members)).toEqual([id]);
    members.remove(id);
    expect(members.size).toBe(0);
  });
});

describe("leases", () => {
  const members = new Members([
    member(1, "forever"),
    member(2, "long", { ttl: 500, at: 1000 }),
    member(3, "short", { ttl: 100, at: 1000 }),
  ]);

  test("[U7] expire exactly when their ttl has passed", () => {
    expect(members.due("lease", 1099)).toEqual([]);
    expect(members.due("lease", 1100).map(({ entry }) => entry.id)).toEqual(["short"]);
    expect(members.due("lease", 1500).map(({ entry }) => entry.id)).toEqual(["long", "short"]);
  });

  test("[U7] have a next deadline, which is the earliest of all", () => {
    expect(members.next("lease")).toBe(1100);
    expect(new Members([member(1, "forever")]).next("lease")).toBeUndefined();
    expect(new Members().next("lease")).toBeUndefined();
  });
});

describe("a member whom storage has", () => {
  const now = 1_800_000_000_000;
  const hour = 3_600_000;
  const grace = 10_000;
  const entry = { id: "ada", joinedAt: "2026-01-01T00:00:00.000Z", seq: 3, meta: {} };
  const full: Member = {
    seq: 3,
    entry,
    lease: { ttl: 60_000, seen: { at: now, until: now } },
    bySocket: true,
    awayUntil: now + grace,
    held: { presence: { data: {}, at: now, typingUntil: now + 5000 }, until: now + 900, ttl: 1000 },
  };

  test("[R6] is as they were", () => {
    expect(memberFromStorage(full, grace, now)).toEqual(full);
    expect(memberFromStorage({ seq: 3, entry }, grace, now)).toEqual({ seq: 3, entry });
  });

  test("[R9, U5] by the first release gets the number of their place in the join order", () => {
    const { seq: _, ...before } = entry;
    const stored = { seq: 3, entry: before } as unknown as Member;
    expect(memberFromStorage(stored, grace, now)?.entry).toEqual(entry);
  });

  test("[T5] by a clock that was ahead has no deadline beyond its own duration", () => {
    expect(memberFromStorage(full, grace, now - hour)).toMatchObject({
      lease: { seen: { until: now - hour + 6000 } },
      awayUntil: now - hour + grace,
      held: { presence: { typingUntil: now - hour + 5000 }, until: now - hour + 1000 },
    });
  });

  test.each<[string, object]>([
    ["no number", { entry }],
    ["no entry", { seq: 3 }],
    ["no id", { seq: 3, entry: { ...entry, id: 7 } }],
    ["a lease without a time", { seq: 3, entry, lease: { ttl: 1 } }],
    ["held presence that is none", { seq: 3, entry, held: { until: 5 } }],
    ["held presence in text", { seq: 3, entry, held: "typing" }],
  ])("[R9] is refused if the record has %s", (_, stored) => {
    expect(memberFromStorage(stored as Member, grace, now)).toBeNull();
  });
});
