// The SQLite storage fulfils the storage contract on the SQLite of a real Durable Object.

import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { SqliteRoomStorage } from "../../src/storage/sqlite.ts";
import { storageContract } from "../storage/contract.ts";

type Room = { readonly name: string };
type Member = { readonly seq: number; readonly id: string };

function open(storage: DurableObjectStorage) {
  const opened = new SqliteRoomStorage<Room, Member>(storage);
  opened.open();
  return opened;
}

let objects = 0;

/** Use the storage of a new object. */
const inStorage = (use: (storage: DurableObjectStorage) => void | Promise<void>): Promise<void> =>
  runInDurableObject(env.ROOMS.getByName(`storage-${objects++}`), (_, { storage }) => use(storage));

storageContract((use) =>
  inStorage((storage) => {
    const reopen = () => open(storage);
    return use({ storage: reopen(), reopen });
  }),
);

test("[R7] clearing drops the tables and the alarm", () =>
  inStorage(async (storage) => {
    const room = open(storage);
    room.writeRoom({ name: "first" });
    await storage.setAlarm(Date.now() + 3_600_000);
    await room.clear();
    expect(await storage.getAlarm()).toBeNull();
    const left = storage.sql.exec(
      "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'",
    );
    expect(left.toArray()).toEqual([]);
  }));

test("[S3] a change, a member and a timer are one row each", () =>
  inStorage((storage) => {
    const room = open(storage);
    room.writeRoom({ name: "first" });
    const rows = (write: () => void): number => {
      const before = changesSoFar(storage);
      write();
      return changesSoFar(storage) - before;
    };
    expect(rows(() => room.appendChange({ from: 0, to: 1, patch: "[]" }))).toBe(1);
    expect(rows(() => room.writeMember({ seq: 1, id: "ada" }))).toBe(1);
    expect(rows(() => room.writeTimer({ name: "idle", at: 1, attempts: 0 }))).toBe(1);
  }));

const changesSoFar = ({ sql }: DurableObjectStorage): number =>
  Number(sql.exec("SELECT total_changes() AS n").one()["n"]);
