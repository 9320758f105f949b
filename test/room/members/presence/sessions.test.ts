// The presence of users, combined from that of their sessions: what several tabs show together, what is left when they
// go, and what the room still knows after it has slept.

import { describe, expect, test } from "vitest";
import { pass, useFakeDate } from "../../../support/fake-date.ts";
import { hear } from "../../../support/membership.ts";
import { hibernate, newId, ring, rooms } from "../../../support/core/rooms.ts";
import type { TestSession } from "../../../support/session.ts";
import { connect } from "../../../support/core/socket-client.ts";

useFakeDate();

async function tabs(count: number) {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "forgiving" });
  const bob = await connect(room.id, { id: "bob" });
  const ada: TestSession[] = [];
  for (let n = 0; n < count; n++) {
    ada.push(await connect(room.id, { id: "ada", name: "Ada" }));
    pass(1000);
  }
  await bob.fence();
  return { room, bob, ada: ada as [TestSession, TestSession], news: hear(bob, "presence") };
}

describe("several tabs of a user", () => {
  test("[P1] show the data of the tab that moved last", async () => {
    const { bob, ada } = await tabs(2);
    for (const [tab, x] of [
      [0, 1],
      [1, 2],
      [0, 3],
    ] as const) {
      pass(10);
      await ada[tab].show({ cursor: { x } });
      await bob.fence();
      expect(bob.presence["ada"]?.cursor).toEqual({ x });
    }
  });

  test("[P1] show the data of the tab that moved last, even within one millisecond", async () => {
    const { bob, ada } = await tabs(2);
    for (const [tab, x] of [0, 1, 0, 0, 1, 0].entries()) {
      await ada[x as 0 | 1].show({ cursor: { x: tab } });
      await bob.fence();
      expect(bob.presence["ada"]?.cursor).toEqual({ x: tab });
    }
  });

  test.for([{ status: "idle" }, { status: "online" }, { typing: false }, {}])(
    "[P1] show the same when a tab that has not moved sends %j",
    async (data) => {
      const { bob, ada, news } = await tabs(2);
      await ada[0].show({ cursor: { x: 1 } });
      await ada[1].show({ cursor: { x: 2 } });
      await ada[0].show({ cursor: { x: 3 } });
      await news();
      pass(10);
      await ada[1].show(data);
      expect(await news()).toEqual([]);
      expect(bob.presence["ada"]).toMatchObject({ cursor: { x: 3 }, status: "online" });
    },
  );

  test("[P1] show typing if any of them types, and idle if all of them are", async () => {
    const { bob, ada, room } = await tabs(2);
    const seen = async () => {
      await bob.fence();
      expect(bob.presence).toEqual(await room.getPresence());
      const { typing, status } = bob.presence["ada"] ?? {};
      return { typing, status };
    };
    await ada[0].show({ typing: true });
    pass(10);
    await ada[1].show({ status: "idle" });
    expect(await seen()).toEqual({ typing: true, status: "online" });
    pass(10);
    await ada[0].show({ status: "idle" });
    expect(await seen()).toEqual({ typing: false, status: "idle" });
    await ada[1].show({ cursor: { x: 1 } });
    expect(await seen()).toEqual({ typing: false, status: "online" });
  });

  test("[P1] show what is left when one goes", async () => {
    const { ada, news, bob } = await tabs(2);
    await ada[0].show({ mood: "fine" });
    pass(10);
    await ada[1].show({ mood: "sour", typing: true });
    await news();
    await ada[1].close();
    await bob.until(({ presence }) => presence["ada"]?.["mood"] === "fine");
    expect(await news()).toEqual([{ updates: { ada: { mood: "fine", typing: false } } }]);
  });

  test("[P1, R6] show what is left when one goes while the room sleeps", async () => {
    const { ada, news, room, bob } = await tabs(2);
    await ada[0].show({ mood: "fine" });
    pass(10);
    await ada[1].show({ mood: "sour" });
    await news();
    await hibernate(room.id);
    await ada[1].close();
    await bob.until(({ presence }) => presence["ada"]?.["mood"] === "fine");
    expect(await news()).toEqual([{ updates: { ada: { mood: "fine" } } }]);
  });
});

describe("a flapping socket", () => {
  test("[P3, U6] causes one update to away and one back, each time", async () => {
    const { room, ada, news } = await tabs(1);
    let session: TestSession = ada[0];
    for (let round = 0; round < 3; round++) {
      await session.close();
      expect(await news()).toEqual([{ updates: { ada: { status: "away" } } }]);
      pass(3000);
      session = await connect(room.id, { id: "ada" });
      expect(await news()).toEqual([{ updates: { ada: { status: "online" } } }]);
      pass(3000);
    }
  });

  test("[P3] loses its cursor and its typing", async () => {
    const { ada, bob, news } = await tabs(1);
    await ada[0].show({ cursor: { x: 1 }, typing: true, mood: "fine" });
    await news();
    await ada[0].close();
    expect(await news()).toEqual([
      { updates: { ada: { cursor: null, typing: false, status: "away" } } },
    ]);
    expect(bob.presence["ada"]).toMatchObject({ name: "Ada", mood: "fine", status: "away" });
  });

  test("[P3] of an idle user is shown as away, and not as idle", async () => {
    const { ada, bob } = await tabs(1);
    await ada[0].show({ status: "idle" });
    await ada[0].close();
    await bob.until(({ presence }) => presence["ada"]?.status === "away");
    expect(bob.presence["ada"]).not.toHaveProperty("idleSince");
  });

  test("[P3, R6] is shown the same to users who join in the meantime, even after a sleep", async () => {
    const { room, ada, bob } = await tabs(1);
    await ada[0].show({ mood: "fine" });
    await ada[0].close();
    await hibernate(room.id);
    const cyn = await connect(room.id, { id: "cyn" });
    await bob.fence();
    expect(bob.presence).toEqual(cyn.presence);
    pass(1000);
    await connect(room.id, { id: "ada" });
    await Promise.all([bob.fence(), cyn.fence()]);
    expect(bob.presence).toEqual(await room.getPresence());
    expect(cyn.presence).toEqual(bob.presence);
  });
});

describe("a user who is away while the room sleeps", () => {
  /** Ada has lost her last socket, and the room has gone to sleep since. */
  async function dropped() {
    const { room, ada, bob, news } = await tabs(1);
    const cyd = await connect(room.id, { id: "cyd" });
    await ada[0].show({ cursor: { x: 1 }, mood: "fine" });
    await news();
    await ada[0].close();
    expect(await news()).toEqual([{ updates: { ada: { status: "away", cursor: null } } }]);
    await hibernate(room.id);
    return { room, bob, cyd, news };
  }

  test("[P3, R6] comes back with a single update", async () => {
    const { room, bob, news } = await dropped();
    await connect(room.id, { id: "ada" });
    expect(await news()).toEqual([{ updates: { ada: { status: "online", mood: null } } }]);
    expect(bob.presence).toEqual(await room.getPresence());
  });

  test("[P3, R6] is not mentioned when others move", async () => {
    const { room, bob, cyd, news } = await dropped();
    await cyd.show({ cursor: { x: 7 } });
    expect(await news()).toEqual([{ updates: { cyd: { cursor: { x: 7 } } } }]);
    expect(bob.presence).toEqual(await room.getPresence());
  });

  test("[P3, R6] leaves with one message when the grace period ends", async () => {
    const { room, news } = await dropped();
    pass(60_000);
    await ring(room.id);
    expect(await news()).toEqual([{ leaves: ["ada"] }]);
  });

  test("[P3, P4, R6] is shown as before to newcomers, after a server held other presence", async () => {
    const { room, bob, news } = await dropped();
    await room.holdPresence("ada", { mood: "held" }, { ttl: 1000 });
    pass(1000);
    await ring(room.id);
    await news();
    expect(bob.presence["ada"]).toMatchObject({ status: "away", mood: "held" });
    await hibernate(room.id);
    expect(await room.getPresence()).toEqual(bob.presence);
    const dan = await connect(room.id, { id: "dan" });
    await bob.fence();
    expect(dan.presence).toEqual(bob.presence);
  });
});

describe("a room that has slept", () => {
  test("[P2, R6] knows everybody's presence, and sends nothing that is already known", async () => {
    const { room, ada, bob, news } = await tabs(2);
    await ada[0].show({ cursor: { x: 1 }, mood: "fine" });
    pass(10);
    await bob.show({ status: "idle", app: [1, { two: null }] });
    await news();
    const seen = bob.presence;
    pass(1000);
    await hibernate(room.id);
    expect(await room.getPresence()).toEqual(seen);
    expect(await news()).toEqual([]);
    await ada[0].show({ cursor: { x: 2 } });
    expect(await news()).toEqual([{ updates: { ada: { cursor: { x: 2 } } } }]);
    const cyn = await connect(room.id, { id: "cyn" });
    expect(cyn.presence).toEqual(await room.getPresence());
  });

  test("[P3, R6] reports typing that has expired in the meantime", async () => {
    const { room, ada, bob, news } = await tabs(1);
    await ada[0].show({ typing: true });
    await news();
    pass(6000);
    await hibernate(room.id);
    await room.info();
    await bob.until(({ presence }) => presence["ada"]?.typing === false);
    expect(await news()).toEqual([{ updates: { ada: { typing: false } } }]);
  });
});
