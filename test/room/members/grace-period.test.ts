// What happens when a member's last socket has gone, and when they get one again.

import { describe, expect, test } from "vitest";
import type { Member } from "../../../src/model/members.ts";
import {
  beginAbsence,
  endAbsence,
  hasSocket,
  isAbsent,
} from "../../../src/room/members/grace-period.ts";

const now = 1_000_000;
const grace = 10_000;
const seen = { at: 5, until: 7 };

const base: Member = {
  seq: 3,
  entry: { id: "ada", joinedAt: "2026-01-01T00:00:00.000Z", seq: 1, meta: null },
  scopes: ["room:read"],
};

/** All kinds of members, by how they joined and what they have now. */
const members = {
  "by socket, with a socket": { ...base, bySocket: true },
  "by socket, whose socket is gone": { ...base, bySocket: true, awayUntil: now + 1 },
  "without a lease": base,
  "with a lease": { ...base, lease: { ttl: 60_000, seen } },
  "with a lease, and a socket": { ...base, lease: { ttl: 60_000, seen, paused: true } },
} satisfies Record<string, Member>;

const withSocket = new Set<string>(["by socket, with a socket", "with a lease, and a socket"]);
const absent = new Set<string>(["by socket, whose socket is gone", "with a lease"]);

describe.each(Object.entries(members))("a member %s", (name, member: Member) => {
  test("[U6, U7] knows whether they have a socket to lose, and whether one would end a deadline", () => {
    expect([hasSocket(member), isAbsent(member)]).toEqual([withSocket.has(name), absent.has(name)]);
  });

  test("[U6, U7] gets one deadline when their last socket goes, if they had one", () => {
    const absence = beginAbsence(member, now, grace, null);
    expect(absence !== null).toBe(withSocket.has(name));
    if (absence === null) return;
    expect([hasSocket(absence.member), isAbsent(absence.member)]).toEqual([false, true]);
    // A second call changes nothing.
    expect(beginAbsence(absence.member, now + 5000, grace, null)).toBeNull();
  });

  test("[U6, U7] has no deadline once they have a socket, and keeps everything else", () => {
    const back = endAbsence(member);
    expect(isAbsent(back)).toBe(false);
    expect(hasSocket(back)).toBe(name !== "without a lease");
    expect(back).toMatchObject({ seq: base.seq, entry: base.entry, scopes: base.scopes });
    expect(endAbsence(back)).toEqual(back);
  });
});

describe("the deadline", () => {
  test("[U6] of a member who joined by socket is the end of the grace period", () => {
    const member = members["by socket, with a socket"];
    const awayUntil = now + grace;
    expect(beginAbsence(member, now, grace, null)).toEqual({
      member: { ...member, awayUntil },
      timer: "grace",
      at: awayUntil,
    });
  });

  test("[U7] of a member with a lease is a whole lease from now", () => {
    const member = members["with a lease, and a socket"];
    expect(beginAbsence(member, now, grace, null)).toEqual({
      member: { ...member, lease: { ttl: 60_000, seen: { at: now, until: now } } },
      timer: "lease",
      at: now + 60_000,
    });
  });

  test("[U6, U7] is removed with the next socket, and the member is as before", () => {
    const bySocket = members["by socket, with a socket"];
    const absence = beginAbsence(bySocket, now, grace, null);
    expect(endAbsence(absence?.member ?? base)).toEqual(bySocket);
  });

  test("[U6, U7] is determined without changing the given member", () => {
    for (const member of Object.values(members)) {
      const before = structuredClone(member);
      beginAbsence(member, now, grace, null);
      endAbsence(member);
      expect(member).toEqual(before);
    }
  });
});
