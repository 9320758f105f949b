// @vitest-environment happy-dom
// What components do in a room: call actions, broadcast and undo. And the events that they listen to.

import { createElement as h, memo } from "react";
import { describe, expect, test, vi } from "vitest";
import type { RoomEvent } from "../../src/client/types.ts";
import { createHooks } from "../../src/react/create-room-context.ts";
import { createFakeRoom, fakeConnect } from "./support/fake-room.ts";
import { happens, probe, render } from "./support/render.ts";

type Doc = { title: string };

const { RoomProvider, useAction, useBroadcast, useUndo, useRoomEvent, useRoomListener } =
  createHooks<Doc>(fakeConnect().connect);

async function show<Value>(use: () => Value) {
  const room = createFakeRoom<Doc>({ title: "Sketch" });
  const { Probe, seen, last } = probe(use);
  const page = await render(h(RoomProvider, { room }, h(memo(Probe))));
  return { room, page, seen, last };
}

const wave = (event: string): RoomEvent => ({ event, payload: 1, from: "bob", session: "s" });

describe("[C9] a function from a hook", () => {
  test("calls the action that the hook names, and returns its result", async () => {
    const { room, last } = await show(() => useAction("rename"));
    const optimistic = () => {};
    expect(await last()({ title: "Bridge" }, { optimistic })).toBe("did rename");
    expect(room.calls).toEqual([["action", "rename", { title: "Bridge" }, { optimistic }]]);
  });

  test("calls an action without an input", async () => {
    const { room, last } = await show(() => useAction("clear"));
    expect(await last()()).toBe("did clear");
    expect(room.calls).toEqual([["action", "clear"]]);
  });

  test("broadcasts an event", async () => {
    const { room, last } = await show(() => useBroadcast());
    await last()("wave", { to: "bob" }, { echo: true });
    expect(room.calls).toEqual([["broadcast", "wave", { to: "bob" }, { echo: true }]]);
  });

  test("undoes, redoes and pauses", async () => {
    const { room, seen, last } = await show(() => useUndo());
    expect(last()).toMatchObject({ canUndo: false, canRedo: false });
    await happens(() => room.frame({ history: { canUndo: true, canRedo: false } }));
    await happens(() => room.frame({ history: { canUndo: true, canRedo: false } }));
    expect(seen).toHaveLength(2);
    const { canUndo, undo, redo, pause, resume } = last();
    expect(canUndo).toBe(true);
    expect(undo).toBe(seen[0]?.undo);
    expect(undo()).toEqual({ undone: true, skipped: 0 });
    for (const each of [redo, pause, resume]) each();
    expect(room.calls.flat()).toEqual(["undo", "redo", "pause", "resume"]);
  });

  test("reports undo and redo to the latest listener, also when used as a button's listener", async () => {
    const told: unknown[] = [];
    let name = "first";
    const { Probe, seen } = probe(() => {
      const shownAs = name;
      return useUndo((result) => told.push([shownAs, result]));
    });
    const room = createFakeRoom<Doc>({ title: "" });
    const page = await render(h(RoomProvider, { room }, h(Probe)));
    name = "second";
    await page.render(h(RoomProvider, { room }, h(Probe)));
    expect(seen[1]?.undo).toBe(seen[0]?.undo);
    const onClick: undefined | ((event: object) => void) = seen[0]?.undo;
    onClick?.({ type: "click" });
    seen[0]?.redo();
    expect(room.calls).toEqual([["undo"], ["redo"]]);
    const result = { undone: true, skipped: 0 };
    expect(told).toEqual([
      ["second", result],
      ["second", result],
    ]);
  });

  test("stays the same function when the component renders again", async () => {
    const { Probe, seen } = probe(() => [useAction("rename"), useBroadcast()]);
    const room = createFakeRoom<Doc>({ title: "" });
    const page = await render(h(RoomProvider, { room }, h(Probe)));
    await page.render(h(RoomProvider, { room }, h(Probe)));
    expect(seen[1]?.[0]).toBe(seen[0]?.[0]);
    expect(seen[1]?.[1]).toBe(seen[0]?.[1]);
  });
});

describe("[C9] a listener", () => {
  test("receives the events of its name, or all events", async () => {
    const heard: unknown[] = [];
    const { room, page } = await show(() => {
      useRoomEvent("wave", (event) => heard.push(["named", event.event]));
      useRoomEvent((event) => heard.push(["all", event.event]));
    });
    room.emit("event", wave("wave"));
    room.emit("event", wave("deployed"));
    expect(heard).toEqual([
      ["named", "wave"],
      ["all", "wave"],
      ["all", "deployed"],
    ]);
    await page.unmount();
    room.emit("event", wave("wave"));
    expect(heard).toHaveLength(3);
    expect(room.listeners()).toBe(0);
  });

  test("receives the room's own events", async () => {
    const heard: unknown[] = [];
    const { room } = await show(() =>
      useRoomListener("refused", ({ problem }) => heard.push(problem.code)),
    );
    room.emit("refused", { problem: { code: "invalid_state", detail: "" } });
    expect(heard).toEqual(["invalid_state"]);
  });

  test("is the function of the latest render, without a new subscription", async () => {
    const heard: unknown[] = [];
    const room = createFakeRoom<Doc>({ title: "" });
    const on = vi.spyOn(room, "on");
    const Listener = ({ by }: { by: string }) => {
      useRoomEvent("wave", () => heard.push(by));
      return null;
    };
    const page = await render(h(RoomProvider, { room }, h(Listener, { by: "first" })));
    await page.render(h(RoomProvider, { room }, h(Listener, { by: "second" })));
    room.emit("event", wave("wave"));
    expect(heard).toEqual(["second"]);
    expect(on).toHaveBeenCalledTimes(1);
  });

  test("is subscribed once in StrictMode", async () => {
    const heard: unknown[] = [];
    const room = createFakeRoom<Doc>({ title: "" });
    const { Probe } = probe(() => useRoomEvent((event) => heard.push(event.event)));
    await render(h(RoomProvider, { room }, h(Probe)), { isStrict: true });
    room.emit("event", wave("wave"));
    expect(heard).toEqual(["wave"]);
  });
});
