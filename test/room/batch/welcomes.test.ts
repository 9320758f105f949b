// The welcome is the first message on every socket, with everything that a client needs, whoever else connects at the
// same time and whatever the client has already sent.

import { describe, expect, test } from "vitest";
import type { ClientMessage } from "../../../src/protocol/messages.ts";
import { callsOf, gate, setScript } from "../../fixtures/scripts.ts";
import { useFakeDate } from "../../support/fake-date.ts";
import { env, evict, hookCalled, newId, rooms } from "../../support/core/rooms.ts";
import { TestSession, expectOk } from "../../support/session.ts";
import { collab } from "../../fixtures/worker.ts";
import { connect } from "../../support/core/socket-client.ts";
import { gather, set } from "../../support/core/sessions.ts";

useFakeDate();

describe("a welcome", () => {
  test("[W1] is the first message and complete, with each member as the room itself has it", async () => {
    const { id, room } = await gather("scripted");
    await room.updateState(() => ({ title: "Bridge", tags: ["a"] }));
    await room.join({ id: "bob", name: "Bob" });
    const ada = await connect(id, { id: "ada", name: "Ada", color: "#112233" });
    const { epoch, version } = await room.info();
    expect(ada.frames).toHaveLength(1);
    expect(ada.welcome).toEqual({
      type: "welcome",
      room: id,
      epoch,
      session: expect.stringMatching(/^[0-9a-f-]{36}$/),
      user: (await room.getUsers())[1],
      users: await room.getUsers(),
      presence: await room.getPresence(),
      version,
      scopes: [
        "room:read",
        "room:act",
        "room:write",
        "room:create",
        "presence:write",
        "room:admin",
      ],
      limits: expect.any(Object),
      resumed: false,
      state: { title: "Bridge", tags: ["a"] },
    });
    expect(ada.welcome.users.map((user) => user.id)).toEqual(["bob", "ada"]);
    expect(ada.welcome.presence).toEqual({
      ada: { name: "Ada", color: "#112233", typing: false, status: "online" },
    });
  });

  test("[W1] contains the effective limits of the behaviour and the library", async () => {
    const { sessions } = await gather("small", "ada");
    expect(sessions[0]?.welcome.limits).toEqual({
      frameBytes: 512,
      messagesPerFrame: 100,
      messagesPerSecond: 100,
      bytesPerSecond: 512 * 1024,
      stateBytes: 1024,
      stateDepth: 4,
      patchOperations: 5,
      presenceBytes: 2048,
      pingInterval: 30_000,
      reconnectGrace: 10_000,
    });
  });

  test("[W1, R3] starts an absent room with the behaviour that the client names", async () => {
    const id = newId();
    const ada = await connect(id, { id: "ada" }, { behaviour: "small" });
    expect(ada.welcome).toMatchObject({ version: 0, state: {}, limits: { frameBytes: 512 } });
    expect((await rooms.room(id).info()).behaviour).toBe("small");
  });

  test("[W1, S9] contains keys and ids with a special meaning in JavaScript as data", async () => {
    const { id, room } = await gather("scripted");
    const state = JSON.parse('{"__proto__":{"x":1},"constructor":2,"toString":null}') as object;
    await room.updateState(() => state);
    await connect(id, { id: "__proto__" });
    const bob = await connect(id, { id: "constructor" });
    expect(JSON.stringify(bob.state)).toBe(JSON.stringify(state));
    expect(bob.welcome.users.map((user) => user.id)).toEqual(["__proto__", "constructor"]);
    expect(Object.keys(bob.welcome.presence)).toEqual(["__proto__", "constructor"]);
  });

  test("[W1, U3] of a user's second socket has its own session, and the same user", async () => {
    const { id, sessions } = await gather("scripted", "ada");
    const [first] = sessions;
    const second = await connect(id, { id: "ada" });
    expect(second.welcome.session).not.toBe(first?.welcome.session);
    expect(second.welcome.user).toEqual(first?.welcome.user);
    expect(second.welcome.users).toHaveLength(1);
  });
});

describe("a client that sends messages before it is welcomed", () => {
  /** Connect, and send messages before anything from the room can have arrived. */
  async function connectSpeaking(id: string, ...messages: ClientMessage[]): Promise<TestSession> {
    const session = new TestSession("eager", {});
    const user = encodeURIComponent(JSON.stringify({ id: "eager" }));
    const request = new Request(`https://rooms.test/rooms/${id}/socket?user=${user}`, {
      headers: { upgrade: "websocket" },
    });
    const { webSocket: socket } = await collab.app.fetch(request, env);
    if (socket === null) throw new Error("expected an upgrade");
    socket.addEventListener("message", ({ data }) => session.receive(String(data)));
    socket.addEventListener("close", ({ code, reason }) => session.end({ code, reason }));
    session.open({
      protocol: "",
      send: (data) => socket.send(data),
      close: (code, reason) => socket.close(code, reason),
    });
    socket.accept();
    session.send(...messages); // in the same tick, before anything has arrived
    await session.begin();
    return session;
  }

  test("[W1, W2] gets the welcome first, and then its replies", async () => {
    const { id, room } = await gather("scripted");
    const eager = await connectSpeaking(
      id,
      { type: "update", ref: 1, patch: set("n", 1) },
      { type: "action", ref: 2, name: "look" },
      { type: "broadcast", ref: 3, event: "hello", echo: true },
      { type: "presence", ref: 4, data: { cursor: 1 } },
    );
    await eager.fence();
    expect(eager.messages[0]?.type).toBe("welcome");
    for (const ref of [1, 2, 3, 4])
      expect(eager.messages).toContainEqual(
        expect.objectContaining({ type: "reply", ref, ok: true }),
      );
    expect(eager.state).toEqual({ n: 1 });
    expect(eager.presence).toEqual(await room.getPresence());
  });

  test("[W1, W2] during an open window is welcomed at its end, with what was committed", async () => {
    const { id, room, sessions } = await gather("scripted", "ada");
    const [ada] = sessions;
    const updates = Array.from({ length: 5 }, (_, n) => ada?.update(set(`k${n}`, n)));
    const eager = await connectSpeaking(id, { type: "update", ref: "e", patch: set("e", 1) });
    await Promise.all(updates);
    expectOk(await eager.next("reply"));
    expect(eager.state).toEqual(await room.getState());
    await ada?.fence();
    expect(ada?.state).toEqual(await room.getState());
  });
});

describe("many clients that connect at once", () => {
  test("[W1, W2] are all welcomed, and finally have the same state", async () => {
    const { id, room } = await gather("swift");
    const writer = await connect(id, { id: "writer" });
    const coming = Array.from({ length: 40 }, (_, n) => connect(id, { id: `user${n % 30}` }));
    const writing = Array.from({ length: 40 }, (_, n) => writer.update(set(`k${n}`, n)));
    const all = await Promise.all(coming);
    await Promise.all(writing);
    const [state, users, presence] = await Promise.all([
      room.getState(),
      room.getUsers(),
      room.getPresence(),
    ]);
    await Promise.all([writer, ...all].map((session) => session.fence()));
    for (const session of [writer, ...all]) {
      expect(session.state).toEqual(state);
      expect(session.users).toEqual(users);
      expect(session.presence).toEqual(presence);
    }
    const ids = new Set(all.map(({ welcome }) => welcome.session));
    expect(ids.size).toBe(40);
  });
});

describe("a welcome after a wake", () => {
  test("[W1, R6] is complete as before, and calls no hook but onJoin for the newcomer", async () => {
    const { id, sessions } = await gather("loaded", "ada");
    const [ada] = sessions;
    await ada?.update(set("n", 1));
    await evict(id);
    const calls = callsOf(id).length;
    const bob = await connect(id, { id: "bob" });
    expect(bob.welcome).toMatchObject({
      epoch: ada?.epoch,
      version: 1,
      state: { n: 1 },
      resumed: false,
    });
    expect(bob.welcome.users.map((user) => user.id)).toEqual(["ada", "bob"]);
    expect(Object.keys(bob.welcome.presence)).toEqual(["ada", "bob"]);
    expect(callsOf(id).slice(calls)).toEqual([{ hook: "onJoin", user: "bob" }]);
  });

  test("[W1, R6] is sent to nobody a second time", async () => {
    const { id, sessions } = await gather("scripted", "ada", "bob");
    for (let round = 0; round < 3; round++) {
      await evict(id);
      for (const session of sessions) await session.fence();
    }
    for (const { messages } of sessions)
      expect(messages.filter(({ type }) => type === "welcome")).toHaveLength(1);
  });

  test("[W1, R1] waits for the hook that admits its user", async () => {
    const { id } = await gather("swift");
    const { promise, resolve } = gate();
    setScript(id, { onJoin: () => promise.then(() => ({ ok: { role: "guest" } })) });
    const coming = connect(id, { id: "ada" });
    await hookCalled(id, "onJoin");
    resolve();
    const ada = await coming;
    expect(ada.welcome.user.meta).toEqual({ role: "guest" });
  });
});
