// Two thousand users in one room on the platform. The room is sampled until most of them have left. A join costs the
// same as with three hundred users, and the counts are correct however the room comes back.

import { expect, test, vi } from "vitest";
import { maxWatchedUsers } from "../../src/protocol/limits.ts";
import { collab } from "../fixtures/worker.ts";
import { env, hibernate, newId, redeploy, rooms } from "../support/rooms.ts";
import { expectOk } from "../support/session.ts";
import { connect } from "../support/socket-client.ts";

/** A socket without a client. Two thousand test sessions would take longer than the room itself. */
async function open(room: string, userId: string): Promise<WebSocket> {
  const query = new URLSearchParams({ user: JSON.stringify({ id: userId }) });
  const request = new Request(`https://rooms.test/rooms/${room}/socket?${query}`, {
    headers: { upgrade: "websocket", "sec-websocket-protocol": "collab-room.v2" },
  });
  const { webSocket } = await collab.app.fetch(request, env);
  if (!webSocket) throw new Error(`${userId} is refused`);
  webSocket.accept();
  return webSocket;
}

async function openAll(room: string, from: number, to: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  for (let n = from; n < to; n += 50)
    sockets.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(50, to - n) }, (_, k) => open(room, `user-${n + k}`)),
      )),
    );
  return sockets;
}

test("[N1, N3, R6] 2,000 users with 2,000 sockets are sampled, watched, counted after evictions, and reported again in full", async () => {
  const id = newId("crowd");
  const room = await rooms.joinOrCreateRoom(id, { behaviour: "forgiving" });
  const ada = await connect(id, { id: "ada" });
  const crowd = await openAll(id, 0, 298);
  const early = await connect(id, { id: "early" });
  await ada.until(({ counts }) => counts?.users === 300);
  crowd.push(...(await openAll(id, 298, 1997)));
  const late = await connect(id, { id: "late" });
  await ada.until(({ counts }) => counts?.users === 2000 && counts.online === 2000);
  expect(ada.users.map(({ id: userId }) => userId)).toEqual(["ada"]);

  // A join is the same for the newcomer, and for the others.
  const [earlyBytes, lateBytes] = [early, late].map(({ frames }) => frames[0]?.length ?? 0);
  expect(Math.abs(Number(lateBytes) - Number(earlyBytes))).toBeLessThan(50);

  // Somebody moves. Watchers see it, and everybody has the user in the sample.
  const others = Array.from({ length: maxWatchedUsers - 1 }, (_, n) => `${n}`.padEnd(120, "x"));
  expectOk(await ada.watch("user-7", ...others));
  expect(ada.users).toHaveLength(2);
  crowd[7]?.send('{"type":"presence","data":{"cursor":1}}');
  await ada.until(({ presence }) => presence["user-7"]?.["cursor"] === 1);
  await late.until(({ sample }) => "user-7" in sample);

  // The room sleeps, and everybody is as before.
  await hibernate(id);
  crowd[7]?.send('{"type":"presence","data":{"cursor":2}}');
  await ada.until(({ presence }) => presence["user-7"]?.["cursor"] === 2);
  const afterSleep = await connect(id, { id: "after-sleep" });
  await afterSleep.until(({ counts }) => counts?.users === 2001 && counts.online === 2001);
  await early.until(({ sample }) => sample["user-7"]?.presence["cursor"] === 2);

  // Another version is deployed. All sockets are gone, and the first user who is back sees that.
  await redeploy(id);
  const back = await connect(id, { id: "ada" });
  await back.until(({ counts }) => counts?.online === 1 && counts.away === 2000);
  expect(back.counts).toEqual({ users: 2001, online: 1, idle: 0, away: 2000, typing: 0 });

  // Most users leave, and everybody is reported again.
  const ids = (await room.getUsers()).map((user) => user.id).filter((userId) => userId !== "ada");
  const leaving = ids.slice(0, -100);
  for (let n = 0; n < leaving.length; n += 100)
    await Promise.all(leaving.slice(n, n + 100).map((userId) => room.leave(userId)));
  await back.until(({ counts }) => counts === null);
  await vi.waitFor(async () => {
    await back.fence();
    expect(back.users).toEqual(await room.getUsers());
  });
  expect(back.presence).toEqual(await room.getPresence());
  expect(back.users).toHaveLength(101);
}, 60_000);
