// Real hibernation: the platform removes an idle object from memory and leaves its sockets open. Only a real
// server does this, after 10 s without activity.

import { afterAll, beforeAll, expect, test } from "vitest";
import { asking, startEnds } from "../support/ends.ts";
import { outsideClients } from "../support/outside-client.ts";
import type { Server } from "../support/server.ts";
import { expectOk } from "../support/session.ts";

let server: Server;
beforeAll(async () => {
  server = await startEnds();
});
afterAll(() => server.stop());

const { connect } = outsideClients(() => server.url);
const ask = asking(() => server);

test("[U6, R6, P2] an idle room hibernates and has its sockets, users and presence when it wakes", async () => {
  const id = await ask.start("patient");
  const bob = await connect(id, { id: "bob" });
  const ada = await connect(id, { id: "ada", name: "Ada" });
  const tab = await connect(id, { id: "ada" });
  expectOk(await ada.show({ cursor: { x: 1 }, mood: "fine" }));
  expectOk(await bob.show({ status: "idle" }));
  const instance = async (): Promise<unknown> => expectOk(await ada.act("instance")).result;
  const before = await instance();
  await bob.until(
    ({ presence: { ada: one, bob: other } }) =>
      one?.["mood"] === "fine" && other?.status === "idle",
    "all presence updates",
  );
  const seen = bob.presence;

  // Each poll wakes the room, so the interval is long enough for it to hibernate.
  await expect.poll(instance, { interval: 12_000, timeout: 60_000 }).not.toBe(before);

  expect(ada.presence).toEqual(seen);
  expect(await ask.statuses(id)).toEqual({ bob: "idle", ada: "online" });
  expect(await ask.users(id)).toEqual(["bob", "ada"]);
  expect(await ask.sockets(id)).toBe(3);
  expectOk(await bob.merge({ awake: true }));
  await ada.until(({ state }) => state["awake"] === true);
  await tab.fence();
  // Sockets that were opened before the hibernation end now, and everybody is notified.
  await tab.close();
  await ada.close();
  await bob.until(({ presence }) => presence["ada"]?.status === "away");
  expect(bob.presence["ada"]).toMatchObject({ name: "Ada", mood: "fine" });
  expect(await ask.calls(id)).toEqual(["onJoin bob", "onJoin ada"]);
}, 90_000);
