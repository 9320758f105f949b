// Leaving at one's own request, in every way: once each, whatever the hook does.

import { describe, expect, test } from "vitest";
import type { UserEntry } from "collab-room";
import { callsOf, hang, setScript, type Script } from "../../fixtures/scripts.ts";
import { isoNow, pass, useFakeDate } from "../../support/fake-date.ts";
import { evict, newId, rooms } from "../../support/core/rooms.ts";

useFakeDate();

/** A running room with these users. */
const roomWith = (...userIds: string[]) => fill("scripted", userIds);

async function fill(behaviour: string, userIds: string[]) {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
  for (const id of userIds) await room.join({ id });
  return room;
}

/** The users for whom onLeave was called, in order. */
const left = (id: string): (string | undefined)[] =>
  callsOf(id).flatMap(({ hook, user }) => (hook === "onLeave" ? [user] : []));

describe("a user who leaves", () => {
  test("[U4] leaves alone, and onLeave gets their entry once they are gone", async () => {
    const room = await roomWith("ada", "bob");
    const [ada] = await room.getUsers();
    const told: { user: UserEntry; others: string[] }[] = [];
    setScript(room.id, {
      onLeave: ({ users }, user) => told.push({ user, others: users.map(({ id }) => id) }),
    });
    await room.leave("ada");
    expect(told).toEqual([{ user: ada, others: ["bob"] }]);
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }]);
  });

  test("[U4, T1] counts as activity of the room, even if the user is not in it", async () => {
    const room = await roomWith("ada", "bob");
    for (const userId of ["ada", "nobody"]) {
      pass(1000);
      await room.leave(userId);
      expect(await room.info()).toMatchObject({ lastActivityAt: isoNow(), users: 1 });
    }
    expect(left(room.id)).toEqual(["ada"]);
  });

  test("[U4] twice is reported once", async () => {
    const room = await roomWith("ada");
    await room.leave("ada");
    await room.leave("ada");
    await rooms.leaveRoom(room.id, "ada");
    expect(left(room.id)).toEqual(["ada"]);
  });

  test("[U4, R1] many times at once is reported once, even with a slow hook", async () => {
    const room = await roomWith("ada");
    setScript(room.id, { onLeave: () => Promise.resolve() });
    await Promise.all(Array.from({ length: 20 }, () => rooms.leaveRoom(room.id, "ada")));
    expect(left(room.id)).toEqual(["ada"]);
  });

  test("[U4] after coming back is reported again", async () => {
    const room = await roomWith("ada");
    await room.leave("ada");
    await room.join({ id: "ada" });
    await room.leave("ada");
    expect(left(room.id)).toEqual(["ada", "ada"]);
  });

  test.for<[string, Script]>([
    [
      "throws",
      {
        onLeave: () => {
          throw new Error("secret: the hook broke");
        },
      },
    ],
    ["rejects", { onLeave: () => Promise.reject(new Error("secret")) }],
    [
      "throws a value that cannot be logged",
      { onLeave: () => Promise.reject(Object.create(null)) },
    ],
    ["hangs", { onLeave: hang }],
    ["returns an error", { onLeave: () => ({ error: "stay" }) }],
  ])("[U4] is gone without an error if onLeave %s", async ([, script]) => {
    const room = await roomWith("ada", "bob");
    setScript(room.id, script);
    await room.leave("ada");
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }]);
    expect(left(room.id)).toEqual(["ada"]);
    await evict(room.id);
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }]);
  });
});

describe("everybody", () => {
  test("[U4, R7] leaves once when the room stops, in join order", async () => {
    const room = await roomWith("zoe", "ada", "bob");
    await room.leave("ada");
    await room.stop();
    expect(left(room.id)).toEqual(["ada", "zoe", "bob"]);
  });

  test("[U4, R7] leaves a stopping room, whatever onLeave does for one of them", async () => {
    const room = await roomWith("ada", "bob", "cyn");
    setScript(room.id, {
      onLeave: (_, { id }) => (id === "ada" ? Promise.reject(Object.create(null)) : hang()),
    });
    await room.stop();
    expect(left(room.id)).toEqual(["ada", "bob", "cyn"]);
    expect(await room.alive()).toBe(false);
  });

  test("[U4, R7] leaves once if they go at the moment the room stops", async () => {
    const room = await roomWith("ada", "bob", "cyn");
    setScript(room.id, { onLeave: () => Promise.resolve() });
    await Promise.all([
      rooms.leaveRoom(room.id, "cyn"),
      room.stop(),
      ...["ada", "bob", "cyn"].map((userId) => rooms.leaveRoom(room.id, userId)),
    ]);
    expect(left(room.id).toSorted()).toEqual(["ada", "bob", "cyn"]);
    expect(await room.alive()).toBe(false);
  });
});
