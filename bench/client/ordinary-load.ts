// Users who each change a key of their own at a moderate rate, whether or not the server keeps up. Each value
// carries the time it was sent, so every socket, the sender's own included, can tell the age of a change.

import { percentile } from "../statistics.ts";
import { ClientPool } from "./client-pool.ts";
import type { Target } from "./server-protocols.ts";
import { cachingLast, stamp, stampsIn } from "./stamps.ts";
import { startTicker } from "./ticker.ts";
import { Usage, type UsageShares } from "./usage.ts";

export type OrdinaryLoadOptions = {
  readonly target: Target;
  /** One socket each. */
  readonly users: number;
  readonly updatesPerSecond: number;
  readonly seconds: number;
};

export type OrdinaryLoadResult = UsageShares & {
  /** ms from sending an update until a socket receives its change, over all sockets. */
  readonly ageP50: number;
  readonly ageP99: number;
  /** Changes received, summed over all sockets. */
  readonly deliveries: number;
};

const warmUp = 500;
/** ms in which a server that is behind has to catch up. */
const catchUpTime = 60_000;
const stampMember = '"value":';

const update = (ref: number, user: number): string =>
  `{"type":"update","ref":${ref},"patch":` +
  `[{"op":"replace","path":"/items/k${user}","value":"${stamp(user, performance.now())}"}]}`;

export async function ordinaryLoad(options: OrdinaryLoadOptions): Promise<OrdinaryLoadResult> {
  const { target, users, updatesPerSecond, seconds } = options;
  const pool = await ClientPool.connect(target, { sockets: users });
  const ages: number[] = [];
  let [start, sent] = [Infinity, 0];
  const readStamps = cachingLast((message) => stampsIn(stampMember, message));
  pool.onMessage = (_client, type, message) => {
    if (type !== "change") return;
    const now = performance.now();
    for (const { sentAt } of readStamps(message)) if (sentAt >= start) ages.push(now - sentAt);
  };
  const firstVersion = pool.clients[0]?.version ?? 0;
  const isComplete = (): boolean =>
    pool.clients.every(({ version }) => version === firstVersion + sent);
  // Users take turns, so the updates are spread over the second.
  const stop = startTicker(users * updatesPerSecond, (n) => {
    pool.clients[n % users]?.send(update(n, n % users));
    sent++;
  });
  try {
    await pool.pause(warmUp);
    start = performance.now();
    const usage = new Usage(target.pid);
    await pool.pause(seconds * 1000);
    stop();
    // A server that is behind has not yet spent all of its time on this load.
    await pool.waitUntil("all changes at all sockets", isComplete, catchUpTime);
    return {
      ...usage.shares(),
      ageP50: percentile(ages, 0.5),
      ageP99: percentile(ages, 0.99),
      deliveries: ages.length,
    };
  } finally {
    stop();
    await pool.leave();
  }
}
