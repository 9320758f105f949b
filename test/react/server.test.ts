// @vitest-environment happy-dom
// The server renders a room that has not answered, without side effects. The browser hydrates the page without a
// mismatch, whatever the room says by then.

import { createElement as h, Suspense, type ReactNode } from "react";
import { renderToReadableStream, renderToString } from "react-dom/server.browser";
import { describe, expect, test } from "vitest";
import { createHooks } from "../../src/react/create-room-context.ts";
import { createFakeRoom, fakeConnect, person, type FakeRoom } from "./support/fake-room.ts";
import { happens, probe, render } from "./support/render.ts";

type Doc = { title: string; cards: Record<string, { order: string }> };

const start: Doc = { title: "Sketch", cards: { a: { order: "V00" } } };

function createApp() {
  const { connect, made } = fakeConnect();
  const hooks = createHooks<Doc>(connect);
  const { Probe } = probe(() => ({
    title: hooks.useRoomState((state) => state.title) ?? null,
    self: hooks.useSelf((self) => self.id) ?? null,
    people: hooks.usePeople().length,
    others: hooks.useOthers().length,
    bob: hooks.useOther("bob")?.id ?? null,
    counts: hooks.useCounts().users,
    presence: hooks.usePresence()[0] ?? null,
    status: hooks.useStatus().state,
    saved: hooks.useSaved().state,
    canUndo: hooks.useUndo().canUndo,
    may: hooks.useCan("room:write"),
    scopes: hooks.useScopes().length,
    items: hooks.useList("/cards").items.length,
  }));
  return { made, ...hooks, Probe };
}

const blank = {
  title: null,
  self: null,
  people: 0,
  others: 0,
  bob: null,
  counts: 0,
  presence: null,
  status: "connecting",
  saved: "saved",
  canUndo: false,
  may: false,
  scopes: 0,
  items: 0,
};

/** What a page shows, as the probe wrote it. */
const shown = (html: string): unknown =>
  JSON.parse(html.replaceAll("&quot;", '"').replaceAll(/<[^>]*>/g, ""));

function lively(): FakeRoom<Doc> {
  const room = createFakeRoom<Doc>(start);
  room.frame({
    others: [person("bob", 2)],
    history: { canUndo: true, canRedo: false },
    saved: { state: "saving", count: 1, oldest: 0 },
  });
  return room;
}

describe("[C9] the server", () => {
  test("renders all hooks as if the room had not answered yet", () => {
    const { RoomProvider, Probe } = createApp();
    expect(
      shown(renderToString(h(RoomProvider, { room: createFakeRoom<Doc>() }, h(Probe)))),
    ).toEqual(blank);
    expect(shown(renderToString(h(RoomProvider, { room: lively() }, h(Probe))))).toEqual(blank);
  });

  test("does not connect", () => {
    const { RoomProvider, Probe, made } = createApp();
    const options = { url: "/collab", room: "design" };
    const html = renderToString(h(RoomProvider, { options, fallback: "waiting" }, h(Probe)));
    expect(shown(html)).toEqual(blank);
    expect(made.map(({ room }) => room.calls)).toEqual([[]]);
    expect(made.map(({ room }) => room.listeners())).toEqual([0]);
  });

  test("does not wait for a room: it sends the fallback, and the browser continues from there", async () => {
    // One app each, as on a server and in a browser.
    const [server, browser] = [createApp(), createApp()];
    const pageOf = ({ RoomProvider, suspense }: typeof server): ReactNode => {
      const { Probe } = probe(() => suspense.useRoomState((state) => state.title));
      const options = { url: "/collab", room: "design" };
      return h(RoomProvider, { options, fallback: "waiting" }, h(Probe));
    };
    const errors: unknown[] = [];
    const stream = await renderToReadableStream(pageOf(server), {
      onError: (error) => void errors.push(error),
    });
    await stream.allReady;
    const html = await new Response(
      stream as unknown as ConstructorParameters<typeof Response>[0],
    ).text();
    expect(html).toContain("waiting");
    expect(String(errors)).toContain("React shows the fallback instead");

    const recovered: unknown[] = [];
    const page = await render(pageOf(browser), {
      html,
      onRecoverableError: (error) => recovered.push(error),
    });
    expect(page.text()).toBe("waiting");
    expect(recovered).toHaveLength(1);
    await happens(() => browser.made.at(-1)?.room.answer(start));
    expect(page.text()).toBe('"Sketch"');
  });
});

describe("[C9] the browser", () => {
  test("hydrates what the server has rendered, even if the room has answered by then", async () => {
    const { RoomProvider, Probe } = createApp();
    const app = (room: FakeRoom<Doc>) => h(RoomProvider, { room }, h(Probe));
    const html = renderToString(app(createFakeRoom<Doc>()));
    const page = await render(app(lively()), { html });
    expect(shown(page.text())).toMatchObject({
      title: "Sketch",
      self: "ada",
      bob: "bob",
      items: 1,
    });
  });

  test("shows a room that has answered inside a boundary that the server rendered", async () => {
    const { RoomProvider, suspense } = createApp();
    const { Probe } = probe(() => suspense.useRoomState((state) => state.title));
    const app = (room: FakeRoom<Doc>) =>
      h(RoomProvider, { room }, h(Suspense, { fallback: "waiting" }, h(Probe)));
    const html = renderToString(app(createFakeRoom<Doc>(start)));
    expect(html).toContain("waiting");
    const page = await render(app(createFakeRoom<Doc>(start)), {
      html,
      onRecoverableError: () => {},
    });
    expect(page.text()).toBe('"Sketch"');
  });
});
