// Thousands of users in one room, each with a socket: how long they take to join and what that sends, and how fast
// the cursors of some reach those who watch them.

import { percentile } from "../statistics.ts";
import { ClientPool } from "./client-pool.ts";
import type { Target } from "./server-protocols.ts";
import { cachingLast, stamp, stampsIn } from "./stamps.ts";
import { startTicker } from "./ticker.ts";
import { Usage, type UsageShares } from "./usage.ts";

export type CrowdOptions = {
  readonly target: Target;
  readonly sockets: number;
  /** Users who move their cursor, and users who watch some of them. */
  readonly movers: number;
  readonly watchers: number;
  readonly watchedEach: number;
  readonly movesPerSecond: number;
  readonly seconds: number;
};

export type CrowdResult = UsageShares & {
  readonly joinSeconds: number;
  /** Megabytes that all sockets together received while they joined. */
  readonly joinMegabytes: number;
  /** Characters of the welcome of the 300th socket, and of the last one. */
  readonly earlyWelcome: number;
  readonly lastWelcome: number;
  /** ms from sending a cursor until a socket that watches its user receives it. */
  readonly ageP50: number;
  readonly ageP99: number;
  /** Moves that reached a watcher, relative to those that were sent: later moves replace the rest. */
  readonly share: number;
};

const joinTimeout = 180_000;
const [settleTime, warmUp] = [2000, 1000];
const early = 299;
const stampMember = '"at":';

const move = (user: number, sentAt: number): string =>
  `{"type":"presence","data":{"cursor":{"x":${Math.round(sentAt) % 1920},"at":"${stamp(user, sentAt)}"}}}`;

export async function crowd(options: CrowdOptions): Promise<CrowdResult> {
  const { target, sockets, movers, watchers, watchedEach, movesPerSecond, seconds } = options;
  const start = performance.now();
  const pool = await ClientPool.connect(target, { sockets, timeout: joinTimeout });
  let stop = (): void => {};
  try {
    const joinSeconds = (performance.now() - start) / 1000;
    await pool.pause(settleTime);
    const joinMegabytes = pool.bytesReceived / 1e6;
    // The first sockets move, the last ones watch.
    const firstWatcher = sockets - watchers;
    for (let n = 0; n < watchers; n++) {
      const users = Array.from({ length: watchedEach }, (_, k) => `u${(n + k) % movers}`);
      pool.clients[firstWatcher + n]?.send(JSON.stringify({ type: "watch", users }));
    }
    await pool.pause(settleTime);

    let [sent, received] = [0, 0];
    let ages: number[] = [];
    const readCursors = cachingLast((message) => stampsIn(stampMember, message));
    pool.onMessage = ({ index }, type, message) => {
      if (type !== "presence" || index < firstWatcher) return;
      const now = performance.now();
      for (const { sentAt } of readCursors(message)) {
        received++;
        ages.push(now - sentAt);
      }
    };
    stop = startTicker(movers * movesPerSecond, (n) => {
      const user = n % movers;
      pool.clients[user]?.send(move(user, performance.now()));
      sent++;
    });
    await pool.pause(warmUp);
    [ages, sent, received] = [[], 0, 0];
    const usage = new Usage(target.pid);
    await pool.pause(seconds * 1000);
    return {
      ...usage.shares(),
      joinSeconds,
      joinMegabytes,
      earlyWelcome: pool.clients[early]?.welcomeLength ?? Number.NaN,
      lastWelcome: pool.clients.at(-1)?.welcomeLength ?? Number.NaN,
      ageP50: percentile(ages, 0.5),
      ageP99: percentile(ages, 0.99),
      share: received / ((sent / movers) * watchers * watchedEach),
    };
  } finally {
    stop();
    await pool.leave();
  }
}
