// Deploys, forwards and backwards. A room whose storage was written by the first release opens unchanged, and one whose
// storage was written by a newer release is refused until that release is back.

import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { JsonValue, RoomHandle } from "collab-room";
import { schemaVersion } from "../../src/storage/migrations.ts";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import { passUntil, useFakeDate } from "../support/fake-date.ts";
import { at, send } from "../support/http.ts";
import {
  alarmOf,
  evict,
  failure,
  newId,
  ring,
  rooms,
  sql,
  stored,
  stubOf,
} from "../support/rooms.ts";
import { connect, refusal } from "../support/socket-client.ts";
import { dumpTables, fillWithStorageV1, storageV1, type Tables } from "../support/storage-v1.ts";

useFakeDate();

/** Everything in a room's tables. */
const tablesOf = (id: string): Promise<Tables> =>
  runInDurableObject(stubOf(id), (_, { storage }) => dumpTables(storage));

/** A room with the storage of the first release, at the time when it was written. */
async function roomV1(): Promise<RoomHandle> {
  passUntil(storageV1.now);
  const room = rooms.room(newId());
  await runInDurableObject(stubOf(room.id), async (_, { storage }) => {
    fillWithStorageV1(storage);
    await storage.setAlarm(storageV1.alarm);
  });
  await evict(room.id);
  await room.alive(); // its object wakes now
  return room;
}

describe("a room whose storage is of version 1", () => {
  test("[R9, R6] opens with the same users, state, version, epoch and deadlines, and calls no hook", async () => {
    const room = await roomV1();
    expect(await room.info()).toEqual({ ...storageV1.info, id: room.id, sockets: 0 });
    // Entries of version 1 had no number of their own, so they get that of their row.
    const seqs = storageV1.tables["members"]?.map(({ seq }) => seq) ?? [];
    expect(await room.getUsers()).toEqual(
      storageV1.users.map((user, index) => ({ ...user, seq: seqs[index] })),
    );
    expect(JSON.stringify(await room.getState())).toBe(JSON.stringify(storageV1.state));
    expect(await room.getPresence()).toMatchObject({
      bot: storageV1.presence.bot,
      finn: storageV1.presence.finn,
      // The user's former socket does not exist any more.
      eve: { name: "Eve", status: "away" },
    });
    expect(callsOf(room.id)).toEqual([]);
    expect(await alarmOf(room.id)).toBe(storageV1.alarm);
  });

  test("[R9] is migrated to the tables of the current version, with every row", async () => {
    const room = await roomV1();
    const { aside, room: record, members, ...others } = storageV1.tables;
    const tables = await tablesOf(room.id);
    expect(tables).toMatchObject({
      ...others,
      quarantine: aside,
      room: record?.map((row) => ({ ...row, schema: schemaVersion })),
    });
    expect(Object.keys(tables).toSorted()).toEqual(
      [
        "bans",
        "keys",
        "members",
        "quarantine",
        "requests",
        "room",
        "schedules",
        ...Object.keys(others),
      ].toSorted(),
    );
    // The grace period of the user without a socket has begun.
    const awayUntil = storageV1.now + 10_000;
    const parsed = (rows: typeof members) =>
      rows?.map(({ seq, data }) => ({ seq, data: JSON.parse(String(data)) }));
    expect(parsed(tables["members"])).toEqual(
      parsed(members)?.map(({ seq, data }) =>
        data.entry.id === "eve"
          ? { seq, data: { ...data, entry: { ...data.entry, seq }, awayUntil } }
          : { seq, data },
      ),
    );
  });

  test("[R9, R6] is the same after another eviction", async () => {
    const room = await roomV1();
    const before = [await room.info(), await stored(room.id)];
    await evict(room.id);
    expect([await room.info(), await stored(room.id)]).toEqual(before);
  });

  test("[R9, U6, U7, S8, P4] keeps its deadlines: it saves, and removes users on time", async () => {
    const room = await roomV1();
    passUntil(storageV1.alarm);
    await ring(room.id);
    await expect.poll(async () => (await room.info()).save.status).toBe("saved");
    expect(callsOf(room.id)).toEqual([{ hook: "saveRoomState", state: storageV1.state }]);
    passUntil(storageV1.now + 10_000);
    await ring(room.id);
    expect((await room.getUsers()).map(({ id }) => id)).toEqual(["zoe", "bob", "bot"]);
    passUntil(storageV1.now + 46_000);
    await ring(room.id);
    expect(await room.getPresence()).toEqual({});
    passUntil(storageV1.now + 61_000);
    await ring(room.id);
    expect((await room.getUsers()).map(({ id }) => id)).toEqual(["zoe", "bot"]);
  });

  test("[R9, S3, W1] continues with the next version, sockets, and clients that resume", async () => {
    const room = await roomV1();
    const { epoch, version } = storageV1.info;
    const { title, items } = storageV1.state as { title: string; items: JsonValue[] };
    const known = { epoch, version: 3, state: { title, items, author: { name: "ada" } } };
    const eve = await connect(room.id, { id: "eve" }, { resume: known });
    expect(eve.welcome).toMatchObject({ epoch, version, resumed: true });
    expect(eve.state).toEqual(storageV1.state);
    expect(callsOf(room.id)).toEqual([]); // she has the same membership
    expect(await room.patchState([{ op: "add", path: "/next", value: true }])).toEqual({
      version: version + 1,
      dropped: [],
    });
    await evict(room.id);
    expect(await room.getState()).toMatchObject({ next: true, count: 3 });
  });
});

describe("a room whose storage is of a newer version", () => {
  const tooNew = { code: "storage_too_new" };

  /** Set the storage version of a room, and wake its object again, as a deploy does. */
  async function setVersion({ id }: RoomHandle, version: number): Promise<void> {
    await sql(id, "UPDATE room SET schema = ?", version);
    await evict(id);
  }

  async function newerRoom(): Promise<RoomHandle> {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
    setScript(room.id, { saveRoomState: () => ({ error: "down" }) });
    await room.join({ id: "ada" }, { ttl: 3_600_000 });
    await room.updateState(() => ({ n: 1 }));
    await expect.poll(async () => (await room.info()).save.status).toBe("failing");
    await setVersion(room, schemaVersion + 1);
    // Beyond the reach of real alarms, so that it rings only when a test rings it.
    await runInDurableObject(stubOf(room.id), (_, { storage }) =>
      storage.setAlarm(Date.now() + 7_200_000),
    );
    return room;
  }

  const asks: [string, (room: RoomHandle) => Promise<unknown>][] = [
    ["getState", (room) => room.getState()],
    ["getUsers", (room) => room.getUsers()],
    ["getPresence", (room) => room.getPresence()],
    ["updateState", (room) => room.updateState(() => ({}))],
    ["patchState", (room) => room.patchState([{ op: "add", path: "/n", value: 2 }])],
    ["act", (room) => room.act("nothing")],
    ["touch", (room) => room.touch()],
    ["broadcast", (room) => room.broadcast("hello")],
    ["holdPresence", (room) => room.holdPresence("ada", {})],
    ["setScopes", (room) => room.setScopes("ada", ["room:read"])],
    ["info", (room) => room.info()],
    ["alive", (room) => room.alive()],
    ["join", (room) => room.join({ id: "bob" })],
    ["leave", (room) => room.leave("ada")],
    ["start", (room) => rooms.joinOrCreateRoom(room.id)],
    ["stop", (room) => room.stop()],
    ["purge", (room) => room.stop({ purge: true })],
  ];

  test.for(asks)("[R9] answers %s with storage_too_new, and changes nothing", async ([, ask]) => {
    const room = await newerRoom();
    const before = await stored(room.id);
    expect(await failure(ask(room))).toEqual(tooNew);
    expect(await stored(room.id)).toEqual(before);
  });

  test("[R9] answers 503 over HTTP", async () => {
    const room = await newerRoom();
    const before = await stored(room.id);
    for (const [method, path, sent] of [
      ["GET", "", {}],
      ["GET", "/state", {}],
      ["PATCH", "/state", { json: [], type: "application/json-patch+json" }],
      ["GET", "/users", {}],
      ["POST", "/users", { json: { id: "bob" } }],
      ["DELETE", "", {}],
    ] as const) {
      const response = await send(method, at(room.id, path), sent);
      expect(response.status, `${method} ${path}`).toBe(503);
      expect(await response.json()).toMatchObject(tooNew);
    }
    expect(await stored(room.id)).toEqual(before);
  });

  test("[R9] opens no socket", async () => {
    const room = await newerRoom();
    const before = await stored(room.id);
    const { status, problem } = await refusal(room.id, { id: "ada" });
    expect([status, problem.code]).toEqual([503, "storage_too_new"]);
    expect(await stored(room.id)).toEqual(before);
  });

  test("[R9, W4] ends the session of a socket that is still open, and keeps its user", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "forgiving" });
    const ada = await connect(room.id, { id: "ada" });
    await setVersion(room, schemaVersion + 1);
    const { tables } = await stored(room.id);
    ada.send({ type: "touch", ref: 1 });
    expect(await ada.closed).toEqual({ code: 4201, reason: "session_lost" });
    expect((await stored(room.id)).tables).toEqual(tables);
    await setVersion(room, schemaVersion);
    expect((await room.getUsers()).map(({ id }) => id)).toEqual(["ada"]);
    await connect(room.id, { id: "ada" });
    expect(callsOf(room.id)).toEqual([{ hook: "onJoin", user: "ada" }]); // the same membership
  });

  test("[R9, T3] whose alarm rings throws nothing, loses nothing, and rings again later", async () => {
    const room = await newerRoom();
    const { tables, alarm } = await stored(room.id);
    passUntil((alarm ?? 0) + 1);
    expect(await ring(room.id)).toBe(true);
    const after = await stored(room.id);
    expect(after.tables).toEqual(tables);
    expect(after.alarm).toBeGreaterThan(alarm ?? Infinity);
  });

  test("[R9, R6] works again with all its data once that version is back", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    await room.join({ id: "ada" });
    await room.updateState(() => ({ n: 1 }));
    const before = [await room.info(), await room.getUsers(), await stored(room.id)];
    await setVersion(room, schemaVersion + 1);
    expect(await failure(room.getState())).toEqual(tooNew);
    expect(await failure(room.stop({ purge: true }))).toEqual(tooNew);
    await setVersion(room, schemaVersion);
    expect([await room.info(), await room.getUsers(), await stored(room.id)]).toEqual(before);
    expect(await room.updateState(() => ({ n: 2 }))).toEqual({ version: 2 });
  });

  test("[R9, T2] handles a deadline that has passed in the meantime when its alarm rings", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief" });
    const { alarm } = await stored(room.id);
    await setVersion(room, schemaVersion + 1);
    passUntil((alarm ?? 0) + 1);
    await ring(room.id);
    expect(await failure(room.alive())).toEqual(tooNew);
    await setVersion(room, schemaVersion);
    await ring(room.id); // an hour later, or sooner
    expect(await room.alive()).toBe(false);
  });
});
