// Real hibernation: the platform takes a quiet object from memory, and leaves its sockets open. Only a
// real server does; it takes 10 s of quiet.

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

test("[U6, R6, P2] a quiet room sleeps; its sockets, users and presence are there when it wakes", async () => {
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
    "all that was shown",
  );
  const seen = bob.presence;

  // Each look wakes the room, so there is quiet in between for long enough to sleep in.
  await expect.poll(instance, { interval: 12_000, timeout: 60_000 }).not.toBe(before);

  expect(ada.presence).toEqual(seen);
  expect(await ask.statuses(id)).toEqual({ bob: "idle", ada: "online" });
  expect(await ask.users(id)).toEqual(["bob", "ada"]);
  expect(await ask.sockets(id)).toBe(3);
  expectOk(await bob.merge({ awake: true }));
  await ada.until(({ state }) => state["awake"] === true);
  await tab.fence();
  // What ends now is told to all, though the room has slept since it was opened.
  await tab.close();
  await ada.close();
  await bob.until(({ presence }) => presence["ada"]?.status === "away");
  expect(bob.presence["ada"]).toMatchObject({ name: "Ada", mood: "fine" });
  expect(await ask.calls(id)).toEqual(["onJoin bob", "onJoin ada"]);
}, 90_000);
