// The grace period. A user who joined by socket and has none left is away until it ends, and can return until then as
// if nothing had happened. The deadline is stored and is kept exactly, whatever happens to the object.

import { createCollab, defineRoom } from "collab-room";
import { describe, expect, test } from "vitest";
import { pass, passUntil, useFakeDate } from "../../support/fake-date.ts";
import { hear, told, userIds } from "../../support/membership.ts";
import {
  alarmOf,
  hibernate,
  newId,
  ring,
  rooms,
  rowsWritten,
  sql,
  stored,
} from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";

useFakeDate();

const grace = 10_000;
const start = (behaviour = "scripted") => rooms.joinOrCreateRoom(newId(), { behaviour });
type Room = Awaited<ReturnType<typeof start>>;

/** Check that a user stays until this time, and then leaves once. */
async function leavesAt(room: Room, userId: string, time: number): Promise<void> {
  passUntil(time - 1);
  await ring(room.id);
  expect(await userIds(room)).toContain(userId);
  expect(told(room.id, "onLeave")).not.toContain(userId);
  passUntil(time);
  await ring(room.id);
  await ring(room.id);
  expect(await userIds(room)).not.toContain(userId);
  expect(told(room.id, "onLeave").filter((id) => id === userId)).toEqual([userId]);
}

describe("a user whose last socket has gone", () => {
  test("[U6, P3] is away for 10 s and then leaves, with one call of the hook and one message", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    await bob.fence();
    const [users, presence] = [hear(bob, "users"), hear(bob, "presence")];
    await ada.close();
    expect(await presence()).toEqual([{ updates: { ada: { status: "away" } } }]);
    expect(await room.info()).toMatchObject({ users: 2, sockets: 1 });
    expect(await alarmOf(room.id)).toBeLessThanOrEqual(Date.now() + grace);
    await leavesAt(room, "ada", Date.now() + grace);
    expect(await users()).toEqual([{ leaves: ["ada"] }]);
    expect(await presence()).toEqual([{ leaves: ["ada"] }]);
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U6] keeps the same membership if they return in time, and no hook is called", async () => {
    const room = await start();
    const first = await connect(room.id, { id: "ada" });
    const users = await room.getUsers();
    for (let round = 0; round < 3; round++) {
      const ada = round === 0 ? first : await connect(room.id, { id: "ada" });
      expect(ada.welcome.user).toEqual(users[0]);
      await ada.close();
      pass(grace - 1);
      await ring(room.id);
    }
    await connect(room.id, { id: "ada" });
    pass(10 * grace);
    await ring(room.id);
    expect(await room.getUsers()).toEqual(users);
    expect(told(room.id, "onJoin")).toEqual(["ada"]);
    expect(told(room.id, "onLeave")).toEqual([]);
  });

  test("[U6] has the whole grace period again after the next loss", async () => {
    const room = await start();
    await (await connect(room.id, { id: "ada" })).close();
    pass(grace - 1000);
    await (await connect(room.id, { id: "ada" })).close();
    await leavesAt(room, "ada", Date.now() + grace);
  });

  test("[U6] joins anew if they return too late", async () => {
    const room = await start();
    const first = await connect(room.id, { id: "ada" });
    await first.close();
    pass(grace);
    await ring(room.id);
    const again = await connect(room.id, { id: "ada" });
    expect(again.welcome.user).not.toEqual(first.welcome.user);
    expect(told(room.id, "onJoin")).toEqual(["ada", "ada"]);
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U6] is away only when their last tab has gone", async () => {
    const room = await start();
    const tabs = [await connect(room.id, { id: "ada" }), await connect(room.id, { id: "ada" })];
    await tabs[0]?.close();
    pass(5 * grace);
    await ring(room.id);
    expect(await room.getPresence()).toMatchObject({ ada: { status: "online" } });
    await tabs[1]?.close();
    expect(await room.getPresence()).toMatchObject({ ada: { status: "away" } });
    await leavesAt(room, "ada", Date.now() + grace);
  });

  test("[U6] has their own grace period", async () => {
    const room = await start();
    const [ada, bob] = [
      await connect(room.id, { id: "ada" }),
      await connect(room.id, { id: "bob" }),
    ];
    await ada.close();
    const first = Date.now() + grace;
    pass(4000);
    await bob.close();
    const second = Date.now() + grace;
    await leavesAt(room, "ada", first);
    expect(await userIds(room)).toEqual(["bob"]);
    expect(await alarmOf(room.id)).toBeLessThanOrEqual(second);
    await leavesAt(room, "bob", second);
    expect(told(room.id, "onLeave")).toEqual(["ada", "bob"]);
  });

  test("[U6, U3] stays if they join by HTTP in the meantime, and has no presence", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    await (await connect(room.id, { id: "ada" })).close();
    const presence = hear(bob, "presence");
    await bob.fence();
    pass(1000);
    await room.join({ id: "ada" });
    expect((await presence()).at(-1)).toEqual({ leaves: ["ada"] });
    expect(bob.presence).toEqual(await room.getPresence());
    pass(10 * grace);
    await ring(room.id);
    expect(await userIds(room)).toEqual(["bob", "ada"]);
    expect(told(room.id, "onLeave")).toEqual([]);
  });

  test("[U6, U4] leaves once if they are removed in the meantime", async () => {
    const room = await start();
    await (await connect(room.id, { id: "ada" })).close();
    await rooms.leaveRoom(room.id, "ada");
    pass(10 * grace);
    await ring(room.id);
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U6, T2] keeps the room occupied until they leave, after which it is idle", async () => {
    const room = await start("brief");
    await (await connect(room.id, { id: "ada" })).close();
    expect(await room.info()).not.toHaveProperty("idleDeadline");
    pass(grace);
    await ring(room.id);
    const { idleDeadline } = await room.info();
    expect(Date.parse(idleDeadline ?? "")).toBe(Date.now() + 60_000);
    pass(60_000);
    await ring(room.id);
    expect(await room.alive()).toBe(false);
  });
});

describe("the deadline", () => {
  test("[U6, U8] of a socket that goes while the room sleeps starts then", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    await hibernate(room.id);
    const presence = hear(bob, "presence");
    await ada.close();
    expect(await presence()).toEqual([{ updates: { ada: { status: "away" } } }]);
    await leavesAt(room, "ada", Date.now() + grace);
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U6, T3] costs a few rows: the member's and the timer's, on the way out and back", async () => {
    const room = await start();
    await connect(room.id, { id: "bob" });
    await (await connect(room.id, { id: "ada" })).close();
    await connect(room.id, { id: "ada" });
    const before = await rowsWritten(room.id);
    for (let round = 0; round < 10; round++) {
      const ada = await connect(room.id, { id: "ada" });
      pass(10);
      await ada.close();
    }
    expect((await rowsWritten(room.id)) - before).toBe(0); // another tab is open all the time
    for (const { data } of await sql(room.id, "SELECT data FROM members"))
      expect(String(data)).not.toContain("awayUntil");
  });

  test("[U6, T3] that is no longer needed sets no further alarm", async () => {
    const room = await start();
    await (await connect(room.id, { id: "ada" })).close();
    await connect(room.id, { id: "ada" });
    pass(grace);
    await ring(room.id);
    const { tables } = await stored(room.id);
    expect((tables["timers"] as { name: string }[]).map(({ name }) => name)).not.toContain("grace");
  });
});

describe("reconnectGrace", () => {
  test("[U6] of 0 makes a user leave with their last socket", async () => {
    const room = await start("graceless");
    const bob = await connect(room.id, { id: "bob" });
    const tabs = [await connect(room.id, { id: "ada" }), await connect(room.id, { id: "ada" })];
    const [users, presence] = [hear(bob, "users"), hear(bob, "presence")];
    await tabs[0]?.close();
    expect(await userIds(room)).toEqual(["bob", "ada"]);
    await tabs[1]?.close();
    expect(await users()).toEqual([{ leaves: ["ada"] }]);
    expect((await presence()).at(-1)).toEqual({ leaves: ["ada"] });
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U6] is a setting of the behaviour, and part of the welcome", async () => {
    const room = await start("forgiving");
    const ada = await connect(room.id, { id: "ada" });
    expect(ada.welcome.limits.reconnectGrace).toBe(60_000);
    await ada.close();
    await leavesAt(room, "ada", Date.now() + 60_000);
  });

  test.for([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 366 * 24 * 3_600_000, "10" as never])(
    "[U6] of %s is refused when the Worker loads",
    (reconnectGrace) => {
      expect(() => createCollab({ behaviours: { odd: defineRoom({ reconnectGrace }) } })).toThrow(
        /"odd": reconnectGrace must be a whole number from 0/,
      );
    },
  );
});
