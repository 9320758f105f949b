// The testing kit by itself: the real room, raw clients and one clock.

import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { defineRoom, CollabError, type RoomBehaviour, type User } from "collab-room";
import type { JoinOptions, TestRoomOptions } from "../../src/testing/options.ts";
import { TestRoom } from "../../src/testing/test-room.ts";
import { RawClient } from "./raw-client.ts";

const minute = 60_000;

const board = defineRoom({
  state: z.object({ notes: z.array(z.string()), votes: z.number() }),
  initialState: { notes: [], votes: 0 },
  actions: (action) => ({
    clear: action(z.object({}), (_room, state) => ({
      state: { ...state, notes: [] },
      result: state.notes.length,
    })),
  }),
});

/** A test room, and a function that joins it with a raw client. */
function open<Behaviour extends RoomBehaviour>(behaviour: Behaviour, options?: TestRoomOptions) {
  const net = new TestRoom(behaviour, options);
  const join = (user: string | User, more?: JoinOptions, query?: Record<string, string>) =>
    new RawClient(net.optionsFor(user, more), query);
  return { net, join };
}

const note = (text: string) =>
  ({ type: "update", patch: [{ op: "add", path: "/notes/-", value: text }] }) as const;
const vote = { type: "update", patch: [{ op: "inc", path: "/votes", by: 1 }] } as const;

afterEach(() => void vi.restoreAllMocks());

describe("[K1] a test room", () => {
  test("connects clients to the real room, whose state they share", async () => {
    const { net, join } = open(board);
    const [ada, bob] = [join("ada"), join({ id: "bob", name: "Bob" })];
    await net.settle();
    void ada.ask(note("milk"));
    await net.settle();
    expect(bob.state).toEqual({ notes: ["milk"], votes: 0 });
    expect(net.state).toEqual(bob.state);
    expect(net.version).toBe(1);
    expect(net.users.map(({ id, ["name"]: name }) => [id, name])).toEqual([
      ["ada", undefined],
      ["bob", "Bob"],
    ]);
    expect(net.isRunning).toBe(true);
  });

  test("converges under lag and jitter, and delivers in order", async () => {
    const { net, join } = open(board, { seed: 7 });
    const clients = ["ada", "bob", "cyd"].map((id) => join(id));
    await net.settle();
    net.lag({ ms: 300, jitter: 250 });
    for (let n = 0; n < 30; n++) {
      for (const client of clients) {
        void client.ask(note(`${n}`));
        void client.ask(vote);
      }
      await net.advance(40);
    }
    await net.settle();
    expect(net.state.votes).toBe(90);
    expect(net.state.notes).toHaveLength(90);
    for (const { state } of clients) expect(state).toEqual(net.state); // the replica rejects a wrong order
  });

  test("takes as long as the connections need", async () => {
    const { net, join } = open(board);
    const [ada, bob] = [join("ada"), join("bob")];
    await net.settle();
    net.lag(300, "ada");
    const start = net.now;
    const reply = ada.ask(vote);
    void reply.then(() => expect(net.now - start).toBe(600));
    await net.settle(reply);
    const seen = bob.messages.find(({ type }) => type === "change");
    expect(seen?.at).toBe(start + 300);
    net.lag(50);
    const again = net.now;
    await net.settle(ada.ask(vote));
    expect(net.now - again).toBeGreaterThanOrEqual(100);
    expect(net.now - again).toBeLessThan(200);
  });

  test("does not advance to distant deadlines when it settles", async () => {
    const { net, join } = open(board);
    join("ada");
    await net.settle();
    expect(net.now).toBe(Date.UTC(2026, 0, 1));
    await net.settle();
    expect(net.now).toBe(Date.UTC(2026, 0, 1));
  });

  test("returns the result of the promise it was given, or says that it needs more time", async () => {
    const { net, join } = open(board);
    const ada = join("ada");
    await net.settle();
    void ada.ask(note("milk"));
    expect(await net.settle(ada.ask({ type: "action", name: "clear" }))).toMatchObject({
      ok: true,
      result: 1,
    });
    await expect(net.settle(new Promise(() => {}))).rejects.toThrow("call advance(ms)");
    await expect(net.settle(Promise.reject(new Error("mine")))).rejects.toThrow("mine");
  });

  test("shares its clock with hooks and with user entries", async () => {
    const seen: number[] = [];
    const { net, join } = open(
      { onJoin: (room) => void seen.push(room.now) },
      { startAt: Date.UTC(2030, 5, 1) },
    );
    join("ada");
    await net.settle();
    await net.advance(minute);
    join("bob");
    await net.settle();
    expect(seen).toEqual([Date.UTC(2030, 5, 1), Date.UTC(2030, 5, 1) + minute]);
    expect(net.users.map(({ joinedAt }) => joinedAt)).toEqual([
      "2030-06-01T00:00:00.000Z",
      "2030-06-01T00:01:00.000Z",
    ]);
  });
});

describe("[K1] a connection", () => {
  test("that is dropped loses messages in transit, and the client resumes once it is back", async () => {
    const { net, join } = open(board);
    const [ada, bob] = [join("ada"), join("bob")];
    await net.settle();
    net.lag(100);
    void ada.ask(note("lost"));
    net.drop("ada");
    await net.settle();
    expect(ada.closes).toEqual([{ code: 1006, reason: "" }]);
    expect(net.state.notes).toEqual([]);
    expect(bob.replica.presence["ada"]?.status).toBe("away");
    void bob.ask(note("milk"));
    await net.settle();
    net.restore("ada");
    await net.settle();
    expect(ada.replica.welcome.resumed).toBe(true);
    expect(ada.state).toEqual({ notes: ["milk"], votes: 0 });
    expect(bob.replica.presence["ada"]?.status).toBe("online");
  });

  test("that is dropped is retried repeatedly, but settle() does not wait for that", async () => {
    const { net, join } = open(board);
    const ada = join("ada");
    await net.settle();
    net.drop("ada");
    await net.settle();
    const { attempts } = ada;
    await net.settle();
    expect(ada.attempts).toBe(attempts);
    await net.advance(2000);
    expect(ada.attempts).toBeGreaterThan(attempts + 2);
  });

  test("that is silent goes unnoticed until the room misses the client's pings", async () => {
    const { net, join } = open(board);
    const [ada, bob] = [join("ada"), join("bob")];
    await net.settle();
    net.drop("ada", { silent: true });
    await net.advance(minute);
    expect(ada.closes).toEqual([]);
    expect(bob.replica.presence["ada"]?.status).toBe("online");
    await net.advance(10 * minute);
    expect(net.users.map(({ id }) => id)).toEqual(["bob"]);
    net.restore("ada");
    await net.settle();
    expect(ada.closes[0]).toEqual({ code: 1006, reason: "" });
    expect(net.users.map(({ id }) => id)).toEqual(["bob", "ada"]);
  });

  test("that is dropped while the client joins leaves no user behind", async () => {
    const gate = Promise.withResolvers<void>();
    const { net, join } = open({ onJoin: () => gate.promise, reconnectGrace: 5000 });
    const ada = join("ada");
    await net.advance(0);
    net.drop("ada");
    gate.resolve();
    await net.settle();
    expect(net.users).toHaveLength(1);
    expect(await net.room.getUser("ada")).toMatchObject({ sessions: 0 });
    await net.advance(5000);
    expect(net.users).toEqual([]);
    expect(ada.closes[0]?.code).toBe(1006);
  });

  test("closes with the given code, in both directions", async () => {
    const { net, join } = open(board);
    const [ada, bob] = [join("ada"), join("bob")];
    await net.settle();
    ada.close(4321, "mine");
    expect(ada.readyState).toBe(2);
    await net.settle();
    expect(ada.readyState).toBe(3);
    expect(ada.closes).toEqual([{ code: 4321, reason: "mine" }]);
    expect(() => bob.close(1001)).toThrow("1000, or with 3000 to 4999");
    bob.send("x".repeat(1_100_000));
    await net.settle();
    expect(bob.closes).toEqual([{ code: 4413, reason: "too_large" }]);
  });

  test("can only be dropped for a user who has joined", () => {
    const { net, join } = open(board);
    join("ada");
    expect(() => net.drop("bob")).toThrow('"bob" has not joined this net; it has ada.');
  });
});

describe("[K1] advance()", () => {
  test("ends a grace period, after which onLeave is called", async () => {
    const left: string[] = [];
    const { net, join } = open({
      reconnectGrace: 10_000,
      onLeave: (_, { id }) => void left.push(id),
    });
    join("ada");
    const bob = join("bob");
    await net.settle();
    bob.close();
    await net.advance(9_999);
    expect([net.users.length, left]).toEqual([2, []]);
    await net.advance(1);
    expect([net.users.length, left]).toEqual([1, ["bob"]]);
  });

  test("stops an empty room after 30 minutes, and the state is kept", async () => {
    const { net, join } = open(board);
    const ada = join("ada");
    await net.settle();
    void ada.ask(vote);
    await net.settle();
    ada.close();
    await net.advance(29 * minute);
    expect(net.isRunning).toBe(true);
    await net.advance(2 * minute);
    expect(net.isRunning).toBe(false);
    expect(net.state).toEqual({ notes: [], votes: 1 });
    expect(net.users).toEqual([]);
  });

  test("keeps a room running as long as somebody in it pings", async () => {
    const { net, join } = open(board);
    const ada = join("ada");
    await net.settle();
    await net.advance(24 * 60 * minute);
    expect(ada.isLive).toBe(true);
    expect(ada.closes).toEqual([]);
  });

  test("reaches the next attempt to save the state", async () => {
    const saved: unknown[] = [];
    let isDown = true;
    const { net, join } = open(
      defineRoom<{ n?: number }>({
        saveRoomState: (_, state) => {
          if (isDown) return { error: "down" };
          saved.push(state);
        },
      }),
    );
    const ada = join("ada");
    await net.settle();
    void ada.ask({ type: "update", patch: [{ op: "add", path: "/n", value: 1 }] });
    await net.settle();
    expect((await net.room.info()).save).toMatchObject({ status: "failing" });
    isDown = false;
    await net.settle();
    expect(saved).toEqual([]);
    await net.advance(2000);
    expect(saved).toEqual([{ n: 1 }]);
    expect(net.log.map(({ event }) => event)).toContain("save_failed");
  });

  test("reaches the timeout of a hook that hangs without waiting in real time", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { net, join } = open({ onJoin: () => new Promise<never>(() => {}), callTimeout: 20_000 });
    const ada = join("ada");
    await net.advance(19_999);
    expect(ada.closes).toEqual([]);
    await net.advance(1);
    await net.settle();
    expect(ada.messages).toMatchObject([{ type: "error", code: "call_timeout" }]);
    expect(console.error).toHaveBeenCalledOnce();
  });

  test("requires a valid number", async () => {
    const { net } = open(board);
    await expect(net.advance(-1)).rejects.toThrow("from 0, got -1");
    await expect(net.advance(Number.NaN)).rejects.toThrow(RangeError);
  });
});

describe("[K1] hooks that wait for real I/O", () => {
  test("are waited for while virtual time stands still", async () => {
    const { net, join } = open({
      onJoin: async () => {
        await readFile(import.meta.filename);
      },
    });
    const ada = join("ada");
    const start = net.now;
    await net.settle();
    expect(ada.isLive).toBe(true);
    expect(net.now).toBe(start);
  });

  test("make settle() fail with a hint if they hang", async () => {
    const gate = Promise.withResolvers<void>();
    const { net, join } = open({ onJoin: () => gate.promise }, { patience: 150 });
    const ada = join("ada");
    await expect(net.settle()).rejects.toThrow(
      "a hook or an action of the room has not answered for 150 ms of real time",
    );
    gate.resolve();
    await net.settle();
    expect(ada.isLive).toBe(true);
  });

  test("may not call the test room that waits for them", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const nets: { settle(): Promise<void> }[] = [];
    const { net, join } = open({ onJoin: () => nets[0]?.settle() });
    nets.push(net);
    const ada = join("ada");
    await net.settle();
    expect(ada.messages).toMatchObject([{ type: "error", code: "hook_failed" }]);
    expect(JSON.stringify(net.log)).toContain("calls its own net");
  });
});

describe("[K1] the object", () => {
  test("that is evicted wakes with the next message, and nobody notices", async () => {
    const { net, join } = open(board);
    const [ada, bob] = [join("ada"), join("bob")];
    await net.settle();
    void ada.ask(note("milk"));
    await net.settle();
    net.evict();
    await net.settle(bob.ask(note("eggs")));
    await net.settle();
    expect(ada.state).toEqual({ notes: ["milk", "eggs"], votes: 0 });
    expect([...ada.closes, ...bob.closes]).toEqual([]);
  });

  test("answers pings without waking", async () => {
    const { net, join } = open(board);
    const ada = join("ada");
    await net.settle();
    net.evict();
    ada.send("ping");
    await net.settle();
    net.evict(); // it has not woken up, so it is not busy either
    await net.advance(20 * minute);
    expect(ada.isLive).toBe(true); // the room has seen the pings
  });

  test("cannot be evicted while it is busy", async () => {
    const gate = Promise.withResolvers<void>();
    const { net, join } = open({ onJoin: () => gate.promise });
    join("ada");
    await net.advance(0);
    expect(() => net.evict()).toThrow("Await settle() before evict()");
    gate.resolve();
    await net.settle();
    net.evict();
  });

  test("that crashes drops its sockets, and clients resume from what was committed", async () => {
    const { net, join } = open(board);
    const [ada, bob] = [join("ada"), join("bob")];
    await net.settle();
    void ada.ask(note("milk"));
    await net.settle();
    net.crash();
    await net.settle();
    expect([...ada.closes, ...bob.closes].map(({ code }) => code)).toEqual([1006, 1006]);
    expect([ada.isLive, bob.isLive]).toEqual([true, true]);
    expect(ada.replica.welcome.resumed).toBe(true);
    expect(bob.state).toEqual({ notes: ["milk"], votes: 0 });
  });

  test("that crashes in a hook discards the result of that hook", async () => {
    const gate = Promise.withResolvers<void>();
    const { net, join } = open(
      defineRoom<{ n: number }>({
        initialState: { n: 0 },
        actions: (action) => ({
          slow: action(z.object({}), async (_, state) => {
            await gate.promise;
            return { state: { n: state.n + 1 } };
          }),
        }),
      }),
    );
    const ada = join("ada");
    await net.settle();
    void ada.ask({ type: "action", name: "slow" });
    await net.advance(0);
    net.crash();
    gate.resolve();
    await net.settle();
    expect(net.state).toEqual({ n: 0 });
    expect(ada.isLive).toBe(true);
    expect(net.log.filter(({ event }) => event === "internal")).toEqual([]);
  });

  test("that crashes still gets its alarm", async () => {
    const left: string[] = [];
    const { net, join } = open({ onLeave: (_, { id }) => void left.push(id) });
    join("ada").close();
    await net.settle();
    const bob = join("bob");
    await net.settle();
    bob.close();
    await net.settle();
    net.crash();
    await net.advance(minute);
    expect(left).toContain("bob");
  });
});

describe("[K1] access", () => {
  test("follows the test room's scopes, which can change at any time", async () => {
    const { net, join } = open(board, { scopes: { bob: ["room:read"] } });
    const ada = join("ada");
    await net.settle();
    const bob = join("bob");
    await net.settle();
    expect(await net.settle(ada.ask(vote))).toMatchObject({ ok: true });
    expect(await net.settle(bob.ask(vote))).toMatchObject({ ok: false, code: "forbidden" });
    await net.setScopes("bob", ["room:read", "room:write"]);
    await net.settle();
    expect(bob.replica.scopes).toEqual(["room:read", "room:write"]);
    expect(await net.settle(bob.ask(vote))).toMatchObject({ ok: true });
    await net.setScopes("bob", []);
    await net.settle();
    expect(bob.closes).toEqual([{ code: 4003, reason: "forbidden" }]);
  });

  test("is decided by the room's onJoin if the client only gives a user", async () => {
    const { net, join } = open(
      {
        onJoin: (_, { id }) => ({ ok: {}, scopes: id === "ada" ? ["room:admin"] : ["room:read"] }),
      },
      { scopes: { ada: null, bob: null } },
    );
    const ada = join("ada");
    await net.settle();
    const bob = join("bob");
    await net.settle();
    expect([ada, bob].map(({ replica }) => replica.scopes)).toEqual([
      ["room:admin"],
      ["room:read"],
    ]);
  });

  test("that is refused is reported to the client, with the code that says whether to come back", async () => {
    const { net, join } = open({ onJoin: () => ({ error: "members_only" }) });
    const ada = join("ada");
    await net.settle();
    expect(ada.messages).toMatchObject([{ code: "join_refused", reason: "members_only" }]);
    expect(ada.closes).toEqual([{ code: 4000, reason: "join_refused" }]);
  });

  test("that is refused closes without a reason if the client did not ask for one", async () => {
    const { net, join } = open(board);
    const ada = join("ada", {}, { refuse: "loudly" });
    await net.advance(0);
    expect(ada.messages.filter(({ type }) => type === "error")).toEqual([]);
    expect(ada.closes).toEqual([{ code: 1006, reason: "" }]);
  });

  test.each([
    [{ since: "1" }, '"since" needs "epoch"'],
    [{ client: "two words" }, '"client" must be'],
    [{ tkn: "x" }, "no parameter tkn"],
    [{ user: "ada" }, "must be URL-encoded JSON of a user"],
  ])("with the query %j is refused as in the Worker", async (query, detail) => {
    const { net, join } = open(board);
    const ada = join("ada", {}, query as Record<string, string>);
    await net.advance(0);
    expect(ada.messages[0]).toMatchObject({ type: "error" });
    expect(JSON.stringify(ada.messages)).toContain(JSON.stringify(detail).slice(1, -1));
  });

  test("ends for a user who is kicked", async () => {
    const { net, join } = open(board);
    const [ada, bob] = [join("ada"), join("bob")];
    await net.settle();
    await net.kick("bob");
    await net.settle();
    expect(bob.closes).toEqual([{ code: 4001, reason: "kicked" }]);
    expect(ada.replica.users.map(({ id }) => id)).toEqual(["ada"]);
  });

  test("comes from tokens if the test room can identify them", async () => {
    const identify = (token: string) => {
      if (token !== "ada-1" && token !== "ada-2") throw new CollabError("invalid_token");
      return { user: { id: "ada" }, scopes: ["room:admin"] as const };
    };
    const { net, join } = open(board, { identify });
    const ada = join("ada", { token: () => "ada-1" });
    const eve = join("eve", { token: () => "stolen" });
    const nobody = join("dan");
    await net.settle();
    expect(ada.isLive).toBe(true);
    expect(eve.closes).toEqual([{ code: 4102, reason: "invalid_token" }]);
    expect(nobody.closes).toEqual([{ code: 4101, reason: "token_required" }]);
    ada.send({ type: "auth", token: "ada-2", ref: 99 });
    await net.settle();
    expect(ada.messages.at(-1)).toMatchObject({ type: "reply", ref: 99, ok: true });
  });
});

describe("[K1] the room handle, as in the Worker", () => {
  test("answers without settle(), and its changes reach the clients with the next one", async () => {
    const { net, join } = open(board);
    const ada = join("ada");
    await net.settle();
    await net.room.updateState((state) => ({ ...state, votes: state.votes + 1 }));
    expect(await net.room.act("clear")).toMatchObject({ result: 0 });
    expect(await net.room.getState()).toEqual({ notes: [], votes: 1 });
    await net.settle();
    expect(ada.state).toEqual({ notes: [], votes: 1 });
  });

  test("starts without a client, and lets users join without a socket", async () => {
    const { net } = open(board);
    expect(await net.room.alive()).toBe(false);
    await net.start({ idleTimeout: 5000 });
    await net.room.join({ id: "zoe" }, { ttl: 2000 });
    expect(net.users.map(({ id }) => id)).toEqual(["zoe"]);
    await net.advance(2000);
    expect(net.users).toEqual([]);
    await net.advance(10_000);
    expect(net.isRunning).toBe(false);
  });

  test("throws the room's refusals", async () => {
    const { net } = open(board);
    await expect(net.room.getState()).rejects.toMatchObject({ code: "room_not_running" });
    await net.start();
    await expect(
      net.room.updateState(() => {
        throw new Error("mine");
      }),
    ).rejects.toMatchObject({ code: "update_failed" });
  });

  test("carries out a call with an idempotency key once", async () => {
    const { net } = open(board);
    await net.start();
    const once = { idempotencyKey: "k-1" };
    await net.room.patchState([{ op: "inc", path: "/votes", by: 1 }], once);
    await net.room.patchState([{ op: "inc", path: "/votes", by: 1 }], once);
    expect(net.state.votes).toBe(1);
  });

  test("can be followed as a stream of changes", async () => {
    const { net } = open(board);
    await net.start();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const change of net.room.changes()) seen.push(change.type);
    })();
    await net.settle();
    await net.room.patchState([{ op: "inc", path: "/votes", by: 1 }]);
    await net.settle();
    expect(seen).toEqual(["state", "change"]);
    await net.room.stop();
    await net.settle(reading);
  });

  test("does not answer while an action hangs, until the action times out", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { net } = open(
      defineRoom({
        callTimeout: 3000,
        actions: (action) => ({ hang: action(z.object({}), () => new Promise<never>(() => {})) }),
      }),
      { patience: 120 },
    );
    await net.start();
    const hanging = net.room.act("hang").catch((error: unknown) => error);
    await net.advance(3000);
    expect(await hanging).toMatchObject({ code: "call_timeout" });
  });
});

describe("[K1] a run", () => {
  /** What happens to clients that edit, are cut off and come back. */
  async function story(seed: number): Promise<string> {
    const { net, join } = open(board, { seed });
    const clients = ["ada", "bob", "cyd"].map((id) => join(id));
    await net.settle();
    net.lag({ ms: 80, jitter: 400 });
    for (let n = 0; n < 10; n++) {
      for (const client of clients) if (client.isLive) void client.ask(note(`${n}`));
      if (n === 3) net.drop("bob");
      if (n === 5) net.crash();
      if (n === 6) net.restore("bob");
      await net.advance(100);
    }
    await net.settle();
    for (const { state } of clients) expect(state).toEqual(net.state);
    return JSON.stringify([net.now, net.log, net.state, clients.map(({ messages }) => messages)]);
  }

  test("with the same seed is identical, down to ids and times", async () => {
    const first = await story(42);
    expect(await story(42)).toBe(first);
    expect(await story(43)).not.toBe(first);
  });

  test("that does not settle says what is still running, and its seed", async () => {
    const { net, join } = open(board, { seed: 1234, maxEvents: 500 });
    const [ada, bob] = [join("ada"), join("bob")];
    await net.settle();
    for (const client of [ada, bob])
      client.onMessage = ({ type }) => {
        if (type === "event") client.send({ type: "broadcast", event: "again" });
      };
    ada.send({ type: "broadcast", event: "first" });
    await expect(net.settle()).rejects.toThrow(
      /after 500 events it is still busy \(seed 1234, at 2026-.*on its way/,
    );
    await expect(net.room.stop()).resolves.toBeUndefined();
  });

  test("with 10 clients and 1,000 updates leaves all of them with the same state", async () => {
    const { net, join } = open(board);
    const clients = Array.from({ length: 10 }, (_, n) => join(`user-${n}`));
    await net.settle();
    for (let n = 0; n < 100; n++) {
      for (const client of clients) void client.ask(vote);
      await net.settle();
      await net.advance(500); // stay within the room's message rate
    }
    expect(net.state.votes).toBe(1000);
    for (const { state } of clients) expect(state).toEqual(net.state);
  });

  test("ends when the test room is closed, and says so", async () => {
    const { net, join } = open(board);
    const ada = join("ada");
    await net.settle();
    net.close();
    expect(() => net.optionsFor("bob")).toThrow("this net is closed. Create another one");
    await expect(net.settle()).rejects.toThrow("closed");
    await expect(net.room.info()).rejects.toThrow("closed");
    ada.close(); // closing a client afterwards does no harm
  });
});

describe("[K1] a page", () => {
  test("reports the events that the test simulates", async () => {
    const { net } = open(board);
    const { environment } = net.optionsFor("ada");
    const events: string[] = [];
    const end = environment?.onPage?.((event) => void events.push(event));
    net.page("ada", "offline");
    expect(environment?.isOnline?.()).toBe(false);
    net.page("ada", "online");
    net.page("ada", "resume");
    expect(environment?.isOnline?.()).toBe(true);
    end?.();
    net.page("ada", "resume");
    expect(events).toEqual(["offline", "online", "resume"]);
  });

  test("asks before it closes while something is unsaved", () => {
    const { net } = open(board);
    const { environment } = net.optionsFor("ada");
    let isUnsaved = false;
    const end = environment?.beforeUnload?.(() => isUnsaved);
    expect(net.warnsBeforeUnload("ada")).toBe(false);
    isUnsaved = true;
    expect(net.warnsBeforeUnload("ada")).toBe(true);
    end?.();
    expect(net.warnsBeforeUnload("ada")).toBe(false);
  });
});

describe("[K1] mistakes", () => {
  test("are named: an unknown behaviour", () => {
    const { net } = open(board, { behaviour: "board" });
    expect(() => net.optionsFor("ada", { behaviour: "bord" })).toThrow(
      'There is no behaviour "bord". This net has default, board',
    );
  });

  test("are named: a state that does not exist yet", () => {
    const { net } = open(board);
    expect(() => net.state).toThrow("it has not been started yet");
    expect(net.users).toEqual([]);
  });

  test("are named: invalid scopes and settings", () => {
    expect(() => new TestRoom(board, { scopes: { bob: ["room:rule" as never] } })).toThrow(
      "scopes must be",
    );
    expect(() => new TestRoom({ maxUsers: 0 })).toThrow("maxUsers");
  });
});
