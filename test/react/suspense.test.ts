// @vitest-environment happy-dom
// The hooks that suspend: a fallback until the room answers, and an error boundary if it never does.

import { Component, createElement as h, memo, Suspense, type ReactNode } from "react";
import { describe, expect, test, vi } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import { createHooks } from "../../src/react/create-room-context.ts";
import { createFakeRoom, fakeConnect, person, type FakeRoom } from "./support/fake-room.ts";
import { happens, probe, render } from "./support/render.ts";

type Doc = { title: string };

const { connect, made } = fakeConnect();
const {
  RoomProvider,
  suspense: { useRoomState, useSelf, useStatus },
} = createHooks<Doc>(connect);

class Boundary extends Component<{ readonly children?: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };
  static getDerivedStateFromError = (error: unknown) => ({ error });
  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const text = error instanceof CollabError ? `${error.code}: ${error.reason}` : String(error);
    return h("button", { onClick: () => this.setState({ error: null }) }, text);
  }
}

async function show(room: FakeRoom<Doc>, isStrict = false) {
  const { Probe, seen } = probe(() => [useRoomState((state) => state.title), useSelf().id]);
  const tree = h(
    Boundary,
    null,
    h(RoomProvider, { room }, h(Suspense, { fallback: "waiting" }, h(memo(Probe)))),
  );
  const page = await render(tree, { isStrict });
  return { page, seen };
}

describe.each([{ isStrict: false }, { isStrict: true }])(
  "[C9] with StrictMode: $isStrict",
  (mode) => {
    test("the fallback is shown until the room has answered, and then the state", async () => {
      const warned = vi.spyOn(console, "error");
      const room = createFakeRoom<Doc>();
      const { page, seen } = await show(room, mode.isStrict);
      expect(page.text()).toBe("waiting");
      await happens(() => room.frame({ status: { state: "offline" } }));
      expect(page.text()).toBe("waiting");
      await happens(() => room.answer({ title: "Sketch" }));
      expect(page.text()).toBe('["Sketch","ada"]');
      expect(seen.every(([title]) => title === "Sketch")).toBe(true);
      await happens(() => room.change((state: Doc) => (state.title = "Bridge")));
      expect(page.text()).toBe('["Bridge","ada"]');
      expect(warned).not.toHaveBeenCalled();
    });

    test("a room that has already answered is shown at once", async () => {
      const { page, seen } = await show(createFakeRoom<Doc>({ title: "Sketch" }), mode.isStrict);
      expect(page.text()).toBe('["Sketch","ada"]');
      expect(seen).toHaveLength(mode.isStrict ? 2 : 1);
    });
  },
);

test("[C9] suspended components share one promise of the room, however often they render", async () => {
  const room = createFakeRoom<Doc>();
  const { page } = await show(room);
  const before = room.listeners();
  const { Probe } = probe(() => useRoomState());
  for (let count = 0; count < 3; count++)
    await page.render(
      h(RoomProvider, { room }, h(Suspense, { fallback: "…" }, h(Probe), h(Probe))),
    );
  expect(room.listeners()).toBe(before);
  await happens(() => room.answer({ title: "Sketch" }));
  expect(page.text()).toBe('{"title":"Sketch"}'.repeat(2));
});

test("[C9] hooks with an initial value do not suspend", async () => {
  const { Probe } = probe(() => useStatus().state);
  const page = await render(h(RoomProvider, { room: createFakeRoom<Doc>() }, h(Probe)));
  expect(page.text()).toBe('"connecting"');
});

describe("[C9] an error boundary", () => {
  test("receives the error of a room that is closed before it has answered", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const room = createFakeRoom<Doc>();
    const { page } = await show(room);
    await happens(() => room.close(4003));
    expect(page.text()).toBe("join_refused: banned");
  });

  test("can recover once the room is connected again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const room = createFakeRoom<Doc>();
    const { page } = await show(room);
    await happens(() => room.close(4003));
    expect(page.text()).toBe("join_refused: banned");
    const { Probe } = probe(() => useRoomState((state) => state.title));
    await happens(() => room.reconnect());
    await page.render(
      h(
        Boundary,
        { key: 2 },
        h(RoomProvider, { room }, h(Suspense, { fallback: "again" }, h(Probe))),
      ),
    );
    expect(page.text()).toBe("again");
    await happens(() => room.answer({ title: "Sketch" }));
    expect(page.text()).toBe('"Sketch"');
  });

  test("receives nothing if the room is closed later, and its last state stays", async () => {
    const room = createFakeRoom<Doc>({ title: "Sketch" });
    const { page } = await show(room);
    await happens(() => room.close(4001));
    expect(page.text()).toBe('["Sketch","ada"]');
  });
});

test("[C9] a provider that connects shows its own fallback while it is connecting", async () => {
  const options = { url: "/collab", room: "design", user: { id: "ada" } };
  const { Probe, seen } = probe(() => useRoomState((state) => state.title));
  const tree = h(
    Suspense,
    { fallback: "never" },
    h(RoomProvider, { options, fallback: "waiting" }, h(memo(Probe))),
  );
  const page = await render(tree, { isStrict: true });
  expect(page.text()).toBe("waiting");
  const room = made.find((each) => each.room.calls.length > 0)?.room;
  await happens(() => room?.answer({ title: "Sketch" }));
  expect(page.text()).toBe('"Sketch"');
  const renders = seen.length;
  await happens(() => room?.frame({ others: [person("bob", 2)] }));
  expect(seen).toHaveLength(renders);
});
