// A room from the application's point of view: the real client in the real room, on virtual connections.

import * as z from "zod";
import { describe, expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { connectRoom } from "../../../src/client/connect.ts";
import { insertText } from "../../../src/client/document/intents.ts";
import { RoomError } from "../../../src/client/room-error.ts";
import type { RoomEvent, StaleEdits } from "../../../src/client/types.ts";
import { createTestRoom, type TestRoom, type TestRoomOptions } from "../../../src/testing/index.ts";

const note = z.object({ id: z.string(), text: z.string() });

const board = defineRoom({
  state: z.object({ notes: z.array(note), title: z.string().max(20), done: z.array(z.string()) }),
  initialState: { notes: [], title: "Board", done: [] },
  onJoin: (_room, user) => (user.id === "mallory" ? { error: "banned" } : { ok: {} }),
  actions: (action) => ({
    finish: action(z.object({ id: z.string() }), (_room, state, { id }) =>
      id === "never"
        ? { error: "not_today" }
        : { state: { ...state, done: [...state.done, id] }, result: state.done.length + 1 },
    ),
    given: action(z.json(), (_room, _state, input) => ({ result: input })),
  }),
});

function open(options: TestRoomOptions = {}): TestRoom<typeof board> {
  const net = createTestRoom(board, options);
  onTestFinished(() => net.close());
  return net;
}

async function two() {
  const net = open();
  const [ada, bob] = [net.join("ada"), net.join("bob")];
  await net.settle(Promise.all([ada.ready, bob.ready]));
  return { net, ada, bob };
}

const texts = (room: {
  readonly state: { readonly notes: readonly { readonly text: string }[] };
}) => room.state.notes.map(({ text }) => text);

describe("an edit", () => {
  test("[C3] is shown at once, and is committed a moment later", async () => {
    const { net, ada, bob } = await two();
    net.lag(100);
    const { committed } = ada.update(({ notes }) => notes.push({ id: "1", text: "milk" }));
    expect(texts(ada)).toEqual(["milk"]);
    expect(ada.saved).toMatchObject({ state: "saving", count: 1 });
    expect(await net.settle(committed)).toEqual({ version: 1, dropped: [] });
    expect(ada.saved).toEqual({ state: "saved" });
    expect(texts(bob)).toEqual(["milk"]);
  });

  test("[C3] never flickers: it is in everything shown between the keystroke and its confirmation", async () => {
    const { net, ada, bob } = await two();
    net.lag({ ms: 80, jitter: 40 });
    const shown: string[][] = [];
    ada.subscribe(() => shown.push(texts(ada)));
    ada.update(({ notes }) => notes.push({ id: "1", text: "mine" }));
    bob.update(({ notes }) => notes.unshift({ id: "2", text: "Bob's" }));
    await net.settle();
    expect(shown.length).toBeGreaterThan(2);
    for (const each of shown) expect(each.filter((text) => text === "mine")).toEqual(["mine"]);
    expect(shown.at(-1)).toEqual(["Bob's", "mine"]);
  });

  test("[C3] keeps the objects that it has not touched, also when it is confirmed", async () => {
    const { net, ada } = await two();
    ada.update((draft) => draft.notes.push({ id: "1", text: "milk" }, { id: "2", text: "eggs" }));
    const [milk, eggs] = ada.state.notes;
    await net.settle();
    expect(ada.state.notes[0]).toBe(milk);
    ada.update(({ notes }) => insertText(notes[0] as { text: string }, "text", 0, "oat "));
    await net.settle();
    expect(ada.state.notes[1]).toBe(eggs);
    expect(texts(ada)).toEqual(["oat milk", "eggs"]);
  });

  test("[C3] of somebody else causes one notification, however many changes a frame has", async () => {
    const { net, ada, bob } = await two();
    let notified = 0;
    ada.subscribe(() => notified++);
    for (let n = 0; n < 20; n++)
      bob.update(({ notes }) => notes.push({ id: `${n}`, text: `${n}` }));
    await net.settle();
    expect(texts(ada)).toHaveLength(20);
    expect(notified).toBe(1);
  });

  test("[C4] that the room refuses is reverted, and its promise and the event give the reason", async () => {
    const { net, ada } = await two();
    const refused: string[] = [];
    ada.on("refused", ({ problem }) => refused.push(problem.code));
    const { committed } = ada.update((draft) => (draft.title = "x".repeat(21)));
    const after = ada.update(({ notes }) => notes.push({ id: "1", text: "fine" }));
    const outcome = committed.catch((error: unknown) => error);
    await net.settle();
    expect(await outcome).toMatchObject({
      code: "invalid_state",
      problem: { issues: [{ path: "title" }] },
    });
    expect(await outcome).toBeInstanceOf(RoomError);
    expect(await after.committed).toMatchObject({ version: 1 });
    expect(refused).toEqual(["invalid_state"]);
    expect(ada.state).toMatchObject({ title: "Board", notes: [{ text: "fine" }] });
    expect(ada.history.canUndo).toBe(true);
  });

  test("[C4] reports which of its operations others have made impossible", async () => {
    const { net, ada, bob } = await two();
    ada.update(({ notes }) => notes.push({ id: "1", text: "milk" }, { id: "2", text: "eggs" }));
    await net.settle();
    net.lag(100);
    bob.update(({ notes }) => notes.shift());
    const { committed } = ada.update(({ notes }) => {
      for (const each of notes) insertText(each, "text", 0, "- ");
    });
    expect(await net.settle(committed)).toMatchObject({ dropped: [0] });
    expect(texts(ada)).toEqual(["- eggs"]);
  });

  test("[C1] whose recipe throws, or is asynchronous, changes nothing and sends nothing", async () => {
    const { net, ada } = await two();
    const before = ada.getSnapshot();
    expect(() =>
      ada.update((draft) => {
        draft.title = "half";
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(() => ada.update(async (draft) => void (draft.title = "later"))).toThrow(/asynchronous/);
    expect(ada.getSnapshot()).toBe(before);
    expect(ada.saved).toEqual({ state: "saved" });
    await net.settle();
    expect(net.version).toBe(0);
  });

  test("[C4] that changes nothing is committed at once", async () => {
    const { ada } = await two();
    expect(await ada.update(() => {}).committed).toEqual({ version: 0, dropped: [] });
  });

  test("[A3] without the scope is refused at once, without asking the room", async () => {
    const net = open({ scopes: { eve: ["room:read"] } });
    await net.start();
    const eve = net.join("eve");
    expect(() => eve.update(() => {})).toThrow(/has not answered yet/);
    await net.settle(eve.ready);
    expect(eve.can("room:write")).toBe(false);
    expect(() => eve.update((draft) => (draft.title = "x"))).toThrow(/needs the scope room:write/);
    await expect(eve.action("finish", { id: "1" })).rejects.toMatchObject({ code: "forbidden" });
  });

  test("[C4] is never refused because of the rate of edits", async () => {
    const { net, ada, bob } = await two();
    const refused: unknown[] = [];
    ada.on("refused", (each) => refused.push(each));
    ada.on("problem", (each) => refused.push(each));
    for (let n = 0; n < 1000; n++) {
      ada.update((draft) => (draft.title = `${n}`));
      if (n % 50 === 0) await net.advance(10);
    }
    await net.advance(10_000);
    expect({ refused, saved: ada.saved, title: bob.state.title }).toEqual({
      refused: [],
      saved: { state: "saved" },
      title: "999",
    });
  });
});

describe("an action", () => {
  test("[C4] receives {} if its caller passes nothing, and null if the caller passes null", async () => {
    const { net, ada } = await two();
    expect(await net.settle(ada.action("given"))).toEqual({});
    const optimistic = (): void => {};
    expect(await net.settle(ada.action("given", undefined, { optimistic }))).toEqual({});
    expect(await net.settle(ada.action("given", null))).toBeNull();
  });

  test("[C4] returns its result to the caller, or rejects with the room's reason", async () => {
    const { net, ada } = await two();
    expect(await net.settle(ada.action("finish", { id: "1" }))).toBe(1);
    const refused = ada.action("finish", { id: "never" }).catch((error: unknown) => error);
    await net.settle();
    expect(await refused).toMatchObject({
      code: "action_refused",
      message: expect.stringContaining("not_today"),
      problem: { reason: "not_today" },
    });
  });

  test("[C3] with an optimistic recipe is shown at once, on top of others' edits, until it is committed", async () => {
    const { net, ada, bob } = await two();
    net.lag(100);
    const shown: (readonly string[])[] = [];
    ada.subscribe(() => shown.push(ada.state.done));
    const optimistic = (draft: { done: string[] }): void => void draft.done.push("mine");
    const answer = ada.action("finish", { id: "mine" }, { optimistic });
    expect(ada.state.done).toEqual(["mine"]);
    void bob.action("finish", { id: "Bob's" });
    await net.settle(answer);
    expect(shown.every((each) => each.filter((id) => id === "mine").length === 1)).toBe(true);
    expect(new Set(ada.state.done)).toEqual(new Set(["mine", "Bob's"]));
    expect(ada.state).toEqual(bob.state);
  });

  test("[C3] that is refused has its optimistic change reverted", async () => {
    const { net, ada } = await two();
    const optimistic = (draft: { done: string[] }): void => void draft.done.push("never");
    const refused = ada.action("finish", { id: "never" }, { optimistic }).catch(() => "refused");
    expect(ada.state.done).toEqual(["never"]);
    await net.settle();
    expect(await refused).toBe("refused");
    expect(ada.state.done).toEqual([]);
  });
});

describe("people and events", () => {
  test("[P1] presence of others arrives at the room's rate, and the last one always", async () => {
    const { net, ada, bob } = await two();
    for (let x = 0; x <= 200; x++) {
      ada.setPresence({ cursor: { x } });
      await net.advance(1);
    }
    await net.advance(200);
    expect(bob.others).toMatchObject([{ id: "ada", presence: { cursor: { x: 200 } } }]);
    expect(ada.self.presence).toMatchObject({ cursor: { x: 200 } });
    expect(ada.counts).toMatchObject({ users: 2, online: 2 });
  });

  test("[W4] an event reaches the others, and its sender only on request", async () => {
    const { net, ada, bob } = await two();
    const heard: [string, RoomEvent][] = [];
    ada.on("event", (event) => heard.push(["ada", event]));
    const end = bob.on("event", (event) => heard.push(["bob", event]));
    await net.settle(ada.broadcast("wave", { n: 1 }));
    await net.settle(ada.broadcast("wave", { n: 2 }, { echo: true }));
    expect(heard.map(([who, { payload }]) => [who, payload])).toEqual([
      ["bob", { n: 1 }],
      ["ada", { n: 2 }],
      ["bob", { n: 2 }],
    ]);
    expect(heard[0]?.[1]).toMatchObject({ event: "wave", from: "ada" });
    end();
    await net.settle(ada.broadcast("wave"));
    expect(heard).toHaveLength(3);
  });

  test("[W4] an event without a connection is refused, and not queued", async () => {
    const { net, ada } = await two();
    net.drop("ada");
    await net.settle();
    await expect(ada.broadcast("wave")).rejects.toMatchObject({ code: "room_unavailable" });
  });

  test("[A8] scopes that change while connected apply to the client at once", async () => {
    const { net, ada } = await two();
    await net.setScopes("ada", ["room:read"]);
    await net.settle();
    expect(ada.scopes).toEqual(["room:read"]);
    expect(() => ada.update(() => {})).toThrow(/room:write/);
  });
});

describe("a dropped connection", () => {
  test("[C4] loses no edit, and repeats none", async () => {
    const { net, ada, bob } = await two();
    net.lag(50);
    ada.update(({ notes }) => notes.push({ id: "1", text: "sent" }));
    await net.advance(60); // the room has the edit, and its reply is in transit
    net.drop("ada");
    ada.update(({ notes }) => notes.push({ id: "2", text: "made offline" }));
    bob.update(({ notes }) => notes.unshift({ id: "3", text: "Bob's" }));
    await net.advance(1000);
    expect(ada.saved).toMatchObject({ state: "unsaved", reason: "disconnected", count: 2 });
    expect(texts(ada)).toEqual(["sent", "made offline"]);
    net.restore("ada");
    await net.advance(15_000);
    expect(texts(ada)).toEqual(["sent", "Bob's", "made offline"]);
    expect(ada.state).toEqual(bob.state);
    expect(ada.saved).toEqual({ state: "saved" });
  });

  test("[C7] that lasts long leaves old edits to the application, which can apply them", async () => {
    const net = open();
    const ada = net.join("ada", { maxOfflineAge: 60_000 });
    await net.settle(ada.ready);
    const stale: StaleEdits[] = [];
    ada.on("stale", (edits) => stale.push(edits));
    net.drop("ada");
    const old = ada.update(({ notes }) => notes.push({ id: "1", text: "old" }));
    await net.advance(61_000);
    const young = ada.update((draft) => (draft.title = "young"));
    net.restore("ada");
    await net.advance(40_000);
    expect(await young.committed).toMatchObject({ dropped: [] });
    expect(stale).toMatchObject([{ why: "age", count: 1 }]);
    expect(ada.saved).toMatchObject({ state: "unsaved", reason: "stale", count: 1 });
    expect(texts(ada)).toEqual(["old"]);
    expect(net.state.notes).toEqual([]);
    stale[0]?.apply();
    await net.settle(old.committed);
    expect(net.state).toMatchObject({ title: "young", notes: [{ text: "old" }] });
  });

  test("[C7] that lasts long leaves old edits to the application, which can discard them", async () => {
    const net = open();
    const ada = net.join("ada", { maxOfflineAge: 60_000 });
    await net.settle(ada.ready);
    ada.on("stale", ({ discard }) => discard());
    net.drop("ada");
    const old = ada
      .update(({ notes }) => notes.push({ id: "1", text: "old" }))
      .committed.catch((error: RoomError) => error.code);
    await net.advance(61_000);
    net.restore("ada");
    await net.advance(40_000);
    expect(await old).toBe("request_forgotten");
    expect({ notes: ada.state.notes, saved: ada.saved }).toEqual({
      notes: [],
      saved: { state: "saved" },
    });
    expect(ada.history.canUndo).toBe(false);
  });

  test("[C7] that lasts long holds back only the old edits and those made on top of them", async () => {
    const net = open();
    const ada = net.join("ada", { maxOfflineAge: 60_000 });
    await net.settle(ada.ready);
    const stale: StaleEdits[] = [];
    ada.on("stale", (edits) => stale.push(edits));
    net.drop("ada");
    ada.update(({ notes }) => notes.push({ id: "1", text: "old" }));
    await net.advance(61_000);
    ada.update(({ notes }) => insertText(notes[0]!, "text", 0, "not so "));
    ada.update(({ notes }) => insertText(notes[0]!, "text", 0, "really "));
    const free = ada.update((draft) => (draft.title = "free"));
    // The room itself decides what an action does, so the action is not held back.
    const optimistic = ({ notes }: { notes: { text: string }[] }): void =>
      insertText(notes[0]!, "text", 0, "finished: ");
    const action = ada.action("finish", { id: "1" }, { optimistic });
    net.restore("ada");
    await net.advance(40_000);
    expect(await free.committed).toMatchObject({ dropped: [] });
    expect(await action).toBe(1);
    expect(net.state).toEqual({ notes: [], title: "free", done: ["1"] });
    expect(texts(ada)).toEqual(["really not so old"]);
    stale[0]?.apply();
    await net.settle();
    expect(texts(net)).toEqual(["really not so old"]);
    expect(ada.saved).toEqual({ state: "saved" });
  });

  test("[C7] during a purge leaves edits with unknown outcome to the application", async () => {
    const { net, ada } = await two();
    const stale: StaleEdits[] = [];
    ada.on("stale", (edits) => stale.push(edits));
    net.lag(50);
    const sent = ada.update(({ notes }) => notes.push({ id: "1", text: "sent" }));
    await net.advance(60);
    net.drop("ada");
    await net.advance(100);
    await net.settle(net.room.stop({ purge: true }));
    net.restore("ada");
    ada.reconnect();
    await net.advance(15_000);
    expect(stale).toMatchObject([{ why: "unknown", count: 1 }]);
    expect(texts(ada)).toEqual([]);
    stale[0]?.apply();
    expect(texts(ada)).toEqual(["sent"]);
    await net.settle(sent.committed);
    expect(net.state.notes).toMatchObject([{ text: "sent" }]);
  });
});

describe("a refusal", () => {
  test("[A10] on join closes the room for good, with the reason, and rejects `ready`", async () => {
    const net = open();
    const mallory = net.join("mallory");
    const failed = mallory.ready.catch((error: unknown) => error);
    await net.settle();
    expect(await failed).toMatchObject({ code: "join_refused", problem: { reason: "banned" } });
    expect(mallory.status).toMatchObject({ state: "closed", problem: { code: "join_refused" } });
    await net.advance(120_000);
    expect(mallory.status.state).toBe("closed");
  });

  test("[U1] of a client without a user or a token says what to pass", async () => {
    const net = open();
    const { user: _user, ...options } = net.optionsFor("ada");
    const room = connectRoom(options);
    const failed = room.ready.catch((error: unknown) => error);
    await net.settle();
    const message = "No user is named. Pass a `user`, or a `token` that names one.";
    expect(await failed).toMatchObject({ code: "invalid_user", message });
  });

  test("[A9] by a kick closes the room for good", async () => {
    const { net, ada } = await two();
    await net.kick("ada");
    await net.settle();
    expect(ada.status).toMatchObject({ state: "closed", code: 4001 });
  });
});

describe("leaving", () => {
  test("[U4] is final, and others see it at once", async () => {
    const { net, ada, bob } = await two();
    ada.leave();
    await net.settle();
    expect(ada.status).toEqual({ state: "closed", code: 1000, reason: "left", problem: null });
    expect(bob.others).toEqual([]);
  });

  test("[U3] differs from disconnecting, after which the user returns to the same membership", async () => {
    const { net, ada, bob } = await two();
    ada.disconnect();
    await net.settle();
    expect(bob.others).toMatchObject([{ id: "ada", presence: { status: "away" } }]);
    ada.reconnect();
    await net.settle();
    expect(bob.others).toMatchObject([{ id: "ada", presence: { status: "online" } }]);
  });
});

describe("[C8] hostile data", () => {
  test("such as keys with a special meaning elsewhere is treated as data", async () => {
    const net = createTestRoom(
      defineRoom<{ o: Record<string, number> }>({ initialState: { o: {} } }),
    );
    onTestFinished(() => net.close());
    const [ada, bob] = [net.join("ada"), net.join("bob")];
    await net.settle();
    for (const key of ["__proto__", "constructor", "toString", "a/b", "~", ""])
      ada.update((draft) => void Reflect.set(draft.o, key, 1));
    await net.settle();
    expect(Object.keys(bob.state.o)).toEqual([
      "__proto__",
      "constructor",
      "toString",
      "a/b",
      "~",
      "",
    ]);
    expect(JSON.stringify(bob.state)).toBe(JSON.stringify(ada.state));
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
  });
});

test("[C5] presence that is set without the scope is not sent until the scope is granted", async () => {
  const net = open({ scopes: { eve: ["room:read"] } });
  const ada = net.join("ada");
  await net.settle(ada.ready);
  const eve = net.join("eve", { presence: { tool: "pen" } });
  const problems: string[] = [];
  eve.on("problem", ({ problem }) => problems.push(problem.code));
  eve.setPresence({ cursor: 1 });
  await net.settle();
  const shown = () => ada.others.find(({ id }) => id === "eve")?.presence;
  expect(shown()).not.toHaveProperty("tool");
  await net.setScopes("eve", ["room:read", "presence:write"]);
  await net.settle();
  expect(shown()).toMatchObject({ tool: "pen", cursor: 1 });
  expect(problems).toEqual([]);
});
