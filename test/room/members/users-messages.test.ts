// What sessions are told of users: who joins, who joins again and who leaves, each once, in order, and
// of a window only what is different at its end.

import { describe, expect, test } from "vitest";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { hear, told } from "../../support/membership.ts";
import { callTogether, newId, rooms } from "../../support/core/rooms.ts";
import type { OperationCall } from "../../support/room-helpers.ts";
import { connect } from "../../support/core/socket-client.ts";

useFakeDate();

const start = () => rooms.joinOrCreateRoom(newId(), { behaviour: "graceless" });

describe("users", () => {
  test("[W2, U5] who join, join again and leave are told of, each in a message of its own", async () => {
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

  test("[W2] who are new are not told to those who have them in their welcome", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    await Promise.all([bob.fence(), ada.fence()]);
    expect(ada.messages.filter(({ type }) => type === "users")).toEqual([]);
    expect(ada.users.map(({ id }) => id)).toEqual(["bob", "ada"]);
  });

  test("[W2] who are not in the room leave without a word", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const users = hear(bob, "users");
    await room.leave("nobody");
    expect(await users()).toEqual([]);
  });
});

describe("what happens within a window", () => {
  /** What is told of calls that are made in the object, one after another without a pause. */
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

  test("[W2, U5] is told in one message, in join order", async () => {
    const { news } = await together(["old"], [join("dot"), join("ada"), leave("old"), join("cyn")]);
    const joins = ["dot", "ada", "cyn"].map(entryOf);
    expect(news).toEqual([{ joins, leaves: ["old"] }]);
  });

  test("[W2] never shows who came and went, though the hooks are called", async () => {
    const { id, news } = await together([], [join("ada"), leave("ada")]);
    expect(news).toEqual([]);
    expect(told(id, "onJoin")).toEqual(["bob", "ada"]);
    expect(told(id, "onLeave")).toEqual(["ada"]);
  });

  test("[W2] shows who joined twice as one who joined", async () => {
    const { news } = await together([], [join("ada"), join("ada", "Ada")]);
    expect(news).toEqual([{ joins: [expect.objectContaining({ id: "ada", name: "Ada" })] }]);
  });

  test("[W2] shows who left and came back as one with another entry", async () => {
    const { news } = await together(["ada"], [leave("ada"), join("ada", "Ada")]);
    expect(news).toEqual([{ updates: [expect.objectContaining({ id: "ada", name: "Ada" })] }]);
  });

  test("[W2] shows who joined again and left as one who left", async () => {
    const { news } = await together(["ada"], [join("ada"), leave("ada")]);
    expect(news).toEqual([{ leaves: ["ada"] }]);
  });
});
