// Members keep their join order, and members whose lease has expired are found.

import { describe, expect, test } from "vitest";
import { Members, type Member } from "../../src/model/members.ts";

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
