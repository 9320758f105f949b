// @vitest-environment happy-dom
// A provider that connects: it keeps one connection while it is mounted, whatever React does with it.

import { Activity, createElement as h } from "react";
import { describe, expect, test } from "vitest";
import type { ConnectOptions, Room } from "../../src/client/types.ts";
import { createHooks } from "../../src/react/create-room-context.ts";
import { fakeConnect } from "./support/fake-room.ts";
import { happens, render } from "./support/render.ts";

type Doc = { title: string };

const design: ConnectOptions = { url: "/collab", room: "design", user: { id: "ada" } };

/** A page below a provider, and all rooms that the provider has created. */
async function open(options: ConnectOptions, isStrict: boolean) {
  const { connect, made } = fakeConnect();
  const { RoomProvider, useRoomState, useStatus, useRoom } = createHooks<Doc>(connect);
  let shown: { title: string | undefined; status: string; room: Room<Doc> } | null = null;
  const Show = () => {
    shown = {
      title: useRoomState((state) => state.title),
      status: useStatus().state,
      room: useRoom(),
    };
    return null;
  };
  const app = (next: ConnectOptions) => h(RoomProvider, { options: next }, h(Show));
  const page = await render(app(options), { isStrict });
  return {
    made,
    last: () => shown ?? expect.fail("nothing was shown"),
    page,
    show: (next: ConnectOptions) => page.render(app(next)),
    calls: () => made.map(({ room }) => room.calls.flat()).filter((calls) => calls.length > 0),
  };
}

describe.each([{ isStrict: false }, { isStrict: true }])(
  "[C9] with StrictMode: $isStrict",
  (mode) => {
    test("a provider opens one connection, and closes it without leaving the room", async () => {
      const { last, calls, page } = await open(design, mode.isStrict);
      expect(calls()).toEqual([["reconnect"]]);
      expect(last()).toMatchObject({ title: undefined, status: "connecting" });
      await page.unmount();
      expect(calls()).toEqual([["reconnect", "disconnect"]]);
    });

    test("components show the room that is connected", async () => {
      const { made, last } = await open(design, mode.isStrict);
      const connected = made.find(({ room }) => room.calls.length > 0)?.room;
      expect(last().room).toBe(connected);
      await happens(() => connected?.answer({ title: "Sketch" }));
      expect(last()).toMatchObject({ title: "Sketch", status: "connected" });
    });

    test("new options for the same room leave the connection alone", async () => {
      const { last, calls, show } = await open(design, mode.isStrict);
      const { room } = last();
      await show({ ...design });
      expect(last().room).toBe(room);
      expect(calls()).toEqual([["reconnect"]]);
    });

    test("options for another room replace the connection", async () => {
      const { last, calls, show } = await open(design, mode.isStrict);
      const { room } = last();
      await show({ ...design, room: "bridge" });
      expect(last().room === room).toBe(false);
      expect(calls()).toEqual([["reconnect", "disconnect"], ["reconnect"]]);
    });
  },
);

test("[C9] a provider that React hides disconnects, and reconnects to the same room when it is shown again", async () => {
  const { connect, made } = fakeConnect();
  const { RoomProvider } = createHooks<Doc>(connect);
  const app = (mode: "hidden" | "visible") =>
    h(Activity, { mode, children: h(RoomProvider, { options: design }) });
  const page = await render(app("visible"));
  await page.render(app("hidden"));
  expect(made.map(({ room }) => room.calls.flat())).toEqual([["reconnect", "disconnect"]]);
  await page.render(app("visible"));
  expect(made.map(({ room }) => room.calls.flat())).toEqual([
    ["reconnect", "disconnect", "reconnect"],
  ]);
});

test("[C9] tokens come from the latest token function", async () => {
  const { made, show } = await open({ ...design, token: () => "first" }, false);
  const { token } = made[0]?.options ?? {};
  expect(await token?.()).toBe("first");
  await show({ ...design, token: async () => "second" });
  expect(await token?.()).toBe("second");
});

test("[C9] no token is requested if no token function was given", async () => {
  const { made } = await open(design, false);
  expect(made[0]?.options).toEqual({ ...design, connect: false });
});
