// Users who joined with a ttl and have sockets. An open socket keeps them in the room, and when the last one has gone,
// the whole ttl begins anew.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { pass, passUntil, useFakeDate } from "../../support/fake-date.ts";
import { hear, told, userIds } from "../../support/membership.ts";
import { hibernate, newId, ring, rooms, rowsWritten } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";

useFakeDate();

const ttl = 60_000;

/** A room with a user who has a lease and a socket. */
async function leased() {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
  const entry = await room.join({ id: "ada" }, { ttl });
  return { room, entry, ada: await connect(room.id, { id: "ada" }) };
}

async function leavesAt(room: RoomHandle, time: number): Promise<void> {
  passUntil(time - 1);
  await ring(room.id);
  expect(await userIds(room)).toEqual(["ada"]);
  passUntil(time);
  await ring(room.id);
  expect(await userIds(room)).toEqual([]);
  expect(told(room.id, "onLeave")).toEqual(["ada"]);
}

describe("a user with a ttl and a socket", () => {
  test("[U7] stays as long as the socket is open, and for the ttl afterwards", async () => {
    const { room, entry, ada } = await leased();
    for (let round = 0; round < 5; round++) {
      pass(ttl - 1000);
      await ring(room.id);
    }
    expect(await room.getUsers()).toEqual([entry]);
    await ada.close();
    await leavesAt(room, Date.now() + ttl);
    expect(told(room.id, "onJoin")).toEqual(["ada"]);
  });

  test("[U7] has no presence once the socket has gone, although they are in the room", async () => {
    const { room, ada } = await leased();
    const bob = await connect(room.id, { id: "bob" });
    const presence = hear(bob, "presence");
    await ada.close();
    expect(await presence()).toEqual([{ leaves: ["ada"] }]);
    expect(await userIds(room)).toEqual(["ada", "bob"]);
  });

  test("[U7] can come back, and the ttl counts from the last socket", async () => {
    const { room, ada } = await leased();
    const second = await connect(room.id, { id: "ada" });
    await ada.close();
    pass(3 * ttl);
    await ring(room.id);
    await second.close();
    pass(ttl - 1000);
    await ring(room.id);
    await (await connect(room.id, { id: "ada" })).close();
    await leavesAt(room, Date.now() + ttl);
  });

  test("[U7, R6] stays while the room sleeps, and leaves after the ttl if the socket goes then", async () => {
    const { room, ada } = await leased();
    await hibernate(room.id);
    pass(10 * ttl);
    await ring(room.id);
    expect(await userIds(room)).toEqual(["ada"]);
    await hibernate(room.id);
    await ada.close();
    await hibernate(room.id);
    await leavesAt(room, Date.now() + ttl);
  });

  test("[U7, U3] has the ttl of their last join, or none", async () => {
    const { room, ada } = await leased();
    await room.join({ id: "ada" }, { ttl: 2 * ttl });
    pass(5 * ttl);
    await ring(room.id);
    await ada.close();
    await leavesAt(room, Date.now() + 2 * ttl);
    const other = await leased();
    await other.room.join({ id: "ada" });
    await other.ada.close();
    pass(100 * ttl);
    await ring(other.room.id);
    expect(await userIds(other.room)).toEqual(["ada"]);
  });

  test("[U7, T4] costs nothing while the socket is open, whatever they do", async () => {
    const { room, ada } = await leased();
    await ring(room.id);
    const before = await rowsWritten(room.id);
    for (let round = 0; round < 100; round++) {
      pass(100);
      await ada.touch();
    }
    expect((await rowsWritten(room.id)) - before).toBeLessThanOrEqual(1);
  });
});
