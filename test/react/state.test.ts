// @vitest-environment happy-dom
// What components see of a room's state. They render only when it has changed.

import { createElement as h, memo, useState } from "react";
import { describe, expect, test } from "vitest";
import { createHooks } from "../../src/react/create-room-context.ts";
import { createFakeRoom, fakeConnect, type FakeRoom } from "./support/fake-room.ts";
import { happens, probe, render } from "./support/render.ts";

type Board = { title: string; votes: number; notes: { text: string }[] };

const start: Board = { title: "Sketch", votes: 1, notes: [{ text: "milk" }, { text: "tea" }] };

const { RoomProvider, useRoomState, useRoom, useStatus, useSaved, useUpdate } = createHooks<Board>(
  fakeConnect().connect,
);

/** A page with one component below a provider. */
async function show<Value>(use: () => Value, room: FakeRoom<Board>) {
  const { Probe, seen, last } = probe(use);
  const Memo = memo(Probe);
  const page = await render(h(RoomProvider, { room }, h(Memo)));
  return { page, seen, last };
}

describe("[C9] useRoomState", () => {
  test("returns undefined until the room has answered, and then the state", async () => {
    const room = createFakeRoom<Board>();
    const { seen, last } = await show(() => useRoomState(), room);
    expect(seen).toEqual([undefined]);
    await happens(() => room.answer(start));
    expect(seen).toHaveLength(2);
    expect(last()).toBe(room.state);
  });

  test("renders again when the selected value has changed, and for nothing else", async () => {
    const room = createFakeRoom<Board>(start);
    const { seen } = await show(() => useRoomState((state) => state.title), room);
    await happens(() => room.change((state: Board) => state.votes++));
    await happens(() => room.frame({ others: [], version: 9 }));
    expect(seen).toEqual(["Sketch"]);
    await happens(() => room.change((state: Board) => (state.title = "Bridge")));
    expect(seen).toEqual(["Sketch", "Bridge"]);
  });

  test("shows the user's own updates without waiting for the room", async () => {
    const room = createFakeRoom<Board>(start);
    const { last } = await show(
      () => [useRoomState((state) => state.votes), useUpdate()] as const,
      room,
    );
    const [, update] = last();
    await happens(() => update((draft) => void draft.votes++));
    expect(last()[0]).toBe(2);
    expect(last()[1]).toBe(update);
  });

  test("treats new arrays and objects with the same members as equal", async () => {
    const room = createFakeRoom<Board>(start);
    const { seen, last } = await show(
      () => ({
        texts: useRoomState((state) => state.notes.map((note) => note.text)),
        size: useRoomState((state) => ({ count: state.notes.length })),
      }),
      room,
    );
    await happens(() => room.change((state: Board) => state.votes++));
    expect(seen).toHaveLength(1);
    await happens(() => room.change((state: Board) => state.notes.push({ text: "salt" })));
    expect(seen).toHaveLength(2);
    expect(last()).toEqual({ texts: ["milk", "tea", "salt"], size: { count: 3 } });
  });

  test("returns the same object for an equal value when the component renders for another reason", async () => {
    const room = createFakeRoom<Board>(start);
    const { Probe, seen } = probe(() =>
      useRoomState((state) => state.notes.map((note) => note.text)),
    );
    const page = await render(h(RoomProvider, { room }, h(Probe)));
    await page.render(h(RoomProvider, { room }, h(Probe)));
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });

  test("uses the caller's equality function", async () => {
    const room = createFakeRoom<Board>(start);
    const { seen } = await show(
      () =>
        useRoomState(
          (state) => state.votes,
          (a, b) => Math.floor(a / 10) === Math.floor(b / 10),
        ),
      room,
    );
    await happens(() => room.change((state: Board) => (state.votes = 9)));
    expect(seen).toEqual([1]);
    await happens(() => room.change((state: Board) => (state.votes = 10)));
    expect(seen).toEqual([1, 10]);
  });

  test("runs a selector only for states that it has not seen yet", async () => {
    const room = createFakeRoom<Board>(start);
    let runs = 0;
    const select = (state: { readonly votes: number }) => {
      runs++;
      return state.votes;
    };
    await show(() => useRoomState(select), room);
    expect(runs).toBe(1);
    await happens(() => room.frame({ version: 7 }));
    expect(runs).toBe(1);
    await happens(() => room.change((state: Board) => state.votes++));
    expect(runs).toBe(2);
  });

  test("uses the selector of the current render, with its closure", async () => {
    const room = createFakeRoom<Board>(start);
    let choose: (index: number) => void = () => {};
    const { page } = await show(() => {
      const [index, setIndex] = useState(0);
      choose = setIndex;
      return useRoomState((state) => state.notes[index]?.text);
    }, room);
    expect(page.text()).toBe('"milk"');
    await happens(() => choose(1));
    expect(page.text()).toBe('"tea"');
    await happens(() => choose(2));
    expect(page.text()).toBe("undefined");
  });

  test("switches to another room when the provider gets one, and unsubscribes from the first", async () => {
    const first = createFakeRoom<Board>(start);
    const second = createFakeRoom<Board>({ ...start, title: "Pier" });
    const { Probe } = probe(() => useRoomState((state) => state.title));
    const page = await render(h(RoomProvider, { room: first }, h(Probe)));
    await page.render(h(RoomProvider, { room: second }, h(Probe)));
    expect(page.text()).toBe('"Pier"');
    expect(first.listeners()).toBe(0);
  });

  test("shows the same state in all components of a render, even with an update in between", async () => {
    const room = createFakeRoom<Board>(start);
    const seen: unknown[] = [];
    const Row = memo(({ index }: { index: number }) => {
      const title = useRoomState((state) => state.title);
      if (index === 0) seen.push([]);
      (seen.at(-1) as unknown[]).push(title);
      return title;
    });
    const rows = Array.from({ length: 20 }, (_, index) => h(Row, { key: index, index }));
    const page = await render(h(RoomProvider, { room }, rows));
    await happens(() => {
      room.change((state: Board) => (state.title = "A"));
      room.change((state: Board) => (state.title = "B"));
    });
    expect(page.text()).toBe("B".repeat(20));
    expect(seen.at(-1)).toEqual(Array.from({ length: 20 }, () => "B"));
  });
});

describe("[C9] in StrictMode", () => {
  test("hooks work the same, and leave no listener behind", async () => {
    const room = createFakeRoom<Board>(start);
    const { Probe } = probe(() => useRoomState((state) => state.title));
    const page = await render(h(RoomProvider, { room }, h(Probe)), { isStrict: true });
    expect(page.text()).toBe('"Sketch"');
    expect(room.listeners()).toBe(1);
    await happens(() => room.change((state: Board) => (state.title = "Bridge")));
    expect(page.text()).toBe('"Bridge"');
    await page.unmount();
    expect(room.listeners()).toBe(0);
    expect(room.calls).toEqual([]);
  });
});

describe("[C9] useRoom()", () => {
  test("returns the room before it has answered, with its status and whether edits are saved", async () => {
    const room = createFakeRoom<Board>();
    const { seen, last } = await show(
      () => ({ room: useRoom().id, status: useStatus(), saved: useSaved() }),
      room,
    );
    expect(last()).toEqual({
      room: "design",
      status: { state: "connecting" },
      saved: { state: "saved" },
    });
    await happens(() => room.frame({ status: { state: "connecting" } }));
    expect(seen).toHaveLength(1);
    await happens(() => room.frame({ saved: { state: "saving", count: 1, oldest: 5 } }));
    await happens(() => room.close(4001));
    expect(last()).toMatchObject({
      status: { state: "closed", code: 4001 },
      saved: { state: "saving", count: 1 },
    });
  });

  test("throws an error that says what to do if there is no provider", async () => {
    const { Probe } = probe(() => useRoom());
    await expect(render(h(Probe))).rejects.toThrow("needs its <RoomProvider> above it");
  });

  test("does not see the room of another context", async () => {
    const other = createHooks<Board>(fakeConnect().connect);
    const { Probe } = probe(() => [
      useRoomState((state) => state.title),
      other.useRoomState((state) => state.title),
    ]);
    const page = await render(
      h(
        RoomProvider,
        { room: createFakeRoom<Board>(start) },
        h(
          other.RoomProvider,
          { room: createFakeRoom<Board>({ ...start, title: "Pier" }) },
          h(Probe),
        ),
      ),
    );
    expect(page.text()).toBe('["Sketch","Pier"]');
  });
});
