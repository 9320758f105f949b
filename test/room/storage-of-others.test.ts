// Storage with contents that this release does not know. Unknown rows are left alone or quarantined one by one, and
// nothing that might be needed is overwritten.

import { afterEach, describe, expect, test, vi } from "vitest";
import { callsOf } from "../fixtures/scripts.ts";
import { pass, useFakeDate } from "../support/fake-date.ts";
import { userIds } from "../support/membership.ts";
import { alarmOf, evict, failure, newId, ring, rooms, sql, stored } from "../support/core/rooms.ts";
import { refusal } from "../support/core/socket-client.ts";
import { watchLog } from "../support/watch-log.ts";

useFakeDate();

afterEach(() => {
  vi.restoreAllMocks();
});

/** A running room with three users. */
async function start() {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief" });
  for (const id of ["ada", "bob", "cyn"]) await room.join({ id });
  await room.updateState(() => ({ n: 1 }));
  pass(5000);
  await ring(room.id); // the directory has its user count
  return room;
}

describe("an unknown timer", () => {
  test("[R9, T3] does not ring in a loop: its row stays, and the alarm serves the others", async () => {
    const room = await start();
    const unknown = watchLog({ event: "unknown_timer" });
    await sql(room.id, "INSERT INTO timers (name, at, attempts) VALUES ('compact', 1, 0)");
    await evict(room.id);
    await room.join({ id: "dan" });
    const before = await alarmOf(room.id);
    expect(before).toBe(Date.now() + 5000);
    for (let times = 0; times < 3; times++) await ring(room.id);
    expect(await alarmOf(room.id)).toBe(before);
    expect(unknown()).toMatchObject([{ timer: "compact", room: room.id }]);
    expect(await sql(room.id, "SELECT name FROM timers WHERE at = 1")).toEqual([
      { name: "compact" },
    ]);
    expect(await userIds(room)).toEqual(["ada", "bob", "cyn", "dan"]);
  });
});

describe("an unknown status", () => {
  const rename = async (id: string, status: string): Promise<void> => {
    await sql(id, "UPDATE room SET data = json_set(data, '$.status', ?)", status);
    await evict(id);
  };

  test("[R9] makes the room refuse all calls, unchanged, until the release that knows it is back", async () => {
    const room = await start();
    await rename(room.id, "archived");
    const refused = watchLog({ event: "storage_too_new" });
    const before = await stored(room.id);
    for (const ask of [
      () => room.getState(),
      () => room.join({ id: "dan" }),
      () => room.stop({ purge: true }),
      () => room.alive(),
      () => rooms.joinOrCreateRoom(room.id),
    ])
      expect(await failure(ask())).toEqual({ code: "storage_too_new" });
    const { status, problem } = await refusal(room.id, { id: "dan" });
    expect([status, problem.code]).toEqual([503, "storage_too_new"]);
    pass(60_000);
    await ring(room.id);
    expect((await stored(room.id)).tables).toEqual(before.tables);
    expect(await alarmOf(room.id)).toBeGreaterThan(Date.now());
    expect(refused()).toHaveLength(1);
    await rename(room.id, "running");
    expect(await room.getState()).toEqual({ n: 1 });
    expect(await userIds(room)).toEqual(["ada", "bob", "cyn"]);
  });
});

describe("an unknown member record", () => {
  test.for([
    ["invalid JSON", "{"],
    ["null", "null"],
    ["a number", "7"],
    ["an array", "[]"],
    ["of another shape", `{"shape":3,"who":{"id":"bob"}}`],
    ["without an entry", `{"seq":2}`],
    ["whose entry is not an object", `{"seq":2,"entry":"bob"}`],
    ["whose entry has no id", `{"seq":2,"entry":{"joinedAt":"2026-01-01T00:00:00.000Z"}}`],
    ["whose seq is not a number", `{"seq":"2","entry":{"id":"bob"}}`],
    ["whose lease is not an object", `{"seq":2,"entry":{"id":"bob"},"lease":60}`],
    ["whose lease has no time", `{"seq":2,"entry":{"id":"bob"},"lease":{"ttl":60}}`],
    ["with invalid held presence", `{"seq":2,"entry":{"id":"bob"},"held":true}`],
  ] as const)("[R9, S10] is quarantined alone, and the others stay: %s", async ([, data]) => {
    const room = await start();
    const seq = (await sql(room.id, "SELECT seq FROM members ORDER BY seq"))[1]?.["seq"];
    await sql(room.id, "UPDATE members SET data = ? WHERE seq = ?", data, Number(seq));
    await evict(room.id);
    const aside = watchLog({ event: "records_quarantined" });
    expect(await userIds(room)).toEqual(["ada", "cyn"]);
    expect(await room.getState()).toEqual({ n: 1 });
    expect(aside()).toMatchObject([{ quarantined: 1, room: room.id }]);
    expect(await sql(room.id, "SELECT kind, version, data FROM quarantine")).toEqual([
      { kind: "member", version: seq, data },
    ]);
    // Their place is free. No leave is reported, because their identity is unknown.
    await room.join({ id: "bob" });
    expect(await userIds(room)).toEqual(["ada", "cyn", "bob"]);
    expect(callsOf(room.id).filter(({ hook }) => hook === "onLeave")).toEqual([]);
    await evict(room.id);
    expect(await userIds(room)).toEqual(["ada", "cyn", "bob"]);
  });
});
