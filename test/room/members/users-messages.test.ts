// What sessions are told about users: who joins, joins again and leaves, once each and in order. Of a window, only the
// difference at its end is sent.

import { describe, expect, test } from "vitest";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { hear, told } from "../../support/membership.ts";
import { callTogether, newId, rooms } from "../../support/core/rooms.ts";
import type { OperationCall } from "../../support/room-helpers.ts";
import { connect } from "../../support/core/socket-client.ts";

useFakeDate();

const start = () => rooms.joinOrCreateRoom(newId(), { behaviour: "graceless" });

describe("users", () => {
  test("[W2, U5] who join, join again and leave are reported, each in its own message", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const users = hear(bob, "users");
    const ada = await room.join({ id: "ada" });
    expect(await users()).toEqual([{ joins: [ada] }]);
    pass(10);
    const cyn = await connect(room.id, { id: "cyn" });
    expect(await users()).toEqual([{ joins: [cyn.welcome.user] }]);
    pass(10);
    const again = await room.join({ id: "ada", name: "Ada" });
    expect(await users()).toEqual([{ updates: [again] }]);
    await room.leave("ada");
    expect(await users()).toEqual([{ leaves: ["ada"] }]);
    await cyn.close();
    expect(await users()).toEqual([{ leaves: ["cyn"] }]);
    expect(bob.users).toEqual(await room.getUsers());
  });

  test("[W2] who are new are not reported to those who have them in their welcome", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    await Promise.all([bob.fence(), ada.fence()]);
    expect(ada.messages.filter(({ type }) => type === "users")).toEqual([]);
    expect(ada.users.map(({ id }) => id)).toEqual(["bob", "ada"]);
  });

  test("[W2] who are not in the room leave without a message", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const users = hear(bob, "users");
    await room.leave("nobody");
    expect(await users()).toEqual([]);
  });
});

describe("changes within a window", () => {
  /** The messages that follow from calls made in the object, one after another without a pause. */
  async function together(before: string[], calls: readonly OperationCall[]) {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    for (const id of before) await room.join({ id });
    const users = hear(bob, "users");
    await users();
    // Date stands still: the window that this fence has opened ends when a timer of 3 ms rings.
    await callTogether(room.id, calls);
    const news = await users();
    expect(bob.users).toEqual(await room.getUsers());
    return { id: room.id, news };
  }

  const join = (id: string, name?: string): OperationCall => [
    "joinRoom",
    { user: { text: JSON.stringify({ id, name }) } },
  ];
  const leave = (userId: string): OperationCall => ["leaveRoom", { userId }];
  const entryOf = (id: string): unknown => expect.objectContaining({ id });

  test("[W2, U5] are reported in one message, in join order", async () => {
    const { news } = await together(["old"], [join("dot"), join("ada"), leave("old"), join("cyn")]);
    const joins = ["dot", "ada", "cyn"].map(entryOf);
    expect(news).toEqual([{ joins, leaves: ["old"] }]);
  });

  test("[W2] do not include a user who joined and left, although the hooks are called", async () => {
    const { id, news } = await together([], [join("ada"), leave("ada")]);
    expect(news).toEqual([]);
    expect(told(id, "onJoin")).toEqual(["bob", "ada"]);
    expect(told(id, "onLeave")).toEqual(["ada"]);
  });

  test("[W2] show a user who joined twice as one join", async () => {
    const { news } = await together([], [join("ada"), join("ada", "Ada")]);
    expect(news).toEqual([{ joins: [expect.objectContaining({ id: "ada", name: "Ada" })] }]);
  });

  test("[W2] show a user who left and came back as an update", async () => {
    const { news } = await together(["ada"], [leave("ada"), join("ada", "Ada")]);
    expect(news).toEqual([{ updates: [expect.objectContaining({ id: "ada", name: "Ada" })] }]);
  });

  test("[W2] show a user who joined again and left as a leave", async () => {
    const { news } = await together(["ada"], [join("ada"), leave("ada")]);
    expect(news).toEqual([{ leaves: ["ada"] }]);
  });
});
