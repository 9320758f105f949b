// A room whose storage was written by a newer release: whatever is asked of it, it refuses with
// `storage_too_new`, and its storage is neither read nor written.

import { describe, expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import type { Member } from "../../src/model/members.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { initialFlow, pack, type SessionAttachment } from "../../src/model/session-attachment.ts";
import { connectSession } from "../../src/room/operations/connect-session.ts";
import { operations, type OperationName } from "../../src/room/operations/table.ts";
import { schemaVersion } from "../../src/storage/migrations.ts";
import { SqliteRoomStorage, type SqlStore } from "../../src/storage/sqlite.ts";
import { openNodeSqlite } from "../support/node-sqlite.ts";
import { RoomByHand, SocketByHand } from "../support/room-by-hand.ts";
import { dumpSchema, dumpTables, fillWithStorageV1 } from "../support/storage-v1.ts";

/** A room over a storage of a newer version, and what it does with the store after opening it. */
function wakeNewer() {
  const store = openNodeSqlite();
  fillWithStorageV1(store);
  new SqliteRoomStorage(store).open();
  store.sql.exec("UPDATE room SET schema = ?", schemaVersion + 1);
  const uses: string[] = [];
  const watched: SqlStore = {
    sql: {
      exec(query, ...bindings) {
        uses.push(query);
        return store.sql.exec(query, ...bindings);
      },
    },
    transactionSync(write) {
      uses.push("transactionSync");
      store.transactionSync(write);
    },
    async deleteAll() {
      uses.push("deleteAll");
      await store.deleteAll();
    },
  };
  const storage = new SqliteRoomStorage<RoomRecord, Member>(watched);
  const hand = new RoomByHand({ storage });
  uses.length = 0; // those that found out the version
  return { hand, uses, dump: () => ({ schema: dumpSchema(store), tables: dumpTables(store) }) };
}

const refused = async (work: Promise<unknown>): Promise<unknown> => {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof CollabError ? [error.code, error.status, error.retryable] : error;
};

const inputs: { readonly [Name in OperationName]: unknown } = {
  broadcast: { event: "hello", payload: { text: "1" } },
  callAction: { name: "go", payload: { text: "{}" } },
  changeState: { kind: "merge", source: { text: '{"n":1}' } },
  getChanges: { epoch: "an-epoch", since: 0 },
  getJournal: { limit: 1 },
  getPastState: { version: 0 },
  getPresence: undefined,
  getRoomInfo: undefined,
  getState: {},
  getUser: { userId: "ada" },
  listActions: undefined,
  listKicked: undefined,
  listUsers: {},
  holdPresence: { userId: "zoe", data: { text: "{}" }, ttl: 1000 },
  inspectRoom: undefined,
  inspectUsers: {},
  isAlive: undefined,
  joinRoom: { user: { text: '{"id":"ada"}' } },
  leaveRoom: { userId: "zoe" },
  setScopes: { userId: "zoe", scopes: ["room:read"] },
  startRoom: {},
  stopRoom: { purge: true },
  touch: { userId: "zoe" },
  updateState: { next: async () => "{}" },
};

describe("a room whose storage is of a newer version", () => {
  test.each(Object.entries(inputs))(
    "[R9] refuses %s, and leaves its storage alone",
    async (name, input) => {
      const { hand, uses, dump } = wakeNewer();
      const before = dump();
      const operation = operations[name as OperationName];
      const work = hand.call(operation as typeof operations.touch, input as never);
      expect(await refused(work)).toEqual(["storage_too_new", 503, false]);
      await hand.pass(60_000);
      expect([uses, hand.timers, await hand.isAwake()]).toEqual([[], 0, false]);
      expect(dump()).toEqual(before);
    },
  );

  test("[R9] opens no session, and accepts no socket for one", async () => {
    const { hand, uses } = wakeNewer();
    const accept = () => expect.unreachable();
    const input = { user: { id: "ada" }, scopes: [], accept };
    expect(await refused(hand.call(connectSession, input))).toEqual([
      "storage_too_new",
      503,
      false,
    ]);
    expect(uses).toEqual([]);
  });

  test("[R9] ends the session of a socket that is still open once it sends something", async () => {
    const { hand, uses, dump } = wakeNewer();
    const before = dump();
    const socket = new SocketByHand();
    socket.attachment = {
      shape: 3,
      id: "s",
      userId: "zoe",
      scopes: ["room:read"],
      presence: pack({ data: {}, at: 0 }),
      state: { kind: "live" },
      flow: initialFlow,
      heardAt: 0,
    } satisfies SessionAttachment;
    hand.sockets.push(socket);
    await hand.room.receive(socket, '{"type":"touch","ref":1}');
    expect(socket.closed).toEqual({ code: 4201, reason: "session_lost" }); // it may come back
    expect(socket.frames).toEqual([]);
    expect([uses, dump()]).toEqual([[], before]);
  });

  test("[R9, U8] takes the close of a socket, and loses nobody by it", async () => {
    const { hand, uses, dump } = wakeNewer();
    const before = dump();
    const socket = new SocketByHand();
    socket.attachment = { shape: 3, id: "s", userId: "eve" };
    await hand.room.socketClosed(socket);
    await hand.pass(60_000);
    expect([uses, dump()]).toEqual([[], before]);
  });

  test("[R9, T3] rings without an error, and sets its alarm again: the deadlines are not lost", async () => {
    const { hand, uses, dump } = wakeNewer();
    const before = dump();
    for (let time = 0; time < 3; time++) {
      hand.alarmAt = null; // an alarm that rings is no longer set
      await hand.room.ring();
      expect(hand.alarmAt).toBe(hand.now + 3_600_000);
      hand.now += 3_600_000;
    }
    expect([uses, dump()]).toEqual([[], before]);
  });

  test("[R9] says so in the log", () => {
    expect(wakeNewer().hand.logged).toEqual(["storage_too_new"]);
  });
});
