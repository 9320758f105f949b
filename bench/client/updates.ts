// Sockets that keep a number of updates in flight: as soon as one is answered, the next one is sent. The
// measurement counts versions delivered to sockets, and times each update from sending to its answer.

import { percentile } from "../statistics.ts";
import { ClientPool } from "./client-pool.ts";
import { serverProtocols, type Target } from "./server-protocols.ts";
import type { SocketClient } from "./socket-client.ts";
import { Usage, type UsageShares } from "./usage.ts";

export type UpdatesOptions = {
  readonly target: Target;
  readonly sockets: number;
  readonly inFlightEach: number;
  readonly seconds: number;
  /** Whether each update names the version that its socket has. */
  readonly isBased?: boolean;
};

export type UpdatesResult = UsageShares & {
  /** Versions delivered per second, summed over all sockets. */
  readonly deliveriesPerSecond: number;
  /** Updates answered per second. */
  readonly updatesPerSecond: number;
  /**
   * ms from sending an update until its sender has the answer. Every update that was in flight at any time
   * during the measurement counts, also when its answer came later.
   */
  readonly latencyP50: number;
  readonly latencyP99: number;
  readonly megabytesPerSecond: number;
};

/**
 * Items of the state, which updates change in turn. There are more than updates in flight, so a room never
 * commits two changes of one item together, and cannot leave one out because a later one replaces it.
 */
export const itemCount = 1000;
const warmUp = 500;
// More than updates in flight, so that a slot is free again when the refs wrap around.
const slots = 1 << 18;

const update = (ref: number, base: string): string =>
  `{"type":"update","ref":${ref},"patch":` +
  `[{"op":"replace","path":"/items/k${ref % itemCount}","value":"moved to ${ref}"}]${base}}`;

export async function updates(options: UpdatesOptions): Promise<UpdatesResult> {
  const { target, sockets, inFlightEach, seconds, isBased = false } = options;
  const { answeredRef } = serverProtocols[target.server];
  const pool = await ClientPool.connect(target, { sockets });
  const sentAt = new Float64Array(slots);
  const sender = new Int32Array(slots);
  let [sent, answered, deliveries] = [0, 0, 0];
  let latencies: number[] = [];
  let isStopping = false;

  const send = (client: SocketClient): void => {
    const ref = sent++;
    sender[ref % slots] = client.index;
    sentAt[ref % slots] = performance.now();
    client.send(update(ref, isBased ? `,"base":${client.version}` : ""));
  };
  pool.onMessage = (client, type, message, versions) => {
    deliveries += versions;
    const ref = answeredRef(type, message);
    if (ref === -1 || sender[ref % slots] !== client.index) return;
    answered++;
    latencies.push(performance.now() - (sentAt[ref % slots] ?? Number.NaN));
    if (!isStopping) send(client);
  };

  try {
    for (const client of pool.clients) for (let n = 0; n < inFlightEach; n++) send(client);
    await pool.pause(warmUp);
    deliveries = 0;
    latencies = [];
    const [answeredBefore, bytesBefore] = [answered, pool.bytesReceived];
    const usage = new Usage(target.pid);
    await pool.pause(seconds * 1000);
    const shares = usage.shares();
    isStopping = true;
    const rates = {
      deliveriesPerSecond: deliveries / shares.seconds,
      updatesPerSecond: (answered - answeredBefore) / shares.seconds,
      megabytesPerSecond: (pool.bytesReceived - bytesBefore) / 1e6 / shares.seconds,
    };
    await pool.waitUntil("the last answers", () => answered === sent);
    await pool.waitUntil("all sockets to be at one version", () => pool.isAtOneVersion);
    return {
      ...shares,
      ...rates,
      latencyP50: percentile(latencies, 0.5),
      latencyP99: percentile(latencies, 0.99),
    };
  } finally {
    await pool.leave();
  }
}
