// TCP is reset while `onJoin` runs. The client is gone before its socket was accepted, so the platform never reports
// its end to the room. The room asks for a sign of life, and gets none.

import { afterAll, beforeAll, expect, test } from "vitest";
import { asking, startEnds } from "../support/ends.ts";
import { outsideClients } from "../support/outside-client.ts";
import { RawSocket } from "../support/raw-socket.ts";
import type { Server } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await startEnds();
});
afterAll(() => server.stop());

const { connect } = outsideClients(() => server.url);
const ask = asking(() => server);

const livenessInterval = 300_000;
const answerTime = 60_000;

test("[U8, U2, U6] users whose connection was reset while they joined are removed after their grace period", async () => {
  const id = await ask.start("hasty");
  const bob = await connect(id, { id: "bob" });
  const ghosts = Array.from({ length: 20 }, (_, n) => `ghost-${n}`);
  for (const ghost of ghosts) {
    const user = encodeURIComponent(JSON.stringify({ id: ghost, slow: 200 }));
    const socket = await RawSocket.open(`${server.url}/rooms/${id}/socket?user=${user}`);
    await ask.called(id, `onJoin ${ghost}`);
    socket.reset();
  }
  await bob.until(({ users }) => users.length === 1 + ghosts.length);

  await ask.pass(id, livenessInterval);
  await bob.until(({ messages }) => messages.some(({ type }) => type === "mark"));
  await bob.ping();
  await ask.pass(id, answerTime);
  await ask.pass(id, 1000); // the grace period
  await bob.until(({ users }) => users.length === 1);
  expect(await ask.users(id)).toEqual(["bob"]);
  expect(await ask.sockets(id)).toBe(1);
  const left = (await ask.calls(id)).filter((call) => call.startsWith("onLeave"));
  expect(left.toSorted()).toEqual(ghosts.map((ghost) => `onLeave ${ghost}`).toSorted());
});
