// @vitest-environment happy-dom
// The hooks with the real client and the real room, on virtual connections and a virtual clock.

import { Activity, Component, createElement as h, type ReactNode } from "react";
import { renderToString } from "react-dom/server.browser";
import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { defineRoom } from "../../src/behaviours/define.ts";
import { connectRoom } from "../../src/client/connect.ts";
import { createRoomContext } from "../../src/react/index.ts";
import { createTestRoom } from "../../src/testing/index.ts";
import { happens, probe, render } from "./support/render.ts";

const card = z.object({ order: z.string(), text: z.string() });

const board = defineRoom({
  state: z.object({ title: z.string(), votes: z.number(), cards: z.record(z.string(), card) }),
  initialState: { title: "Sketch", votes: 0, cards: {} },
  onJoin: (_room, user) => (user.id === "eve" ? { error: "banned" } : { ok: {} }),
  actions: (action) => ({
    rename: action(z.object({ title: z.string() }), (_room, state, { title }) => ({
      state: { ...state, title },
      result: `was ${state.title}`,
    })),
  }),
});

const hooks = createRoomContext<typeof board>();
const { RoomProvider, suspense } = hooks;

function open() {
  const net = createTestRoom(board);
  return {
    net,
    /** A page with one component, which connects by itself. */
    async show<Value>(user: string, use: () => Value) {
      const { Probe, seen, last } = probe(use);
      const options = net.optionsFor(user);
      const app = h(RoomProvider, { options, fallback: "waiting" }, h(Probe));
      const page = await render(app, { isStrict: true });
      return { page, seen, last, app };
    },
  };
}

const titleOf = () => hooks.useRoomState((state) => state.title);

describe("[C9] a page", () => {
  test("joins the room once, and is removed after the grace period once it has closed", async () => {
    const { net, show } = open();
    const { page } = await show("ada", titleOf);
    await happens(() => net.settle());
    expect(page.text()).toBe('"Sketch"');
    expect(await net.room.getUser("ada")).toMatchObject({ sessions: 1 });
    await page.unmount();
    await net.settle();
    expect(net.users).toHaveLength(1);
    await net.advance(11_000);
    expect(net.users).toHaveLength(0);
  });

  test("shows its own edits at once, and those of others when they arrive", async () => {
    const { net, show } = open();
    const ada = await show("ada", () => ({
      title: titleOf(),
      update: hooks.useUpdate(),
      saved: hooks.useSaved().state,
    }));
    const bob = await show("bob", titleOf);
    await happens(() => net.settle());
    await happens(() => void ada.last().update((draft) => void (draft.title = "Bridge")));
    expect(ada.last()).toMatchObject({ title: "Bridge", saved: "saving" });
    expect(bob.last()).toBe("Sketch");
    await happens(() => net.settle());
    expect(ada.last()).toMatchObject({ title: "Bridge", saved: "saved" });
    expect(bob.last()).toBe("Bridge");
    expect(net.state.title).toBe("Bridge");
  });

  test("renders once for each change of what it selects, and not for other changes", async () => {
    const { net, show } = open();
    const { seen } = await show("ada", titleOf);
    const bob = net.join("bob");
    await happens(() => net.settle());
    const renders = seen.length;
    bob.setPresence({ cursor: { x: 1 } });
    bob.update((draft) => void draft.votes++);
    await happens(() => net.settle());
    expect(seen).toHaveLength(renders);
    bob.update((draft) => void (draft.title = "Pier"));
    await happens(() => net.settle());
    // StrictMode renders twice.
    expect(seen.slice(renders)).toEqual(["Pier", "Pier"]);
  });

  test("calls actions, undoes, and sees people and their events", async () => {
    const { net, show } = open();
    const heard: unknown[] = [];
    const { last } = await show("ada", () => {
      hooks.useRoomEvent("wave", ({ from }) => heard.push(from));
      return {
        title: titleOf(),
        votes: hooks.useRoomState((state) => state.votes),
        update: hooks.useUpdate(),
        rename: hooks.useAction("rename"),
        undo: hooks.useUndo(),
        others: hooks.useOthers((others) => others.map(({ id }) => id)),
        may: hooks.useCan("room:act"),
        presence: hooks.usePresence()[0]?.status,
      };
    });
    const bob = net.join("bob");
    await happens(() => net.settle());
    expect(last()).toMatchObject({ others: ["bob"], may: true, presence: "online" });
    const renamed = last().rename({ title: "Pier" });
    await happens(() => net.settle());
    expect(await renamed).toBe("was Sketch");
    await happens(() => void last().update((draft) => void draft.votes++));
    expect(last()).toMatchObject({ title: "Pier", votes: 1, undo: { canUndo: true } });
    await happens(() => void last().undo.undo());
    expect(last()).toMatchObject({
      title: "Pier",
      votes: 0,
      undo: { canUndo: false, canRedo: true },
    });
    void bob.broadcast("wave");
    await happens(() => net.settle());
    expect(heard).toEqual(["bob"]);
  });

  test("that is hidden disconnects, and shows the room's current state when it is shown again", async () => {
    const { net } = open();
    const { Probe } = probe(titleOf);
    const options = net.optionsFor("ada");
    const app = (mode: "visible" | "hidden") =>
      h(Activity, { mode, children: h(RoomProvider, { options }, h(Probe)) });
    const page = await render(app("visible"));
    const bob = net.join("bob");
    await happens(() => net.settle());
    await page.render(app("hidden"));
    bob.update((draft) => void (draft.title = "Bridge"));
    await happens(() => net.settle());
    await page.render(app("visible"));
    await happens(() => net.settle());
    expect(page.text()).toBe('"Bridge"');
  });
});

describe("[C9] two users who reorder a list", () => {
  test("see the same order, including concurrent changes of both", async () => {
    const { net, show } = open();
    const list = () => hooks.useList("/cards");
    const [ada, bob] = [await show("ada", list), await show("bob", list)];
    const texts = (page: typeof ada) => page.last().items.map(({ item }) => item.text);
    const keyOf = (text: string) =>
      ada.last().items.find(({ item }) => item.text === text)?.key ?? expect.fail(text);
    await happens(() => net.settle());
    for (const text of ["a", "b", "c", "d"]) await happens(() => void ada.last().insert({ text }));
    await happens(() => net.settle());
    expect(texts(bob)).toEqual(["a", "b", "c", "d"]);

    const [a, b, c] = ["a", "b", "c"].map(keyOf) as [string, string, string];
    await happens(() => {
      ada.last().move(c, "first");
      ada.last().remove(b);
      bob.last().insert({ text: "x" }, { after: b });
      bob.last().update(c, (item) => void (item.text = "C"));
      bob.last().move(a, "last");
    });
    await happens(() => net.settle());
    expect(texts(ada)).toEqual(["C", "x", "d", "a"]);
    expect(texts(bob)).toEqual(texts(ada));
  });

  test("can move the same item, which then has one position", async () => {
    const { net, show } = open();
    const list = () => hooks.useList("/cards");
    const [ada, bob] = [await show("ada", list), await show("bob", list)];
    await happens(() => net.settle());
    for (const key of ["a", "b", "c"])
      await happens(() => void ada.last().insert({ text: key }, "last", key));
    await happens(() => net.settle());
    await happens(() => {
      ada.last().move("b", "first");
      bob.last().move("b", "last");
    });
    await happens(() => net.settle());
    const keys = ada.last().items.map(({ key }) => key);
    expect(keys.toSorted()).toEqual(["a", "b", "c"]);
    expect(bob.last().items.map(({ key }) => key)).toEqual(keys);
  });
});

describe("[C9] a page that waits", () => {
  test("shows its fallback until the room has answered", async () => {
    const { net, show } = open();
    net.lag(500);
    const { page } = await show("ada", () => suspense.useRoomState((state) => state.title));
    expect(page.text()).toBe("waiting");
    await happens(() => net.settle());
    expect(page.text()).toBe('"Sketch"');
  });

  test("passes the reason of a refusal to its error boundary", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    class Boundary extends Component<{ readonly children?: ReactNode }, { code: string | null }> {
      override state: { code: string | null } = { code: null };
      static getDerivedStateFromError = ({ code }: { code: string }) => ({ code });
      override render(): ReactNode {
        return this.state.code ?? this.props.children;
      }
    }
    const { net } = open();
    const room = connectRoom<typeof board>(net.optionsFor("eve"));
    const { Probe } = probe(() => suspense.useSelf().id);
    const page = await render(h(Boundary, null, h(RoomProvider, { room }, h(Probe))));
    await happens(() => net.settle());
    expect(page.text()).toBe("join_refused");
  });
});

describe("[C9] the server", () => {
  test("renders a page without joining, also if the address is relative to the page", async () => {
    const { net } = open();
    const { Probe } = probe(() => hooks.useStatus().state);
    const options = net.optionsFor("ada");
    const beforeUnload = vi.fn(() => () => {});
    const html = renderToString(
      h(
        RoomProvider,
        {
          options: {
            ...options,
            url: "/collab",
            environment: { ...options.environment, baseUrl: null, beforeUnload },
          },
        },
        h(Probe),
      ),
    );
    expect(html).toContain("connecting");
    await net.settle();
    expect(net.isRunning).toBe(false);
    expect(beforeUnload).not.toHaveBeenCalled();
  });
});
