// Actions run in the room's turn, with validated input. They return the caller's result and the next state. Any error
// is reported with a code, and changes nothing.

import { afterEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import {
  defineRoom,
  type Action,
  type JsonObject,
  type JsonValue,
  type RoomHandle,
} from "collab-room";
import { resolveBehaviour } from "../../../src/behaviours/resolve.ts";
import { workerCaller } from "../../../src/protocol/caller.ts";
import { Members } from "../../../src/model/members.ts";
import { JsonDocument } from "../../../src/room/document/json-document.ts";
import { ScheduleRequests } from "../../../src/room/hooks/schedule-requests.ts";
import { later } from "../../../src/cloudflare/later.ts";
import { HookRunner } from "../../../src/room/hooks/hook-runner.ts";
import { MemoryRoomStorage } from "../../../src/storage/memory.ts";
import { gate, hang, setScript, type Script } from "../../fixtures/scripts.ts";
import { evict, failure, failureCode, newId, rooms, stored } from "../../support/core/rooms.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A room with some state, and this action `play`. */
async function playing(
  play: NonNullable<Script["play"]> = () => {},
  behaviour = "scripted",
): Promise<RoomHandle> {
  const id = newId();
  setScript(id, { play });
  const room = await rooms.joinOrCreateRoom(id, { behaviour });
  await room.updateState(() => ({ n: 1, o: { list: [1] } }));
  return room;
}

describe("an action that succeeds", () => {
  test("[S7] changes the state and replies with its result and the version", async () => {
    const room = await playing();
    expect(await room.act("rename", { title: "x" })).toEqual({ result: "renamed", version: 2 });
    expect(await room.getState()).toEqual({ n: 1, o: { list: [1] }, title: "x" });
    await evict(room.id);
    expect(await room.getState()).toEqual({ n: 1, o: { list: [1] }, title: "x" });
  });

  test("[S7, S3] that returns no state changes none", async () => {
    const room = await playing();
    expect(await room.act("look")).toEqual({
      result: { id: room.id, users: 0, version: 1, state: { n: 1, o: { list: [1] } } },
      version: 1,
    });
  });

  test("[S7] that returns nothing has the result null, and so has one that returns only a state", async () => {
    const room = await playing((_, state) => ({ state: { ...state, n: 2 } }));
    expect(await room.act("nothing")).toEqual({ result: null, version: 1 });
    expect(await room.act("play")).toEqual({ result: null, version: 2 });
  });

  test.each<JsonValue>([null, 0, "", false, [], {}, [{ deep: [null] }], "\ud800"])(
    "[S7] can receive the input %j and return it as its result",
    async (value) => {
      const room = await playing((_, __, input) => ({ result: input as JsonValue }));
      expect(await room.act("play", value)).toEqual({ result: value, version: 1 });
    },
  );

  test("[S7] receives {} for a missing payload", async () => {
    const room = await playing((_, __, input) => ({ result: input as JsonValue }));
    expect(await room.act("play")).toMatchObject({ result: {} });
  });

  test("[S7, R1] blocks the room while it waits", async () => {
    const [started, { promise, resolve }] = [gate(), gate()];
    const order: string[] = [];
    const room = await playing(async (_, state) => {
      order.push("action starts");
      started.resolve();
      await promise;
      order.push("action ends");
      return { state: { ...state, n: Number(state["n"]) + 1 } };
    }, "plain"); // whose actions have 5 s
    const acting = room.act("play");
    await started.promise;
    const updating = room.updateState<{ n: number }>((state) => {
      order.push("update");
      return { ...state, n: state.n * 10 };
    });
    await stored(room.id); // a round trip to the object: the update has arrived too
    resolve();
    expect(await Promise.all([acting, updating])).toMatchObject([{ version: 2 }, { version: 3 }]);
    expect(order).toEqual(["action starts", "action ends", "update"]);
    expect(await room.getState()).toMatchObject({ n: 20 });
  });

  test("[S7, T1] counts as activity, whether or not it changes the state", async () => {
    const room = await playing();
    const before = Date.parse((await room.info()).lastActivityAt);
    vi.useFakeTimers({ toFake: ["Date"], now: before + 60_000 });
    await room.act("nothing");
    expect(Date.parse((await room.info()).lastActivityAt)).toBe(before + 60_000);
  });
});

describe("an action that fails", () => {
  const attempts: [string, JsonValue, object][] = [
    ["fail", {}, { code: "action_failed", instance: expect.any(String) }],
    ["vandal", {}, { code: "action_failed", instance: expect.any(String) }],
    ["refuse", {}, { code: "action_refused", reason: "not_today" }],
    ["bad", {}, { code: "invalid_state", detail: "The next state must be a JSON object, got 42." }],
    [
      "hang",
      {},
      {
        code: "call_timeout",
        detail: "hang took longer than 500 ms.",
        instance: expect.any(String),
      },
    ],
    [
      "rename",
      { title: 7 },
      {
        code: "invalid_payload",
        issues: [{ path: "title", message: expect.stringContaining("expected string") }],
      },
    ],
    [
      "rename",
      null,
      { code: "invalid_payload", issues: [{ path: "", message: expect.any(String) }] },
    ],
  ];

  test.each(attempts)(
    "[S7, S2, A6] %s with %j tells its caller only what is allowed, and changes nothing",
    async (name, payload, expected) => {
      const log = vi.spyOn(console, "error").mockImplementation(() => {});
      const room = await playing();
      const before = await stored(room.id);
      const info = await failure(room.act(name, payload));
      expect(info).toEqual(expected);
      expect(JSON.stringify(info)).not.toMatch(/secret|\.ts/);
      expect(await stored(room.id)).toEqual(before);
      expect(await room.act("nothing")).toEqual({ result: null, version: 1 });
      // The log has the entry that the caller's instance refers to.
      const { instance } = info;
      if (instance !== undefined)
        expect(log.mock.calls.filter(([line]) => String(line).includes(instance))).toHaveLength(1);
    },
  );

  test.each([
    "unknown",
    "",
    "constructor",
    "__proto__",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "RENAME",
    "rename ",
  ])("[S7, S9] the name %j is not an action", async (name) => {
    const room = await playing();
    expect(await failure(room.act(name, {}))).toEqual({
      code: "unknown_action",
      detail: expect.stringMatching(/^The room's actions are: (\w+, )*rename(, \w+)*\.$/),
    });
    expect(await room.info()).toMatchObject({ version: 1 });
  });

  test("[S7] every name is unknown in a room whose behaviour has no actions", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "large" });
    expect(await failureCode(room.act("rename", { title: "x" }))).toBe("unknown_action");
  });

  const answers: [string, unknown, string][] = [
    ["a number", 42, "action_failed"],
    ["a string", "done", "action_failed"],
    ["true", true, "action_failed"],
    ["an array", [], "action_failed"],
    ["a result that is not JSON", { result: new Date(0) }, "action_failed"],
    ["a result with a function", { result: { f: () => 1 } }, "action_failed"],
    ["the result NaN", { result: Number.NaN }, "action_failed"],
    ["a result larger than a frame", { result: "x".repeat(256 * 1024) }, "action_failed"],
    ["a valid state with an invalid result", { state: {}, result: 1n }, "action_failed"],
    ["the state null", { state: null }, "invalid_state"],
    ["an array as the state", { state: [] }, "invalid_state"],
    ["a promise as the state", { state: Promise.resolve({}) }, "invalid_state"],
    ["a date in the state", { state: { at: new Date(0) } }, "invalid_state"],
    ["a state over the limit", { state: { text: "x".repeat(1024 * 1024) } }, "too_large"],
  ];

  test.each(answers)(
    "[S7, S2] that returns %s fails, and changes nothing",
    async (_, answer, code) => {
      vi.spyOn(console, "error").mockImplementation(() => {});
      const room = await playing(() => answer as never);
      const before = await stored(room.id);
      expect(await failureCode(room.act("play"))).toBe(code);
      expect(await stored(room.id)).toEqual(before);
      expect(await room.getState()).toEqual({ n: 1, o: { list: [1] } });
    },
  );

  test("[S7, R1] that ends after its timeout changes nothing", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const late = gate();
    const ended = gate();
    const room = await playing(async (_, state) => {
      await late.promise;
      ended.resolve();
      return { state: { ...state, late: true } };
    });
    expect(await failureCode(room.act("play"))).toBe("call_timeout");
    late.resolve();
    await ended.promise;
    expect(await room.act("nothing")).toMatchObject({ version: 1 });
    expect(await room.getState()).toEqual({ n: 1, o: { list: [1] } });
  });
});

describe("the context of an action", () => {
  test("[S1, S7] is deeply frozen, and includes the version", async () => {
    const changes: ((state: { n: number; o: { list: number[] } }) => unknown)[] = [
      (state) => (state.n = 2),
      (state) => state.o.list.push(2),
      (state) => Reflect.deleteProperty(state.o, "list"),
    ];
    const room = await playing(({ state: again, version }, state) => {
      expect(again).toBe(state);
      const done = changes.map((change) => {
        try {
          return change(state as never);
        } catch (error) {
          return (error as Error).name;
        }
      });
      return { state, result: { done, version } as JsonObject };
    });
    expect(await room.act("play")).toEqual({
      result: { done: ["TypeError", "TypeError", false], version: 1 },
      version: 1,
    });
  });

  test("[S7] lists the users, who are frozen too", async () => {
    const room = await playing(({ users }) => ({
      result: users.map((user) => [user.id, Object.isFrozen(user), Object.isFrozen(user.meta)]),
    }));
    for (const id of ["zoe", "ada"]) await room.join({ id });
    expect(await room.act("play")).toMatchObject({
      result: [
        ["zoe", true, true],
        ["ada", true, true],
      ],
    });
  });
});

describe("schemas", () => {
  type Validate = Action["schema"]["~standard"]["validate"];

  /** Run an action with this schema, and return the input it received. */
  async function through(schema: Action["schema"]): Promise<unknown> {
    const run = vi.fn<(...given: unknown[]) => void>();
    const behaviour = defineRoom({ actions: { go: { schema, run } } });
    const hooks = new HookRunner({
      ports: {
        id: "r",
        env: {},
        log: () => {},
        now: () => 0,
        insideHook: (call) => call(),
        newId: () => "id",
        later,
      },
      behaviour: resolveBehaviour("test", behaviour),
      epoch: "e",
      document: JsonDocument.create(new MemoryRoomStorage()),
      members: new Members(),
    });
    try {
      const schedules = { get: () => undefined, all: () => [], size: 0 };
      const resolved = resolveBehaviour("test", behaviour);
      const scheduling = new ScheduleRequests({
        ports: { now: () => 0, newId: () => "id" },
        behaviour: resolved,
        schedules,
        done: [],
      });
      await hooks.act("go", "raw", workerCaller, { presence: () => ({}), scheduling });
    } catch (error) {
      expect(run).not.toHaveBeenCalled();
      throw error;
    }
    return run.mock.calls[0]?.[2];
  }

  const standard = (validate: Validate): Action["schema"] => ({
    "~standard": { version: 1, vendor: "test", validate },
  });

  test("[S7] an action receives the schema's output", async () => {
    expect(await through(z.string().transform((text) => text.length))).toBe(3);
    expect(await through(standard(async (value) => ({ value: [value] })))).toEqual(["raw"]);
  });

  test("[S7] issues contain paths with all kinds of keys", async () => {
    const issues = [
      { message: "here", path: ["list", 0, { key: "name" }] },
      { message: "anywhere" },
    ];
    await expect(through(standard(() => ({ issues })))).rejects.toMatchObject({
      info: {
        code: "invalid_payload",
        issues: [
          { path: "list.0.name", message: "here" },
          { path: "", message: "anywhere" },
        ],
      },
    });
  });

  test.each<[string, Validate]>([
    ["throws", () => expect.unreachable()],
    ["returns nothing", () => undefined as never],
  ])("[S7] a schema that %s fails the action", async (_, validate) => {
    await expect(through(standard(validate))).rejects.toMatchObject({ code: "action_failed" });
  });

  test("[S7, R1] a schema that hangs shares the action's timeout", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const hanging = through(standard(hang));
    const outcome = expect(hanging).rejects.toMatchObject({ code: "call_timeout" });
    await vi.advanceTimersByTimeAsync(5000);
    await outcome;
  });
});
