// What the room remembers about requests is bounded: in memory, in a row, and in the number of rows. Within these
// bounds it is remembered, whatever happens to the room (rules X1, X2).

import { describe, expect, test } from "vitest";
import { CollabError } from "../../../src/protocol/errors.ts";
import { utf8Bytes } from "../../../src/protocol/json.ts";
import { resolveLimits } from "../../../src/protocol/limits.ts";
import type { Member } from "../../../src/model/members.ts";
import type { RoomRecord } from "../../../src/model/record.ts";
import { JsonDocument } from "../../../src/room/document/json-document.ts";
import { answerOf, answerText } from "../../../src/room/requests/answers.ts";
import { IdempotencyKeys } from "../../../src/room/requests/idempotency-keys.ts";
import { RequestLog } from "../../../src/room/requests/request-log.ts";
import { MemoryRoomStorage } from "../../../src/storage/memory.ts";
import { newId, rooms, sql } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";

const limits = resolveLimits({});

const done = { ok: `{"version":1,"result":null}` } as const;

/** An action without an effect, by a client that sends nothing else. */
const act = (log: RequestLog, client: string, user = "ada"): void =>
  log.add({ client, user, seq: 1 }, done, { needsRow: true, isStaged: false });

/** Commit a state, as a flush does. */
function commit(document: JsonDocument, log: RequestLog, state: object): void {
  document.changeTo(state, limits);
  const { beside, apart } = log.rows();
  log.append(apart, document.headVersion);
  document.commit(beside);
  log.afterCommit(document.journalStart);
}

const newStorage = () => new MemoryRoomStorage<RoomRecord, Member>();

describe("actions without an effect", () => {
  test("[X1] by very many clients leave one row that fits into the storage", () => {
    const storage = newStorage();
    const log = new RequestLog(storage, JsonDocument.create(storage));
    let most = 0;
    for (let n = 0; n < 8000; n++) {
      act(log, `${n}`.padStart(64, "x"), "é".repeat(128));
      if (n % 500 === 499) most = Math.max(most, utf8Bytes(storage.readRequests().dropped ?? ""));
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(1_000_000);
  });

  test("[X1] are remembered, up to the last 500, in a room that begins at a later version", () => {
    const storage = newStorage();
    const first = JsonDocument.create(storage);
    first.writeInitial();
    first.load({ value: { a: 1 }, bytes: 7 }, 0);
    first.writeInitial();
    const { document } = JsonDocument.open(storage);
    document.load({ value: { a: 2 }, bytes: 7 }, document.version + 1);
    document.writeInitial();
    const log = new RequestLog(storage, document);
    for (let n = 0; n < 900; n++) act(log, `first-${n}`);
    for (let n = 0; document.journalStart < 1; n++)
      commit(document, log, { big: `${n % 10}`.repeat(100_000) });
    const clients = Array.from({ length: 400 }, (_, n) => `second-${n}`);
    for (const client of clients) act(log, client);
    const woken = new RequestLog(storage, JsonDocument.open(storage).document);
    const unknown = clients.filter((client) => !woken.find({ client, user: "ada", seq: 1 }));
    expect(unknown).toEqual([]);
  });

  test("[X1] that were dropped no longer make the outcome uncertain once the journal has passed them", () => {
    const storage = newStorage();
    const document = JsonDocument.create(storage);
    document.writeInitial();
    const log = new RequestLog(storage, document);
    for (let n = 0; n < 1100; n++) act(log, `client-${n}`);
    const told = (): string => log.welcomeMembers("new", true, true);
    expect(told()).toBe(`"seq":null,`);
    const { headVersion } = document;
    for (let n = 0; document.journalStart <= headVersion; n++)
      commit(document, log, { big: `${n % 10}`.repeat(100_000) });
    expect(told()).toBe(`"seq":0,`);
    expect(storage.readRequests().dropped).toBeNull();
  });
});

describe("a refusal", () => {
  test("[X1] is short, however long the path of the failed test operation", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "swift" });
    await room.updateState(() => ({ list: [{}, 1] }));
    const ada = await connect(id, { id: "ada" }, { query: { client: "tab-1" } });
    await room.patchState([{ op: "remove", path: "/list/0" }]);
    const patch = [{ op: "test", path: `/list/0/${"x".repeat(200_000)}`, value: 1 }] as const;
    const reply = await ada.ask({ type: "update", patch, base: 1, seq: 1 });
    expect(reply).toMatchObject({ code: "patch_failed" });
    expect(JSON.stringify(reply).length).toBeLessThan(1000);
    // It is short enough to be stored with the client's next change.
    await ada.ask({ type: "update", merge: { a: 1 }, seq: 2 });
    expect(await sql(id, "SELECT * FROM requests")).toEqual([]);
  });

  test("[X1] is truncated, however long its reason", () => {
    const reason = "x".repeat(3_000_000);
    const answer = answerOf({ error: new CollabError("action_refused", { reason }) });
    expect(answer && answerText(answer).length).toBeLessThan(20_000);
  });
});

describe("idempotency keys", () => {
  test("[X2, R7] of a purged room do not count in the next one", async () => {
    const id = newId();
    const before = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    for (let n = 0; n < 1095; n++) await before.act("nothing", {}, { idempotencyKey: `old-${n}` });
    await before.stop({ purge: true });
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await room.updateState(() => ({ list: [] }));
    const values = [0, 1, 2, 3, 4, 5];
    for (let time = 0; time < 2; time++)
      for (const value of values)
        await room.patchState([{ op: "add", path: "/list/-", value }], {
          idempotencyKey: `new-${value}`,
        });
    expect(await room.getState()).toEqual({ list: values });
  });

  test("[X2, T5] are dropped in the order in which they were written, whatever the clock said then", () => {
    const storage = newStorage();
    const hour = 3_600_000;
    const request = (key: string) => ({ key, fingerprint: "f" });
    const ahead = new IdempotencyKeys({ storage, log: () => {}, now: () => 100 * hour + 1 });
    for (let n = 0; n < 1100; n++) ahead.add(request(`old-${n}`), null, { ok: "1" }, false);
    const keys = new IdempotencyKeys({ storage, log: () => {}, now: () => 99 * hour });
    keys.add(request("new"), null, { ok: "1" }, false);
    expect(keys.find(request("new"), null)).not.toBeNull();
    expect(keys.find(request("old-0"), null)).toBeNull();
    expect(keys.find(request("old-1099"), null)).not.toBeNull();
  });

  const keysOf = (now: () => number = () => 0) =>
    new IdempotencyKeys({ storage: newStorage(), log: () => {}, now });
  const request = (key: string) => ({ key, fingerprint: "f" });
  const isKnown = (keys: IdempotencyKeys, key: string, user: string): boolean =>
    keys.find(request(key), user) !== null;

  test("[X2] of one user do not displace those of another, however many there are", () => {
    const keys = keysOf();
    keys.add(request("ada"), "ada", { ok: "1" }, false);
    for (let n = 0; n < 3000; n++) keys.add(request(`eve-${n}`), "eve", { ok: "1" }, false);
    expect(isKnown(keys, "ada", "ada")).toBe(true);
    expect(isKnown(keys, "eve-1800", "eve")).toBe(false);
    expect(isKnown(keys, "eve-2999", "eve")).toBe(true);
  });

  test("[X2] of one user do not displace those of another, however large they are", () => {
    const keys = keysOf();
    for (let n = 0; n < 100; n++) keys.add(request(`ada-${n}`), "ada", { ok: "1" }, false);
    const ok = JSON.stringify("é".repeat(500_000));
    for (let n = 0; n < 40; n++) keys.add(request(`eve-${n}`), "eve", { ok }, false);
    expect(isKnown(keys, "ada-0", "ada")).toBe(true);
    expect(isKnown(keys, "eve-0", "eve")).toBe(false);
    expect(isKnown(keys, "eve-39", "eve")).toBe(true);
  });

  test("[X2] of many users are dropped one by one, the oldest of those who hold most", () => {
    const keys = keysOf();
    for (let n = 0; n < 1101; n++) {
      const user = `user-${n % 367}-"é[]`;
      keys.add(request(`key-${n}`), user, { ok: "1" }, false);
    }
    const gone = Array.from({ length: 1101 }, (_, n) => n).filter(
      (n) => !isKnown(keys, `key-${n}`, `user-${n % 367}-"é[]`),
    );
    expect(gone).toEqual(Array.from({ length: 101 }, (_, n) => n));
  });

  test("[X2] that have expired are dropped before any others", () => {
    let now = 0;
    const keys = keysOf(() => now);
    for (let n = 0; n < 500; n++) keys.add(request(`old-${n}`), "ada", { ok: "1" }, false);
    now = 25 * 3_600_000;
    for (let n = 0; n < 700; n++) keys.add(request(`new-${n}`), "eve", { ok: "1" }, false);
    expect(isKnown(keys, "new-0", "eve")).toBe(true);
    expect(isKnown(keys, "old-499", "ada")).toBe(false);
  });
});
