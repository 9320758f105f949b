// What one client can use of a room is bounded, whatever it claims.

import { describe, expect, test } from "vitest";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { RoomByHand } from "../../support/room-by-hand.ts";
import type { TestSession } from "../../support/session.ts";
import { connect, refusal } from "../../support/core/socket-client.ts";
import { newId, rooms } from "../../support/core/rooms.ts";

useFakeDate();

test("[L1, W3] a client that guesses marks gets an error, and is closed if it continues", async () => {
  const ada = await connect(newId(), { id: "ada" });
  for (let n = 1; n <= 11; n++) ada.send({ type: "ack", n });
  expect((await ada.next("error")).code).toBe("bad_message");
  expect((await ada.closed).code).toBe(4400);
});

test("[L1, U3] a user has at most 32 sockets in a room, and one that goes makes room for another", async () => {
  const id = newId();
  const tabs: TestSession[] = [];
  for (let n = 0; n < 32; n++) tabs.push(await connect(id, { id: "ada" }));
  expect(await refusal(id, { id: "ada" })).toMatchObject({
    status: 409,
    problem: {
      code: "room_full",
      detail: "A user may have at most 32 sockets in a room. Close one and try again.",
    },
  });
  await connect(id, { id: "bob" });
  await tabs[0]?.leave();
  await connect(id, { id: "ada" });
  expect(await rooms.room(id).info()).toMatchObject({ users: 2, sockets: 33 });
});

describe("at the socket limit", () => {
  const silence = 150_000;

  /** A user with the maximum number of sockets, opened a second apart. */
  async function fill(id: string): Promise<TestSession[]> {
    const tabs: TestSession[] = [];
    for (let n = 0; n < 32; n++) {
      tabs.push(await connect(id, { id: "ada" }));
      pass(1000);
    }
    return tabs;
  }

  test("[U8, L1] a user's next socket replaces the one that has been silent for longest", async () => {
    const id = newId();
    const tabs = await fill(id);
    pass(silence);
    for (const tab of tabs.slice(0, 20)) await tab.ping();
    for (const tab of tabs.slice(22)) await tab.touch();
    await connect(id, { id: "ada" });
    expect(await tabs[20]?.closed).toEqual({ code: 4202, reason: "silent" });
    await connect(id, { id: "ada" });
    expect(await tabs[21]?.closed).toEqual({ code: 4202, reason: "silent" });
    expect((await refusal(id, { id: "ada" })).problem.code).toBe("room_full");
    expect(await rooms.room(id).info()).toMatchObject({ users: 1, sockets: 32 });
  });

  test("[U8] no socket is replaced that was heard in the last 150 s", async () => {
    const id = newId();
    const tabs = await fill(id);
    pass(silence - 32_000);
    expect((await refusal(id, { id: "ada" })).problem.code).toBe("room_full");
    for (const tab of tabs) await tab.touch();
  });

  test("[U8, N4] the socket that has been silent for longest is replaced in a room with too many", async () => {
    const hand = new RoomByHand({ behaviour: { maxSockets: 2 } });
    const ada = await hand.connect("ada");
    await hand.pass(1000);
    const bob = await hand.connect("bob");
    await expect(hand.connect("cyd")).rejects.toMatchObject({ code: "room_full" });
    await hand.pass(silence);
    await hand.connect("cyd");
    expect([ada.closed, bob.closed]).toEqual([{ code: 4202, reason: "silent" }, null]);
    await expect(hand.connect("dan")).rejects.toMatchObject({ code: "room_full" });
  });
});
