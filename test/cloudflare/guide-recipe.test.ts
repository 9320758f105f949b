// The test in workerd that docs/guides/testing.md recommends; guide.test.ts compares the two.

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import worker, { collab } from "../fixtures/worker.ts";

test("a title set over HTTP reaches the socket and survives an eviction", async () => {
  const room = await collab.rooms(env).joinOrCreateRoom("recipe");
  const address = "https://rooms.test/rooms/recipe";
  const user = encodeURIComponent('{"id":"ada"}');
  const headers = { upgrade: "websocket" };
  const answer = await worker.fetch(
    new Request(`${address}/socket?user=${user}`, { headers }),
    env,
  );
  const socket = answer.webSocket;
  if (socket === null) throw new Error(await answer.text());
  const frames: string[] = [];
  socket.addEventListener("message", ({ data }) => void frames.push(String(data)));
  socket.accept();

  const state = JSON.stringify({ title: "Bridge" });
  const put = { method: "PUT", headers: { "content-type": "application/json" }, body: state };
  expect((await worker.fetch(new Request(`${address}/state`, put), env)).ok).toBe(true);
  await expect.poll(() => frames.join()).toContain("Bridge");

  await evictDurableObject(env.ROOMS.getByName("recipe"));
  expect(await room.getState()).toEqual({ title: "Bridge" });
  socket.close(1000);
});
