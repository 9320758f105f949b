// How many frames each socket receives while some of them write at a constant rate: alone, with reads of the
// state beside that, and with refused changes beside that. The room has no reason to send more frames then.

import { ClientPool } from "./client-pool.ts";
import type { Target } from "./server-protocols.ts";
import { startTicker } from "./ticker.ts";
import { itemCount } from "./updates.ts";

export type ReadsBesideWritesOptions = {
  readonly target: Target;
  readonly sockets: number;
  readonly writesPerSecond: number;
  readonly requestsPerSecond: number;
  /** For each of the three. */
  readonly seconds: number;
};

/** Frames per second and socket. */
export type ReadsBesideWritesResult = {
  readonly alone: number;
  readonly withReads: number;
  readonly withRefusals: number;
};

const warmUp = 500;
const patch = '[{"op":"test","path":"/title","value":"not this"}]';

type Ask = (stateUrl: URL) => Promise<void>;

const read: Ask = async (url) => expectStatus(await fetch(url), 200);

const changeInVain: Ask = async (url) => {
  const headers = { "content-type": "application/json-patch+json" };
  expectStatus(await fetch(url, { method: "PATCH", headers, body: patch }), 409);
};

export async function readsBesideWrites(
  options: ReadsBesideWritesOptions,
): Promise<ReadsBesideWritesResult> {
  const { target, sockets, writesPerSecond, requestsPerSecond, seconds } = options;
  const url = new URL(`/rooms/${target.room}/state`, target.url);
  const pool = await ClientPool.connect(target, { sockets });
  const stopWriting = startTicker(writesPerSecond, (n) => {
    const change = `[{"op":"replace","path":"/items/k${n % itemCount}","value":"update ${n}"}]`;
    pool.clients[n % sockets]?.send(`{"type":"update","ref":${n},"patch":${change}}`);
  });
  /** @param ask is done beside the writes */
  const framesPerSecond = async (ask?: Ask): Promise<number> => {
    const asked: Promise<void>[] = [];
    const stopAsking = ask && startTicker(requestsPerSecond, () => asked.push(ask(url)));
    try {
      await pool.pause(warmUp);
      const [before, start] = [pool.framesReceived, performance.now()];
      await pool.pause(seconds * 1000);
      const frames = pool.framesReceived - before;
      return (frames / sockets / (performance.now() - start)) * 1000;
    } finally {
      stopAsking?.();
      await pool.withTimeout(Promise.all(asked));
    }
  };
  try {
    return {
      alone: await framesPerSecond(),
      withReads: await framesPerSecond(read),
      withRefusals: await framesPerSecond(changeInVain),
    };
  } finally {
    stopWriting();
    await pool.leave();
  }
}

async function expectStatus(response: Response, status: number): Promise<void> {
  const text = await response.text();
  if (response.status !== status)
    throw new Error(`state: ${response.status} ${text.slice(0, 300)}`);
}
