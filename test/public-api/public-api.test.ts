// The public API: the code that its types accept, and the settings that it refuses when the Worker loads.
// The compiler checks the types; at run time expectTypeOf does nothing.

import {
  action,
  type ActionContext,
  createCollab,
  defineRoom,
  type Behaviours,
  type CollabEnv,
  type CollabError,
  type ErrorCode,
  type JsonObject,
  type JsonValue,
  type RoomBehaviour,
  type RoomContext,
  type RoomHandle,
  type RoomManager,
  type StateOf,
  type User,
  type UserEntry,
} from "collab-room";
import type { Hono } from "hono";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";

describe("a Worker with its own rooms", () => {
  const doc = defineRoom({
    idleTimeout: 15 * 60_000,
    async onJoin(_room, user) {
      return user.id === "eve" ? { error: "room_full" } : { ok: { role: "editor" } };
    },
    async onLeave() {},
    async loadRoomState(room) {
      return room.id === "" ? { error: "no such document" } : { ok: { title: "Untitled" } };
    },
    async saveRoomState() {},
    actions: {
      rename: action(z.object({ title: z.string() }), (_room, state, input) => ({
        state: { ...state, title: input.title },
        result: "renamed",
      })),
    },
  });
  const collab = createCollab({ behaviours: { doc } });

  test("[S7] compiles as documented and gets an app and two classes", () => {
    expectTypeOf(collab.app).toEqualTypeOf<Hono<{ Bindings: CollabEnv }>>();
    expectTypeOf(collab.rooms).toEqualTypeOf<(env: CollabEnv) => RoomManager>();
    expectTypeOf(collab.app).toHaveProperty("fetch");
    expect(typeof collab.app.fetch).toBe("function");
    expect(new Set([collab.CollabRoom, collab.RoomDirectory]).size).toBe(2);
    for (const objects of [collab.CollabRoom, collab.RoomDirectory])
      expect(String(objects)).toMatch(/^class/);
  });

  test("[S7] has typed arguments in hooks and actions", () => {
    defineRoom({
      onJoin(room, user) {
        expectTypeOf(room).toEqualTypeOf<RoomContext>();
        expectTypeOf(room.users).toEqualTypeOf<readonly UserEntry[]>();
        expectTypeOf(room.now).toEqualTypeOf<number>();
        expectTypeOf(user).toEqualTypeOf<User>();
        expectTypeOf(user.id).toEqualTypeOf<string>();
      },
      onLeave(_room, user) {
        expectTypeOf(user).toEqualTypeOf<UserEntry>();
        expectTypeOf(user.joinedAt).toEqualTypeOf<string>();
      },
      saveRoomState(_room, state) {
        expectTypeOf(state).toEqualTypeOf<JsonObject>();
      },
      actions: {
        count: action(z.object({ by: z.coerce.number() }), (room, state, input) => {
          expectTypeOf(room).toEqualTypeOf<ActionContext>();
          expectTypeOf(state).toEqualTypeOf<JsonObject>();
          expectTypeOf(input).toEqualTypeOf<{ by: number }>();
        }),
      },
    });
  });

  test("[S7] may name the types of the state and of the bindings", () => {
    type Poll = { question: string; votes: Record<string, number> };
    type Bindings = CollabEnv & { readonly STORE: string };
    const poll = defineRoom<Poll, Bindings>({
      loadRoomState(room) {
        expectTypeOf(room.env.STORE).toEqualTypeOf<string>();
        expectTypeOf(room.state).toEqualTypeOf<Poll>();
        return { ok: { question: "?", votes: {} } };
      },
      saveRoomState(_room, state) {
        expectTypeOf(state.votes).toEqualTypeOf<Record<string, number>>();
      },
      actions: {
        vote: action(z.string(), (_room, state: Poll, choice) => ({
          state: { ...state, votes: { ...state.votes, [choice]: 1 } },
        })),
      },
    });
    expectTypeOf(poll).toExtend<RoomBehaviour>();
    expectTypeOf<StateOf<typeof poll>>().toEqualTypeOf<Poll>();
    expectTypeOf({ poll }).toExtend<Behaviours>();
    const read = (room: RoomHandle) => room.getState();
    expectTypeOf(read).returns.resolves.toEqualTypeOf<JsonObject>();
    const readPoll = (room: RoomHandle) => room.getState<Poll>();
    expectTypeOf(readPoll).returns.resolves.toEqualTypeOf<Poll>();
    expectTypeOf<RoomHandle["act"]>().returns.resolves.toEqualTypeOf<{
      result: JsonValue;
      version: number;
    }>();
    expectTypeOf<CollabError["code"]>().toEqualTypeOf<ErrorCode>();
  });

  test("[S7] does not compile with mistakes", () => {
    // @ts-expect-error: a hook returns ok or error
    defineRoom({ onJoin: () => ({ accepted: true }) });
    // @ts-expect-error: a reason is a string
    defineRoom({ onJoin: () => ({ error: 5 }) });
    // @ts-expect-error: a loaded state is an object
    defineRoom({ loadRoomState: () => ({ ok: 5 }) });
    // @ts-expect-error: the hook must return a state or an error
    defineRoom({ loadRoomState: () => {} });
    // @ts-expect-error: this setting does not exist
    defineRoom({ idleTimeOut: 5 });
    // @ts-expect-error: an action needs a schema
    defineRoom({ actions: { rename: () => ({}) } });
    // @ts-expect-error: the input has the type of the schema
    action(z.object({ title: z.string() }), (_room, _state, input) => ({ result: input.name }));
    // @ts-expect-error: a result is JSON
    action(z.unknown(), () => ({ result: new Date() }));
    // @ts-expect-error: the state is read-only
    defineRoom({ onJoin: (room) => void (room.state["title"] = "x") });
    // @ts-expect-error: the setting is called retention
    const other: RoomBehaviour = { retain: "keep" };
    expect(other).toBeDefined();
  });
});

describe("settings", () => {
  test.each<[string, RoomBehaviour, string]>([
    ["idleTimeout", { idleTimeout: 0 }, "a whole number from 1 to 31536000000, got 0"],
    ["idleTimeout", { idleTimeout: 1.5 }, "got 1.5"],
    ["idleTimeout", { idleTimeout: Number.NaN }, "got NaN"],
    ["idleTimeout", { idleTimeout: Number.POSITIVE_INFINITY }, "got Infinity"],
    ["idleTimeout", { idleTimeout: "60" as unknown as number }, "got 60"],
    ["callTimeout", { callTimeout: -1 }, "got -1"],
    ["callTimeout", { callTimeout: 25_001 }, "a whole number from 1 to 25000, got 25001"],
    ["maxUsers", { maxUsers: 0 }, "got 0"],
    ["maxUsers", { maxUsers: 2.5 }, "got 2.5"],
    ["retention", { retention: "forever" as "keep" }, '"keep" or "drop"'],
    ["save.debounce", { save: { debounce: -1 } }, "got -1"],
    ["save.maxWait", { save: { maxWait: 0.5 } }, "got 0.5"],
    ["limits.stateBytes", { limits: { stateBytes: 0 } }, "from 1 to 8388608, got 0"],
    ["limits.stateBytes", { limits: { stateBytes: 8 * 1024 * 1024 + 1 } }, "got 8388609"],
    ["limits.stateDepth", { limits: { stateDepth: 257 } }, "from 1 to 256, got 257"],
    ["limits.patchOperations", { limits: { patchOperations: Number.NaN } }, "got NaN"],
    ["limits.frameBytes", { limits: { frameBytes: 1.5 } }, "got 1.5"],
  ])("[S9] with an invalid %s are refused by name: %j", (setting, behaviour, text) => {
    const create = (): unknown => createCollab({ behaviours: { fine: {}, poll: behaviour } });
    expect(create).toThrow(/^behaviour "poll": /);
    expect(create).toThrow(setting);
    expect(create).toThrow(text);
  });

  test.each(["", "a b", "a/b", "é", "a".repeat(65), "poll\n"])(
    "[R2] of a behaviour with the invalid name %j are refused",
    (name) => {
      expect(() => createCollab({ behaviours: { [name]: {} } })).toThrow(TypeError);
      expect(() => createCollab({ behaviours: { [name]: {} } })).toThrow(
        /^behaviour "[^]*": the name must have /,
      );
    },
  );

  test("[R2] may have their largest values, in a behaviour of any valid name", () => {
    const largest: RoomBehaviour = {
      idleTimeout: 365 * 24 * 3_600_000,
      callTimeout: 25_000,
      save: { debounce: 1000, maxWait: 1000 },
      limits: { stateBytes: 8 * 1024 * 1024, stateDepth: 256, patchOperations: 100_000 },
    };
    for (const name of ["constructor", "a.b-c_D9", "a".repeat(64), "default"])
      expect(() => createCollab({ behaviours: { [name]: largest } })).not.toThrow();
    const behaviours = JSON.parse('{"__proto__":{"maxUsers":0}}') as Behaviours;
    expect(() => createCollab({ behaviours })).toThrow('behaviour "__proto__": maxUsers');
  });

  test("[R2] are optional, and so are behaviours", () => {
    expect(() => createCollab()).not.toThrow();
    expect(() => createCollab({})).not.toThrow();
  });
});
