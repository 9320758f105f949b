// Sockets that move a cursor at a constant rate, whether or not the server keeps up. Each cursor carries
// the time it was sent, so every socket that receives it can tell its age.

import { percentile } from "../statistics.ts";
import { ClientPool } from "./client-pool.ts";
import type { Target } from "./server-protocols.ts";
import { cachingLast, stamp, stampsIn } from "./stamps.ts";
import { startTicker } from "./ticker.ts";
import { Usage, type UsageShares } from "./usage.ts";

export type PresenceOptions = {
  readonly target: Target;
  readonly sockets: number;
  readonly movesPerSecond: number;
  readonly seconds: number;
};

export type PresenceResult = UsageShares & {
  /** ms from sending a cursor until another socket receives it. */
  readonly ageP50: number;
  readonly ageP99: number;
  readonly movesSent: number;
  /** Moves that reached the other sockets; moves that a later one replaced are not counted. */
  readonly movesSeen: number;
  /** Pairs of sockets where one has not received the last position of the other's cursor. */
  readonly pairsBehind: number;
};

const warmUp = 500;
const tick = 5;
// A server that is far behind is not waited for any longer: the pairs that are still behind are counted.
const catchUpTime = 1000;
const stampMember = '"at":';

const move = (user: number, sentAt: number): string =>
  `{"type":"presence","data":{"cursor":` +
  `{"x":${Math.round(sentAt) % 1920},"y":${(user * 7) % 1080},"at":"${stamp(user, sentAt)}"}}}`;

export async function presence(options: PresenceOptions): Promise<PresenceResult> {
  const { target, sockets, movesPerSecond, seconds } = options;
  const pool = await ClientPool.connect(target, { sockets });
  const lastSent = new Float64Array(sockets);
  /** By receiver and sender. */
  const lastReceived = pool.clients.map(() => new Float64Array(sockets));
  let [sent, received] = [0, 0];
  let ages: number[] = [];

  const readCursors = cachingLast((message) => stampsIn(stampMember, message));
  pool.onMessage = (client, type, message) => {
    if (type !== "presence") return;
    const now = performance.now();
    const own = lastReceived[client.index];
    for (const { user, sentAt } of readCursors(message)) {
      if (user === client.index || own === undefined) continue;
      own[user] = sentAt;
      received++;
      ages.push(now - sentAt);
    }
  };

  const moveNext = (n: number): void => {
    const user = n % sockets;
    const now = performance.now();
    lastSent[user] = now;
    pool.clients[user]?.send(move(user, now));
    sent++;
  };
  const stop = startTicker(sockets * movesPerSecond, moveNext, tick);

  try {
    await pool.pause(warmUp);
    [ages, received] = [[], 0];
    const sentBefore = sent;
    const usage = new Usage(target.pid);
    await pool.pause(seconds * 1000);
    const result = {
      ...usage.shares(),
      ageP50: percentile(ages, 0.5),
      ageP99: percentile(ages, 0.99),
      movesSent: sent - sentBefore,
      movesSeen: received / (sockets - 1),
    };
    stop();
    const pairsBehind = (): number =>
      lastReceived.reduce(
        (sum, own, receiver) =>
          sum +
          own.reduce(
            (behind, at, user) => behind + +(user !== receiver && at !== lastSent[user]),
            0,
          ),
        0,
      );
    const end = performance.now() + catchUpTime;
    while (pairsBehind() > 0 && performance.now() < end) await pool.pause(50);
    return { ...result, pairsBehind: pairsBehind() };
  } finally {
    stop();
    await pool.leave();
  }
}
