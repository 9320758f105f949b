// Hooks, actions and update functions that call their own room over real RPC. The room waits for them, so such a call
// would wait for itself. It fails at once, whichever way it takes.

import { describe, expect, test } from "vitest";
import type { CollabEnv, HookResult, JsonObject, RoomContext } from "collab-room";
import { collab } from "../fixtures/worker.ts";
import { setScript } from "../fixtures/scripts.ts";
import { env, failure, failureCode, newId, rooms } from "../support/rooms.ts";
import { gather } from "../support/sessions.ts";
import { expectFailed, expectOk, type TestSession } from "../support/session.ts";
import { set } from "../support/session-helpers.ts";

/** The room that a hook belongs to, as its author would get it. */
const own = ({ id, env: bindings }: RoomContext) => collab.rooms(bindings as CollabEnv).room(id);

const upgrade = (room: RoomContext): Promise<unknown> => {
  const url = `https://rooms.test/rooms/${room.id}/socket?user=${encodeURIComponent('{"id":"x"}')}`;
  return Promise.resolve(
    collab.app.fetch(
      new Request(url, { headers: { upgrade: "websocket" } }),
      room.env as CollabEnv,
    ),
  ).then(async (response) => {
    if (response.status !== 101) throw new Error(await response.text());
  });
};

const calls: Record<string, (room: RoomContext) => Promise<unknown>> = {
  getState: (room) => own(room).getState(),
  updateState: (room) => own(room).updateState((state) => state),
  join: (room) => own(room).join({ id: "bob" }),
  leave: (room) => own(room).leave("ada"),
  stop: (room) => own(room).stop(),
  broadcast: (room) => own(room).broadcast("wave"),
  joinOrCreateRoom: (room) => collab.rooms(room.env as CollabEnv).joinOrCreateRoom(room.id),
  "a socket": upgrade,
};

/** The calls made in a hook. A call that succeeded would have waited for itself. */
const inHook =
  (call: (room: RoomContext) => Promise<unknown>) =>
  async (room: RoomContext): Promise<undefined> =>
    void (await call(room));

const reentrant = { code: "reentrant_call", instance: expect.any(String) };

describe("an action that calls its own room", () => {
  test.for(Object.entries(calls))(
    "[B7] by %s fails at once, and nobody is delayed",
    async ([name, call]) => {
      const { id, room, sessions } = await gather("patient", "ada");
      const [ada] = sessions as [TestSession];
      setScript(id, { play: inHook(call) });
      const acting = ada.act("play");
      const updating = room.updateState(() => ({ n: 1 }));
      const reply = expectFailed(
        await acting,
        name === "a socket" ? "action_failed" : "reentrant_call",
      );
      expect(reply.detail).not.toContain("longer than");
      await updating;
      expectOk(await ada.update(set("m", 2)));
    },
  );

  test("[B7, S7] can catch the error and continue", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "patient" });
    setScript(room.id, {
      play: async (context) => ({ result: await failureCode(own(context).getState()) }),
    });
    expect(await room.act("play")).toMatchObject({ result: "reentrant_call" });
  });

  test("[B7] can still call other rooms, which may call theirs", async () => {
    const [first, second, third] = await Promise.all(
      [1, 2, 3].map(() => rooms.joinOrCreateRoom(newId(), { behaviour: "patient" })),
    );
    setScript(first!.id, {
      play: async () => ({ result: (await rooms.room(second!.id).act("play")).result }),
    });
    setScript(second!.id, {
      play: async () => ({ result: await rooms.room(third!.id).getState() }),
    });
    await third!.updateState(() => ({ n: 3 }));
    expect(await first!.act("play")).toMatchObject({ result: { n: 3 } });
  });

  test("[B7] through another room fails at once as well", async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => rooms.joinOrCreateRoom(newId(), { behaviour: "patient" })),
    );
    setScript(first!.id, {
      play: async () => ({ result: (await rooms.room(second!.id).act("play")).result }),
    });
    setScript(second!.id, {
      play: async () => ({ result: await failureCode(rooms.room(first!.id).getState()) }),
    });
    expect(await first!.act("play")).toMatchObject({ result: "reentrant_call" });
  });

  test("[B7] through another room's join or socket fails at once as well", async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => rooms.joinOrCreateRoom(newId(), { behaviour: "patient" })),
    );
    const codes: string[] = [];
    setScript(second!.id, {
      async onJoin() {
        codes.push(await failureCode(rooms.room(first!.id).getState()));
      },
    });
    setScript(first!.id, {
      async play(context) {
        await rooms.room(second!.id).join({ id: "bob" });
        await upgrade({ ...context, id: second!.id });
      },
    });
    await first!.act("play");
    expect(codes).toEqual(["reentrant_call", "reentrant_call"]);
  });
});

describe("another hook that calls its own room", () => {
  test("[B7, U2] in onJoin fails the join", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "patient" });
    setScript(room.id, { onJoin: inHook(calls["getState"]!) });
    expect(await failure(room.join({ id: "ada" }))).toEqual(reentrant);
    expect(await room.getUsers()).toEqual([]);
  });

  test("[B7, R5] in loadRoomState fails the start", async () => {
    const id = newId();
    setScript(id, {
      async loadRoomState(room): Promise<HookResult<JsonObject>> {
        return { ok: await own(room).getState() };
      },
    });
    const starting = rooms.joinOrCreateRoom(id, { behaviour: "patient" });
    expect(await failure(starting)).toMatchObject({ code: "load_failed" });
    expect(await rooms.room(id).alive()).toBe(false);
  });

  test("[B7] does not delay what comes after it", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "patient" });
    setScript(room.id, { onJoin: inHook(calls["updateState"]!) });
    const [joined, updated, listed] = await Promise.all([
      failureCode(room.join({ id: "ada" })),
      room.updateState(() => ({ n: 1 })),
      rooms.joinOrCreateRoom(room.id),
    ]);
    expect([joined, updated.version, await listed.getState()]).toEqual([
      "reentrant_call",
      1,
      { n: 1 },
    ]);
  });
});

describe("an update function that calls its own room", () => {
  test.for(Object.entries(calls).filter(([name]) => name !== "a socket"))(
    "[B7, S2] by %s fails at once, and nobody is delayed",
    async ([, call]) => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "patient" });
      const context = { id: room.id, env } as unknown as RoomContext;
      const updating = failure(
        room.updateState(async () => {
          await call(context);
          return { n: 1 };
        }),
      );
      const joining = room.join({ id: "ada" });
      expect(await updating).toEqual({ code: "reentrant_call" });
      await joining;
      expect(await room.getState()).toEqual({});
    },
  );

  test("[B7, S2] through another room's update function fails at once as well", async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => rooms.joinOrCreateRoom(newId(), { behaviour: "patient" })),
    );
    const updating = first!.updateState(async () => {
      await second!.updateState(async () => first!.getState());
      return {};
    });
    expect(await failure(updating)).toEqual({ code: "reentrant_call" });
  });
});
