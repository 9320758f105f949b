// What operators see of a running room: why it runs and is awake, its timers, its saves, its users and its actions.

import { describe, expect, test } from "vitest";
import type { ActionList, UserInspectionPage } from "collab-room/protocol";
import { allScopes } from "collab-room/protocol";
import * as z from "zod";
import { toJsonSchema } from "../../../src/behaviours/describe.ts";
import { action, defineRoom } from "../../../src/behaviours/define.ts";
import type { RoomBehaviour } from "../../../src/behaviours/behaviour.ts";
import { createCaller } from "../../../src/protocol/caller.ts";
import { callAction } from "../../../src/room/operations/call-action.ts";
import { changeState } from "../../../src/room/operations/change-state.ts";
import { holdPresence } from "../../../src/room/operations/hold-presence.ts";
import { inspectRoom } from "../../../src/room/operations/inspect-room.ts";
import { inspectUsers } from "../../../src/room/operations/inspect-users.ts";
import { joinRoom } from "../../../src/room/operations/join-room.ts";
import { leaveRoom } from "../../../src/room/operations/leave-room.ts";
import { listActions } from "../../../src/room/operations/list-actions.ts";
import { listKicked } from "../../../src/room/operations/list-kicked.ts";
import { setScopes } from "../../../src/room/operations/set-scopes.ts";
import { startRoom } from "../../../src/room/operations/start-room.ts";
import { stopRoom } from "../../../src/room/operations/stop-room.ts";
import { RoomByHand, settle } from "../../support/room-by-hand.ts";

const set = (hand: RoomByHand, json: object) =>
  hand.call(changeState, { kind: "merge", source: { text: JSON.stringify(json) } });

const inspect = (hand: RoomByHand) => hand.call(inspectRoom, undefined);

const users = async (hand: RoomByHand, input: Parameters<typeof inspectUsers.run>[1] = {}) =>
  JSON.parse(await hand.call(inspectUsers, input)) as UserInspectionPage;

const iso = (ms: number): string => new Date(ms).toISOString();

const started = async (behaviour: RoomBehaviour = {}): Promise<RoomByHand> => {
  const hand = new RoomByHand({ behaviour });
  await hand.call(startRoom, {});
  return hand;
};

describe("the inspection of a room", () => {
  test("[V3] shows its version, sizes and limits", async () => {
    const hand = await started({ maxUsers: 5, limits: { stateBytes: 1000 } });
    await set(hand, { title: "ü" });
    await hand.call(joinRoom, { user: { text: '{"id":"ada"}' } });
    const patch = [{ op: "add", path: "/title", value: "ü" }];
    expect(await inspect(hand)).toMatchObject({
      id: "room",
      behaviour: "default",
      version: 1,
      state: { bytes: 14, limit: 1000 },
      journal: { start: 0, rows: 1, bytes: new TextEncoder().encode(JSON.stringify(patch)).length },
      users: { count: 1, limit: 5, kickedOut: 0 },
      sockets: { sessions: 0, streams: 0, traces: 0, limit: 5000 },
      wokeAt: iso(1_000_000),
    });
  });

  test("[V3, T2] shows the idle stop of an empty room, for which the alarm is set", async () => {
    const hand = await started({ idleTimeout: 60_000 });
    await hand.pass(6000);
    await hand.room.ring();
    const at = iso(1_060_000);
    expect(await inspect(hand)).toMatchObject({
      running: [{ why: "idle", until: at }],
      awake: [],
      alarm: { at, for: "idle" },
      timers: [{ name: "idle", at, attempts: 0 }],
    });
    expect(Date.parse((await inspect(hand)).alarm?.at ?? "")).toBe(hand.alarmAt);
  });

  test("[V3, B5] shows the users and scheduled actions that keep it running", async () => {
    const hand = await started({
      actions: {
        later: action(z.unknown(), (room) => void room.schedule("later", {}, room.now + 500_000)),
      },
    });
    await hand.call(callAction, { name: "later", payload: { text: "{}" } });
    await hand.connect("ada");
    const { running, timers } = await inspect(hand);
    expect(running).toEqual([
      { why: "users", count: 1 },
      { why: "schedules", count: 1 },
    ]);
    expect(timers).toContainEqual({ name: "schedule", at: iso(1_500_000), attempts: 0 });
  });

  test("[V3, R1] works while an action hangs and calls wait, and shows which one and since when", async () => {
    const hand = await started({
      callTimeout: 5000,
      actions: { hang: action(z.unknown(), () => new Promise<void>(() => {})) },
    });
    await hand.pass(10);
    const hanging = hand.call(callAction, { name: "hang", payload: { text: "{}" } });
    const waiting = set(hand, { n: 1 });
    await hand.pass(1000);
    const { awake, version } = await inspect(hand);
    expect(awake).toEqual([
      { why: "turn", count: 1 },
      { why: "waiting", count: 1 },
      { why: "call", what: "hang", since: iso(1_000_010) },
    ]);
    expect(version).toBe(0);
    const outcomes = Promise.allSettled([hanging, waiting]);
    await hand.pass(6000);
    await outcomes;
    expect((await inspect(hand)).awake.map(({ why }) => why)).not.toContain("call");
  });

  test("[V3] shows messages that wait for the end of a window", async () => {
    const hand = new RoomByHand();
    await hand.connect("ada");
    await hand.connect("bob");
    await hand.pass(1000);
    await set(hand, { n: 1 });
    const second = [set(hand, { n: 2 }), set(hand, { n: 3 })];
    await settle();
    expect((await inspect(hand)).awake.map(({ why }) => why)).toContain("flush");
    await Promise.all([...second, hand.pass(100)]);
    expect((await inspect(hand)).awake).toEqual([]);
  });

  test("[V3, S8] shows the last save, and for a failing one since when, why, and the next attempt", async () => {
    let answer: { error: string } | undefined;
    const hand = await started({ saveRoomState: () => answer });
    await set(hand, { n: 1 });
    await settle();
    const saved = iso(hand.now);
    expect((await inspect(hand)).save).toEqual({ status: "saved", savedAt: saved, attempts: 0 });
    answer = { error: "the database is away" };
    await hand.pass(500);
    const failing = iso(hand.now);
    await set(hand, { n: 2 });
    await settle();
    expect((await inspect(hand)).save).toEqual({
      status: "failing",
      error: "save_failed",
      reason: "the database is away",
      savedAt: saved,
      failingSince: failing,
      attempts: 1,
      dueAt: iso(hand.alarmAt ?? 0),
    });
    answer = undefined;
    await hand.pass(5000);
    await hand.room.ring();
    await settle();
    expect((await inspect(hand)).save).toEqual({
      status: "saved",
      savedAt: iso(hand.now),
      attempts: 0,
    });
  });

  test("[V3, A6] shows only the log entry of an error that a save has thrown", async () => {
    const hand = await started({
      saveRoomState: () => {
        throw new Error("postgres://user:s3cret@host");
      },
    });
    await set(hand, { n: 1 });
    await settle();
    const inspection = await inspect(hand);
    expect(inspection.save).toMatchObject({
      error: "save_failed",
      instance: expect.stringMatching(/^[\da-f-]{36}$/),
    });
    expect(JSON.stringify(inspection)).not.toContain("s3cret");
  });

  test("[V3, R7] shows a stop that waits for a save", async () => {
    const hand = await started({ saveRoomState: () => ({ error: "down" }) });
    await set(hand, { n: 1 });
    await expect(hand.call(stopRoom, { purge: false })).rejects.toMatchObject({
      code: "save_failed",
    });
    expect((await inspect(hand)).running).toContainEqual({ why: "stopping" });
  });

  test("[V3, R4] is refused while the room does not run, and to callers without room:admin", async () => {
    const hand = new RoomByHand();
    await expect(inspect(hand)).rejects.toMatchObject({ code: "room_not_running" });
    const scopes = allScopes.filter((scope) => scope !== "room:admin");
    const eve = createCaller({ door: "http", user: { id: "eve" }, scopes });
    await expect(hand.call(inspectRoom, undefined, eve)).rejects.toMatchObject({
      code: "forbidden",
    });
  });

  test("[V3, S3] writes nothing, however often it is requested", async () => {
    const hand = await started();
    await hand.connect("ada");
    await hand.pass(10_000);
    const before = structuredClone([hand.storage.readTimers(), hand.storage.readRoom()]);
    for (let n = 0; n < 5; n++) {
      await inspect(hand);
      await users(hand);
      await hand.pass(60_000);
    }
    expect([hand.storage.readTimers(), hand.storage.readRoom()]).toEqual(before);
    expect(await hand.isAwake()).toBe(false);
  });
});

describe("the users in an inspection", () => {
  test("[V4] have their sessions, with scopes and the times when they were opened and last heard", async () => {
    const hand = new RoomByHand();
    const ada = await hand.connect("ada");
    await hand.pass(1000);
    await hand.room.receive(ada, '{"type":"touch"}');
    await hand.pass(500);
    const { users: found, total } = await users(hand);
    expect(total).toBe(1);
    expect(found).toEqual([
      {
        id: "ada",
        user: expect.objectContaining({ id: "ada", seq: 1 }),
        sessions: [
          {
            id: expect.any(String),
            state: "live",
            scopes: allScopes,
            openedAt: iso(1_000_000),
            heardAt: iso(1_001_000),
            unread: expect.any(Number),
          },
        ],
      },
    ]);
    await hand.call(setScopes, { userId: "ada", scopes: ["room:read"] });
    expect((await users(hand)).users[0]).toMatchObject({
      scopes: ["room:read"],
      sessions: [{ scopes: ["room:read"] }],
    });
  });

  test("[V4, U6, U7, P4] have the ends of their grace period, lease and held presence", async () => {
    const hand = new RoomByHand({ behaviour: { reconnectGrace: 10_000 } });
    const ada = await hand.connect("ada");
    await hand.call(joinRoom, { user: { text: '{"id":"bot"}' }, ttl: 30_000 });
    await hand.call(holdPresence, { userId: "bot", data: { text: "{}" }, ttl: 5000 });
    await hand.room.socketClosed(ada, 1001);
    const [first, second] = (await users(hand)).users;
    expect(first).toMatchObject({ id: "ada", sessions: [], graceUntil: iso(hand.now + 10_000) });
    expect(second).toMatchObject({
      id: "bot",
      leaseUntil: iso(hand.now + 30_000),
      presenceUntil: iso(hand.now + 5000),
    });
    expect(first).not.toHaveProperty("leaseUntil");
    await hand.connect("ada");
    expect((await users(hand)).users[0]).not.toHaveProperty("graceUntil");
  });

  test("[V4, A9] are listed while they are banned, even after the room has stopped", async () => {
    const hand = await started();
    await hand.call(joinRoom, { user: { text: '{"id":"eve"}' } });
    await hand.call(leaveRoom, { userId: "eve", banFor: 60_000 });
    const until = iso(hand.now + 60_000);
    expect((await users(hand, { user: "eve" })).users).toEqual([
      { id: "eve", sessions: [], kickedUntil: until },
    ]);
    expect((await inspect(hand)).users.kickedOut).toBe(1);
    expect(await hand.call(listKicked, undefined)).toEqual([{ userId: "eve", until }]);
    await hand.call(stopRoom, { purge: false });
    expect(await hand.call(listKicked, undefined)).toEqual([{ userId: "eve", until }]);
    await hand.pass(60_001);
    expect(await hand.call(listKicked, undefined)).toEqual([]);
  });

  test("[V4, N2] are returned in pages in join order, or one alone", async () => {
    const hand = await started();
    const ids = Array.from({ length: 7 }, (_, index) => `user-${index}`);
    for (const id of ids) await hand.call(joinRoom, { user: { text: JSON.stringify({ id }) } });
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await users(hand, { limit: 3, cursor });
      found.push(...page.users.map(({ id }) => id));
      expect(page.total).toBe(7);
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(found).toEqual(ids);
    expect((await users(hand, { user: "user-4" })).users.map(({ id }) => id)).toEqual(["user-4"]);
    await expect(users(hand, { user: "nobody" })).rejects.toMatchObject({
      code: "user_not_found",
    });
  });
});

describe("the actions of a room", () => {
  test("[V5] are listed with the JSON Schemas and descriptions of their inputs", async () => {
    const behaviour = defineRoom({
      state: z.looseObject({ title: z.string().optional() }),
      writes: "actions",
      actions: {
        rename: action(
          z.object({ title: z.string().max(9).describe("The new one") }).describe("Rename it."),
          () => {},
        ),
        move: action(z.object({ at: z.date(), n: z.string().transform(Number) }), () => {}),
        other: action(
          { "~standard": { version: 1, vendor: "mine", validate: (value) => ({ value }) } },
          () => {},
        ),
      },
    });
    const hand = await started(behaviour);
    const list = JSON.parse(await hand.call(listActions, undefined)) as ActionList;
    expect(list).toMatchObject({
      behaviour: "default",
      writes: "actions",
      state: { type: "object", properties: { title: { type: "string" } } },
    });
    const [rename, move, other] = list.actions;
    expect(rename).toMatchObject({
      name: "rename",
      description: "Rename it.",
      input: {
        type: "object",
        properties: { title: { type: "string", maxLength: 9, description: "The new one" } },
        required: ["title"],
      },
    });
    expect(move).toMatchObject({ input: { properties: { at: {}, n: { type: "string" } } } });
    expect(other).toEqual({ name: "other", input: null });
  });

  test("[V5] have no JSON Schema if the library throws or returns something other than a JSON object", () => {
    const schemaOf = (input: () => unknown) => ({
      "~standard": {
        version: 1 as const,
        vendor: "mine",
        validate: (value: unknown) => ({ value }),
        jsonSchema: { input },
      },
    });
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(toJsonSchema(schemaOf(() => ({ type: "object" })))).toEqual({ type: "object" });
    for (const input of [
      () => circle,
      () => "object",
      () => [],
      () => null,
      () => undefined,
      () => {
        throw new Error("not supported");
      },
    ])
      expect(toJsonSchema(schemaOf(input))).toBeNull();
  });
});
