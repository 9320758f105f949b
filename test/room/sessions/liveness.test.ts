// Dead sockets: a session that has pinged and then fallen silent is ended, on every wake and by a timer;
// one that never pings is left to the platform.

import { describe, expect, test } from "vitest";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { hear, told } from "../../support/membership.ts";
import { alarmOf, hibernate, newId, ring, rooms, sql } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";

useFakeDate();

// The platform notes pings by its own time, which runs on while Date stands still.
const silence = 150_000;
const margin = 30_000;
const interval = 300_000;
const start = () => rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });

const timers = async (id: string): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await sql(id, "SELECT name, at FROM timers")).map(({ name, at }) => [
      String(name),
      Number(at),
    ]),
  );

describe("a session that has pinged", () => {
  test("[U8] and is silent for more than 150 s is ended when the room wakes, like any other", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada" });
    await ada.ping();
    pass(silence + margin);
    await hibernate(room.id);
    const bob = await connect(room.id, { id: "bob" });
    expect(await ada.closed).toEqual({ code: 4202, reason: "silent" });
    expect(bob.presence).toMatchObject({ ada: { status: "away" } });
    expect(await room.info()).toMatchObject({ users: 2, sockets: 1 });
    pass(10_000);
    await ring(room.id);
    await bob.fence();
    expect(bob.users.map(({ id }) => id)).toEqual(["bob"]);
    expect(bob.users).toEqual(await room.getUsers());
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U8, T3] is found by a timer that rings every 5 minutes while sockets are open", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    const opened = Date.now();
    expect(await timers(room.id)).toMatchObject({ liveness: opened + interval });
    expect(await alarmOf(room.id)).toBeLessThanOrEqual(opened + interval);
    await ada.ping();
    await bob.fence();
    const presence = hear(bob, "presence");
    pass(interval);
    await ring(room.id);
    expect(await ada.closed).toMatchObject({ code: 4202 });
    expect(await presence()).toEqual([{ updates: { ada: { status: "away" } } }]);
    expect(await timers(room.id)).toMatchObject({ liveness: Date.now() + interval });
  });

  test("[U8] within 150 s is left alone, by wakes and by the timer", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada" });
    await ada.ping();
    pass(silence - margin);
    await hibernate(room.id);
    expect(await room.info()).toMatchObject({ sockets: 1 });
    await ring(room.id);
    await ada.fence();
  });
});

describe("a session that never pings", () => {
  test("[U8] is left alone, however silent it is", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada" });
    for (let round = 0; round < 3; round++) {
      pass(10 * interval);
      await ring(room.id);
      await hibernate(room.id);
    }
    expect(await room.info()).toMatchObject({ users: 1, sockets: 1 });
    await ada.fence();
    expect(told(room.id, "onLeave")).toEqual([]);
  });
});

describe("the timer", () => {
  test("[U8, T3] goes with the last socket", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada" });
    await ada.close();
    pass(interval);
    await ring(room.id);
    expect(await timers(room.id)).not.toHaveProperty("liveness");
  });
});
