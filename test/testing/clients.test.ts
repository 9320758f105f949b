// The testing kit as an application uses it: clients of collab-room/client in a test room.

import { describe, expect, test } from "vitest";
import * as z from "zod";
import { defineRoom } from "collab-room";
import { createTestRoom } from "collab-room/testing";
import { connectRoom } from "../../src/client/index.ts";
import type { SameType } from "../support/same-type.ts";

const board = defineRoom({
  state: z.object({
    title: z.string(),
    notes: z.array(z.object({ id: z.string(), text: z.string() })),
  }),
  initialState: { title: "Sketch", notes: [] },
  reconnectGrace: 10_000,
  actions: (action) => ({
    rename: action(z.object({ title: z.string() }), (_room, state, { title }) =>
      title === "" ? { error: "empty" } : { state: { ...state, title }, result: state.title },
    ),
  }),
});

describe("[K1] clients of a test room", () => {
  test("have the types of the behaviour", async () => {
    const net = createTestRoom(board);
    const ada = net.join("ada");
    await net.settle();
    const shown: SameType<(typeof ada.state)["title"], string> = true;
    const stored: SameType<(typeof net.state)["title"], string> = true;
    const before = await net.settle(ada.action("rename", { title: "Bridge" }));
    const answered: SameType<typeof before, string> = true;
    expect([shown, stored, answered]).toEqual([true, true, true]);
    expect(before).toBe("Sketch");
    expect(net.state.title).toBe("Bridge");
  });

  test("see their own edits at once, and those of others after the lag", async () => {
    const net = createTestRoom(board);
    const [ada, bob] = [net.join("ada"), net.join("bob")];
    await net.settle();
    net.lag(300);
    const edit = ada.update((draft) => void draft.notes.push({ id: "1", text: "milk" }));
    expect(ada.state.notes).toHaveLength(1);
    expect(ada.saved).toMatchObject({ state: "saving", count: 1 });
    await net.advance(599);
    expect(bob.state.notes).toEqual([]);
    await net.settle();
    expect(bob.state.notes).toEqual([{ id: "1", text: "milk" }]);
    expect(ada.saved).toEqual({ state: "saved" });
    expect(await edit.committed).toMatchObject({ version: 1 });
  });

  test("converge, even if one is cut off and the room crashes", async () => {
    const net = createTestRoom(board, { seed: 5 });
    const clients = ["ada", "bob", "cyd"].map((id) => net.join(id));
    await net.settle();
    net.lag({ ms: 60, jitter: 200 });
    for (let n = 0; n < 20; n++) {
      for (const [who, client] of clients.entries())
        client.update((draft) => {
          draft.notes.splice(n % (draft.notes.length + 1), 0, { id: `${who}-${n}`, text: "" });
        });
      if (n === 4) net.drop("bob");
      if (n === 9) net.crash();
      if (n === 12) net.restore("bob");
      await net.advance(50);
    }
    await net.settle();
    expect(net.state.notes).toHaveLength(60);
    for (const client of clients) {
      expect(client.status).toEqual({ state: "connected" });
      expect(client.state).toEqual(net.state);
    }
  });

  test("can edit offline, and the room receives the edits once they are back", async () => {
    const net = createTestRoom(board);
    const [ada, bob] = [net.join("ada"), net.join("bob")];
    await net.settle();
    net.drop("ada");
    await net.settle();
    expect(ada.status.state).toBe("reconnecting");
    ada.update((draft) => void (draft.title = "Pier"));
    await net.settle();
    expect(ada.saved).toMatchObject({ state: "unsaved", reason: "disconnected" });
    expect(net.warnsBeforeUnload("ada")).toBe(true);
    expect(bob.state.title).toBe("Sketch");
    net.restore("ada");
    await net.settle();
    expect(ada.status).toEqual({ state: "connected" });
    expect(net.warnsBeforeUnload("ada")).toBe(false);
    expect(bob.state.title).toBe("Pier");
  });

  test("recover from a connection that silently dropped everything", async () => {
    const net = createTestRoom(board);
    const ada = net.join("ada");
    await net.settle();
    net.drop("ada", { silent: true });
    ada.update((draft) => void (draft.title = "Pier"));
    await net.advance(5000);
    expect(ada.status.state).toBe("connected");
    await net.advance(60_000);
    expect(ada.status.state).not.toBe("connected");
    net.restore("ada");
    await net.settle();
    expect(ada.status.state).toBe("connected");
    expect(net.state.title).toBe("Pier");
  });

  test("leave at once, or after the grace period if they are cut off", async () => {
    const net = createTestRoom(board);
    const [ada, bob, cyd] = ["ada", "bob", "cyd"].map((id) => net.join(id));
    await net.settle();
    bob?.leave();
    net.drop("cyd");
    await net.settle();
    expect(ada?.people.map(({ id, presence }) => [id, presence?.status])).toEqual([
      ["ada", "online"],
      ["cyd", "away"],
    ]);
    await net.advance(10_000);
    expect(ada?.others).toEqual([]);
    expect(cyd?.status.state).toBe("reconnecting");
  });

  test("know their scopes, and are told about refusals", async () => {
    const net = createTestRoom(board, { scopes: { bob: ["room:read"] } });
    net.join("ada");
    await net.settle();
    const bob = net.join("bob");
    await net.settle();
    expect(bob.can("room:write")).toBe(false);
    expect(() => bob.update((draft) => void (draft.title = "x"))).toThrow("room:write");
    await net.setScopes("bob", ["room:read", "room:act"]);
    await net.settle();
    await expect(net.settle(bob.action("rename", { title: "" }))).rejects.toMatchObject({
      code: "action_refused",
      problem: { reason: "empty" },
    });
    await net.kick("bob");
    await net.settle();
    expect(bob.status).toMatchObject({ state: "closed", code: 4001, reason: "kicked" });
  });

  test("receive events and presence", async () => {
    const net = createTestRoom(board);
    const [ada, bob] = [net.join("ada", { presence: { cursor: { x: 1 } } }), net.join("bob")];
    await net.settle();
    const heard: unknown[] = [];
    bob.on("event", ({ event, payload, from }) => heard.push([event, payload, from]));
    await net.settle(ada.broadcast("wave", { to: "bob" }));
    expect(heard).toEqual([["wave", { to: "bob" }, "ada"]]);
    expect(bob.others[0]?.presence?.cursor).toEqual({ x: 1 });
  });

  test("react to pages that go offline and come back", async () => {
    const net = createTestRoom(board);
    const ada = net.join("ada");
    await net.settle();
    net.drop("ada");
    net.page("ada", "offline");
    await net.settle();
    expect(ada.status).toEqual({ state: "offline" });
    net.restore("ada");
    net.page("ada", "online");
    await net.settle();
    expect(ada.status).toEqual({ state: "connected" });
  });

  test("can be connected by the application itself", async () => {
    const net = createTestRoom(board, { behaviour: "board", id: "plan 7" });
    const ada = connectRoom<typeof board>(net.optionsFor({ id: "ada", name: "Ada" }));
    await net.settle(ada.ready);
    expect(ada.id).toBe("plan 7");
    expect(ada.self.entry["name"]).toBe("Ada");
  });

  test("fail the test with the errors that their listeners throw", async () => {
    const net = createTestRoom(board);
    const ada = net.join("ada");
    ada.on("status", () => {
      throw new Error("a listener is broken");
    });
    await expect(net.settle()).rejects.toThrow("a listener is broken");
    await net.settle();
    expect(ada.status.state).toBe("connected");
  });

  test("run identically with the same seed", async () => {
    const story = async (seed: number): Promise<string> => {
      const net = createTestRoom(board, { seed });
      const clients = ["ada", "bob"].map((id) => net.join(id));
      const seen: unknown[] = [];
      for (const client of clients)
        client.subscribe(() => seen.push([net.now, client.getSnapshot()]));
      await net.settle();
      net.lag({ ms: 20, jitter: 300 });
      for (const client of clients)
        client.update((draft) => void draft.notes.push({ id: client.self.id, text: "" }));
      net.crash();
      await net.settle();
      return JSON.stringify([net.now, seen]);
    };
    expect(await story(3)).toBe(await story(3));
    expect(await story(3)).not.toBe(await story(4));
  });
});
