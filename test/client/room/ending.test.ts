// What happens to edits and actions when the application leaves or disconnects (rules C4, C5).

import * as z from "zod";
import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { RoomClient } from "../../../src/client/room-client.ts";
import { createTestRoom } from "../../../src/testing/index.ts";
import { FakeEnvironment } from "../support/fake-environment.ts";
import { welcome } from "../support/welcome.ts";

const board = defineRoom({
  state: z.object({ title: z.string(), votes: z.number() }),
  initialState: { title: "", votes: 0 },
  actions: (action) => ({
    vote: action(z.object({}), (_room, state) => ({ state: { ...state, votes: state.votes + 1 } })),
  }),
});

async function two() {
  const net = createTestRoom(board);
  onTestFinished(() => net.close());
  const [ada, bob] = [net.join("ada"), net.join("bob")];
  await net.settle(Promise.all([ada.ready, bob.ready]));
  return { net, ada, bob };
}

const isClosed = { code: "room_unavailable", message: expect.stringContaining("closed: left") };

test.each(["leave", "disconnect"] as const)(
  "[C4] an edit and an action right before %s() reach the room",
  async (end) => {
    const { net, ada } = await two();
    const edit = ada.update((state) => void (state.title = "last words"));
    const vote = ada.action("vote");
    ada[end]();
    await expect(vote).rejects.toMatchObject({ code: "room_unavailable" });
    await expect(edit.committed).rejects.toMatchObject({ code: "room_unavailable" });
    await net.settle();
    expect(net.state).toEqual({ title: "last words", votes: 1 });
  },
);

test("[C5] pending edits and actions are rejected when the room is left", async () => {
  const { net, ada } = await two();
  net.drop("ada");
  const edit = ada.update((state) => void (state.title = "offline"));
  const vote = ada.action("vote");
  ada.leave();
  await expect(edit.committed).rejects.toMatchObject(isClosed);
  await expect(vote).rejects.toMatchObject(isClosed);
  expect(ada.saved).toMatchObject({ state: "unsaved", reason: "closed", count: 2 });
});

test("[C5] an edit after leave() is rejected at once, and sent if the client connects again", async () => {
  const { net, ada } = await two();
  ada.leave();
  await net.settle();
  const edit = ada.update((state) => void (state.title = "late"));
  await expect(edit.committed).rejects.toMatchObject(isClosed);
  ada.reconnect();
  await net.settle();
  expect(net.state).toMatchObject({ title: "late" });
  expect(ada.saved).toEqual({ state: "saved" });
});

test.each(["leave", "disconnect"] as const)(
  "[C4] presence and an event right before %s() are sent before the socket closes",
  async (end) => {
    const environment = new FakeEnvironment();
    const user = { id: "ada" };
    const room = new RoomClient({ url: "https://rooms.example.com", room: "r", user }, environment);
    await environment.advance(0);
    const { socket } = environment;
    socket.open();
    socket.receive(welcome());
    room.setPresence({ tool: "pen" });
    room.setPresence({ tool: "brush" }); // before the next presence message is due
    room.broadcast("bye").catch(() => {});
    room[end]();
    const sent = socket.takeSent().filter((message) => message !== "ping");
    expect(sent.slice(0, 3)).toMatchObject([
      { type: "presence", data: { tool: "pen" } },
      { type: "broadcast", event: "bye" },
      { type: "presence", data: { tool: "brush" } },
    ]);
    expect(socket.closedWith).not.toBeNull();
    expect(environment.timers).toBe(0);
  },
);
