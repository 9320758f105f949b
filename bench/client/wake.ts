// How long the first reply takes after a room has slept, and how long it takes while the room is awake. The
// platform puts a room to sleep 10 s after its last event. One socket stays open in each room and is silent.

import { median } from "../statistics.ts";
import { ClientPool } from "./client-pool.ts";
import { numberAfter } from "./scan.ts";
import type { Target } from "./server-protocols.ts";

export type WakeOptions = {
  /** The rooms sleep at the same time. */
  readonly targets: readonly Target[];
  readonly rounds: number;
};

/** ms from sending an update until its reply; by round. */
export type WakeResult = { readonly first: readonly number[]; readonly warm: readonly number[] };

// ms. The rooms still send their user counts to the directory in the first one.
const [settleTime, sleepTime] = [8000, 12_000];
const warmReplies = 11;
/** ms between them: the first reply comes after a pause too, with everything as cold that a sleep does not touch. */
const warmPause = 100;
const replyTimeout = 10_000;

type Sleeper = {
  readonly target: Target;
  readonly pool: ClientPool;
  readonly first: number[];
  readonly warm: number[];
};

/** @returns results by target */
export async function wake({ targets, rounds }: WakeOptions): Promise<WakeResult[]> {
  const sleepers: Sleeper[] = [];
  try {
    for (const target of targets) {
      const pool = await ClientPool.connect(target, { sockets: 1 });
      sleepers.push({ target, pool, first: [], warm: [] });
    }
    await pause(sleepers, settleTime);
    for (let round = 0; round < rounds; round++) {
      await pause(sleepers, sleepTime);
      for (const sleeper of sleepers) await measure(sleeper);
    }
    return sleepers.map(({ first, warm }) => ({ first, warm }));
  } finally {
    await Promise.all(sleepers.map(({ pool }) => pool.leave()));
  }
}

async function measure({ target, pool, first, warm }: Sleeper): Promise<void> {
  const before = await instances(target);
  const ms = await replyTime(pool);
  if ((await instances(target)) === before) throw new Error("the room has not slept");
  const awake: number[] = [];
  for (let n = 0; n < warmReplies; n++) {
    await pool.pause(warmPause);
    awake.push(await replyTime(pool));
  }
  first.push(ms);
  warm.push(median(awake));
}

let ref = 0;

async function replyTime(pool: ClientPool): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const own = ++ref;
  const start = performance.now();
  pool.onMessage = (_client, type, message) => {
    if (type === "reply" && numberAfter('"ref":', message) === own)
      resolve(performance.now() - start);
  };
  const change = `[{"op":"replace","path":"/title","value":"update ${own}"}]`;
  pool.clients[0]?.send(`{"type":"update","ref":${own},"patch":${change}}`);
  return pool.withTimeout(promise, replyTimeout);
}

/** How many instances of a room's object there have been. The room is not asked, so it sleeps on. */
async function instances({ url, room }: Target): Promise<number> {
  const response = await fetch(new URL(`/instances/${room}`, url));
  return Number(await response.text());
}

async function pause(sleepers: readonly Sleeper[], ms: number): Promise<void> {
  await Promise.all(sleepers.map(({ pool }) => pool.pause(ms)));
}
