// The journal as administrators read it: who changed the state, when and how, and past states.

import { describe, expect, test } from "vitest";
import type { JournalPage, PastState } from "collab-room/protocol";
import { allScopes, type JsonObject } from "collab-room/protocol";
import * as z from "zod";
import { action } from "../../../src/behaviours/define.ts";
import { createCaller, workerCaller, type Caller } from "../../../src/protocol/caller.ts";
import { callAction } from "../../../src/room/operations/call-action.ts";
import { changeState } from "../../../src/room/operations/change-state.ts";
import { getJournal } from "../../../src/room/operations/get-journal.ts";
import { getPastState } from "../../../src/room/operations/get-past-state.ts";
import { startRoom } from "../../../src/room/operations/start-room.ts";
import { updateState } from "../../../src/room/operations/update-state.ts";
import { RoomByHand } from "../../support/room-by-hand.ts";
import { evict, newId, rooms, rowsWritten, sql } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";
import { at, expectJson, expectProblem, send } from "../../support/core/http.ts";
import { expectOk } from "../../support/session.ts";

const byHttp = (userId: string): Caller =>
  createCaller({ door: "http", user: { id: userId }, scopes: allScopes });

const set = (hand: RoomByHand, json: object, caller = workerCaller) =>
  hand.call(changeState, { kind: "merge", source: { text: JSON.stringify(json) } }, caller);

const journal = async (hand: RoomByHand, input: { upTo?: number; limit?: number } = {}) =>
  JSON.parse(await hand.call(getJournal, { limit: 50, ...input })) as JournalPage;

const past = async (hand: RoomByHand, version: number) =>
  JSON.parse(await hand.call(getPastState, { version })) as PastState;

const pageOf = async (id: string, query = ""): Promise<JournalPage> =>
  expectJson<JournalPage>(await send("GET", at(id, `/journal${query}`)), 200);

describe("a row of the journal", () => {
  test("[V1] names the author, the way in, the action and the time", async () => {
    const behaviour = {
      actions: { name: action(z.object({}), (_, state) => ({ state: { ...state, named: true } })) },
    };
    const hand = new RoomByHand({ behaviour });
    await hand.call(startRoom, {});
    await set(hand, { a: 1 }, byHttp("ada"));
    await hand.pass(1000);
    await hand.call(updateState, { next: async () => '{"b":2}' });
    await hand.call(callAction, { name: "name", payload: { text: "{}" } }, byHttp("bob"));
    expect((await journal(hand)).rows).toEqual([
      {
        from: 2,
        to: 3,
        at: new Date(1_001_000).toISOString(),
        authors: [{ door: "http", user: "bob", action: "name", changes: 1 }],
        bytes: 43,
        patch: [{ op: "add", path: "/named", value: true }],
      },
      expect.objectContaining({ to: 2, authors: [{ door: "worker", changes: 1 }] }),
      expect.objectContaining({
        to: 1,
        at: new Date(1_000_000).toISOString(),
        authors: [{ door: "http", user: "ada", changes: 1 }],
      }),
    ]);
  });

  test("[V1, W2] names each author of a window in order", async () => {
    const hand = new RoomByHand();
    await hand.connect("ada");
    await hand.connect("bob");
    await hand.pass(1000);
    await set(hand, { n: 0 });
    const callers = [byHttp("ada"), byHttp("ada"), byHttp("bob"), byHttp("ada")];
    await Promise.all([
      ...callers.map((caller, index) => set(hand, { n: index + 1 }, caller)),
      hand.pass(100),
    ]);
    const [row] = (await journal(hand)).rows;
    expect(row).toMatchObject({ from: 1, to: 5 });
    expect(row?.authors.map(({ user, changes }) => [user, changes])).toEqual([
      ["ada", 2],
      ["bob", 1],
      ["ada", 1],
    ]);
  });

  test("[V1] names the session of a change by socket", async () => {
    const id = newId();
    await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    const ada = await connect(id, { id: "ada" });
    expectOk(await ada.update([{ op: "add", path: "/a", value: 1 }]));
    expect((await pageOf(id)).rows[0]?.authors).toEqual([
      { door: "socket", user: "ada", session: ada.welcome.session, changes: 1 },
    ]);
  });

  test("[V1, B5] names the scheduled action, with the room as its author", async () => {
    const behaviour = {
      actions: {
        plan: action(z.unknown(), (room) => void room.schedule("tick", {}, room.now + 1000)),
        tick: action(z.unknown(), (_, state) => ({ state: { ...state, ticked: true } })),
      },
    };
    const hand = new RoomByHand({ behaviour });
    await hand.call(startRoom, {});
    await hand.call(callAction, { name: "plan", payload: { text: "{}" } }, byHttp("ada"));
    await hand.pass(1001);
    await hand.room.ring();
    expect((await journal(hand)).rows.map(({ authors }) => authors)).toEqual([
      [{ door: "room", action: "tick", changes: 1 }],
    ]);
  });

  test("[V1, S3] needs no additional row", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await room.patchState([{ op: "add", path: "/a", value: 1 }]);
    const before = await rowsWritten(id);
    for (let n = 0; n < 10; n++)
      await room.patchState([{ op: "replace", path: "/a", value: n + 2 }]);
    expect((await rowsWritten(id)) - before).toBe(10);
  });

  test("[V1] needs at most 80 more bytes for a change by a session", async () => {
    const id = newId();
    await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    const ada = await connect(id, { id: "ada" });
    expectOk(await ada.update([{ op: "add", path: "/a", value: 1 }]));
    const [row] = await sql(id, "SELECT length(authors) AS bytes FROM changes");
    expect(Number(row?.["bytes"])).toBeLessThanOrEqual(60);
  });

  test("[V1, R9] of an earlier release has no author or time, and an unreadable one has no patch", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    for (const n of [1, 2, 3]) await room.patchState([{ op: "add", path: "/n", value: n }]);
    await sql(id, "UPDATE changes SET at = NULL, authors = NULL WHERE version = 1");
    await sql(id, "UPDATE changes SET at = 9e99, authors = '{', patch = x'5b' WHERE version = 2");
    const { rows } = await pageOf(id);
    expect(rows.map(({ to, authors }) => [to, authors.length])).toEqual([
      [3, 1],
      [2, 0],
      [1, 0],
    ]);
    expect(rows.map((row) => "at" in row)).toEqual([true, false, false]);
    expect(rows.map(({ patch }) => patch === null)).toEqual([false, true, false]);
    expect(await room.alive()).toBe(true);
  });

  test("[V1, R6] keeps its authors after an eviction", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await room.patchState([{ op: "add", path: "/n", value: 1 }]);
    const before = await pageOf(id);
    await evict(id);
    expect(await pageOf(id)).toEqual(before);
  });
});

describe("the journal", () => {
  test("[V1] is returned newest first, in pages without a gap", async () => {
    const hand = new RoomByHand();
    await hand.call(startRoom, {});
    for (let n = 1; n <= 25; n++) await set(hand, { n });
    const versions: number[] = [];
    let next: number | undefined;
    let pages = 0;
    do {
      const page = await journal(hand, { limit: 10, ...(next !== undefined && { upTo: next }) });
      versions.push(...page.rows.map(({ to }) => to));
      ({ next } = page);
      pages++;
    } while (next !== undefined);
    expect(versions).toEqual(Array.from({ length: 25 }, (_, index) => 25 - index));
    expect(pages).toBe(3);
  });

  test("[V1] has pages of about 1 MiB with at least one row each", async () => {
    const hand = new RoomByHand({ behaviour: { limits: { stateBytes: 8 * 1024 * 1024 } } });
    await hand.call(startRoom, {});
    // A journal may be as large as the state.
    for (let n = 0; n < 3; n++) await set(hand, { [`large${n}`]: "x".repeat(1_500_000) });
    for (let n = 0; n < 4; n++) await set(hand, { text: String(n).repeat(600_000) });
    const first = await journal(hand);
    expect(first.rows.map(({ to }) => to)).toEqual([7]);
    expect(first.next).toBe(6);
    const second = await journal(hand, { upTo: 6, limit: 1 });
    expect(second.rows.map(({ to }) => to)).toEqual([6]);
    expect(second.next).toBe(5);
  });
});

describe("a past state", () => {
  test("[V2] is available for every version, across snapshots, as far as the journal reaches", async () => {
    const hand = new RoomByHand();
    await hand.call(startRoom, {});
    const states = new Map<number, JsonObject>([[0, {}]]);
    for (let n = 1; n <= 12; n++) {
      await set(hand, { n, text: "x".repeat(60_000) + n, [`k${n % 3}`]: n % 2 ? n : null });
      states.set(n, structuredClone((await past(hand, n)).state));
    }
    const { start, version } = await journal(hand);
    expect(start).toBeGreaterThan(0); // snapshots have truncated it
    expect(hand.storage.readHistory().snapshots.length).toBe(2);
    for (let n = start; n <= version; n++)
      expect((await past(hand, n)).state, `version ${n}`).toEqual(states.get(n));
    for (const n of [0, start - 1])
      await expect(past(hand, n)).rejects.toMatchObject({
        code: "changes_gone",
        info: { detail: expect.stringContaining("no longer kept") },
      });
  });

  test("[V2] begins with the empty state in a room that has all its changes", async () => {
    const hand = new RoomByHand();
    await hand.call(startRoom, {});
    expect((await past(hand, 0)).state).toEqual({});
    await set(hand, { n: 1 });
    expect((await past(hand, 0)).state).toEqual({});
    expect((await past(hand, 1)).state).toEqual({ n: 1 });
  });

  test("[V2, W2] does not exist inside a window or for a future version", async () => {
    const hand = new RoomByHand();
    await hand.connect("ada");
    await hand.connect("bob");
    await hand.pass(1000);
    await set(hand, { n: 0 });
    await Promise.all([set(hand, { n: 1 }), set(hand, { n: 2 }), hand.pass(100)]);
    await expect(past(hand, 2)).rejects.toMatchObject({
      code: "changes_gone",
      info: { detail: expect.stringContaining("from version 1 to 3") },
    });
    await expect(past(hand, 4)).rejects.toMatchObject({
      info: { detail: "The room has not reached version 4 yet." },
    });
  });

  test("[V2] over HTTP is 410 if it is not available, and 400 for an invalid version", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await room.updateState(() => ({ ["__proto__x"]: 1, n: 1 }));
    const { epoch } = await room.info();
    const state = { ["__proto__x"]: 1, n: 1 };
    expect(await expectJson(await send("GET", at(id, "/journal/1")), 200)).toEqual({
      epoch,
      version: 1,
      state,
    });
    await expectProblem(await send("GET", at(id, "/journal/2")), 410, "changes_gone");
    for (const version of ["x", "-1", "01", "1.5", "99999999999999999"])
      await expectProblem(await send("GET", at(id, `/journal/${version}`)), 400, "invalid_request");
  });
});
