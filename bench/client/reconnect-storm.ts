// A thousand clients lose their connection at the same moment, miss some changes, and reconnect at once.
// They do so twice: first they resume from the version they have, then they start from nothing.

import { ClientPool } from "./client-pool.ts";
import type { Resume, Target } from "./server-protocols.ts";
import { itemCount } from "./updates.ts";

export type ReconnectStormOptions = {
  readonly target: Target;
  readonly sockets: number;
  /** Changes made while all clients are disconnected. */
  readonly missed: number;
};

export type ReconnectFigures = {
  /** From the first attempt until all clients have received their welcome. */
  readonly seconds: number;
  /** Received by all clients until then, handshakes included. */
  readonly megabytes: number;
  /** Clients that got a patch; the others got the whole state. */
  readonly resumed: number;
};

export type ReconnectStormResult = {
  readonly resuming: ReconnectFigures;
  readonly fresh: ReconnectFigures;
};

export async function reconnectStorm({
  target,
  sockets,
  missed,
}: ReconnectStormOptions): Promise<ReconnectStormResult> {
  const initial = await ClientPool.connect(target, { sockets });
  const [first] = initial.clients;
  if (first === undefined) throw new Error("a reconnect storm needs sockets");
  const resume: Resume = { since: first.version, epoch: first.epoch };
  initial.terminate();
  await changeState(target, missed);
  const resuming = await reconnect(target, sockets, resume);
  resuming.pool.terminate();
  await changeState(target, missed);
  const fresh = await reconnect(target, sockets);
  await fresh.pool.leave();
  return { resuming: resuming.figures, fresh: fresh.figures };
}

async function reconnect(
  target: Target,
  sockets: number,
  resume?: Resume,
): Promise<{ pool: ClientPool; figures: ReconnectFigures }> {
  const start = performance.now();
  const pool = await ClientPool.connect(target, {
    sockets,
    concurrency: sockets,
    ...(resume && { resume }),
  });
  const figures = {
    seconds: (performance.now() - start) / 1000,
    megabytes: pool.bytesReceived / 1e6,
    resumed: pool.clients.filter(({ resumed }) => resumed).length,
  };
  return { pool, figures };
}

async function changeState({ url, room }: Target, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const response = await fetch(new URL(`/rooms/${room}/state`, url), {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify({ items: { [`k${n % itemCount}`]: `missed ${performance.now()}` } }),
    });
    if (!response.ok) throw new Error(`PATCH state: ${response.status} ${await response.text()}`);
  }
}
