// Sockets that keep a number of updates in flight: as soon as one is answered the next one goes out. It
// counts versions that reach sockets, and the time from sending an update to having its answer.

import { percentile } from "../statistics.ts";
import { Crew } from "./crew.ts";
import { dialects, type Target } from "./dialects.ts";
import type { Member } from "./member.ts";
import { Usage, type UsageShares } from "./usage.ts";

export type UpdatesOptions = {
  readonly target: Target;
  readonly sockets: number;
  readonly inFlightEach: number;
  readonly seconds: number;
};

export type UpdatesResult = UsageShares & {
  /** Versions that reached a socket, summed over sockets, each second. */
  readonly deliveriesPerSecond: number;
  /** Updates answered. */
  readonly updatesPerSecond: number;
  /**
   * ms from sending an update until the sender has its answer, of all that were in flight at any time of
   * the measured stretch: those a server has let lie are answered after it.
   */
  readonly latencyP50: number;
  readonly latencyP99: number;
  readonly megabytesPerSecond: number;
};

/**
 * Items of the state; updates go round them. More than are ever in flight: no two updates that a room
 * commits together are of the same item, so none can be left out for a later one.
 */
export const itemCount = 1000;
const leadIn = 500;
// More than are ever in flight or on their way: a ref's place is free again when it comes round.
const places = 1 << 18;

const update = (ref: number): string =>
  `{"type":"update","ref":${ref},"patch":` +
  `[{"op":"replace","path":"/items/k${ref % itemCount}","value":"moved to ${ref}"}]}`;

export async function updates(options: UpdatesOptions): Promise<UpdatesResult> {
  const { target, sockets, inFlightEach, seconds } = options;
  const { answeredRef } = dialects[target.server];
  const crew = await Crew.join(target, { sockets });
  const sentAt = new Float64Array(places);
  const sender = new Int32Array(places);
  let [sent, answered, deliveries] = [0, 0, 0];
  let latencies: number[] = [];
  let stopping = false;

  const send = (member: Member): void => {
    const ref = sent++;
    sender[ref % places] = member.index;
    sentAt[ref % places] = performance.now();
    member.send(update(ref));
  };
  crew.onMessage = (member, type, message, versions) => {
    deliveries += versions;
    const ref = answeredRef(type, message);
    if (ref === -1 || sender[ref % places] !== member.index) return;
    answered++;
    latencies.push(performance.now() - (sentAt[ref % places] ?? Number.NaN));
    if (!stopping) send(member);
  };

  try {
    for (const member of crew.members) for (let n = 0; n < inFlightEach; n++) send(member);
    await crew.pause(leadIn);
    deliveries = 0;
    latencies = [];
    const [answeredBefore, bytesBefore] = [answered, crew.bytesReceived];
    const usage = new Usage(target.pid);
    await crew.pause(seconds * 1000);
    const shares = usage.shares();
    stopping = true;
    const rates = {
      deliveriesPerSecond: deliveries / shares.seconds,
      updatesPerSecond: (answered - answeredBefore) / shares.seconds,
      megabytesPerSecond: (crew.bytesReceived - bytesBefore) / 1e6 / shares.seconds,
    };
    await crew.until("the last answers", () => answered === sent);
    await crew.until("all to be at one version", () => crew.atOneVersion);
    return {
      ...shares,
      ...rates,
      latencyP50: percentile(latencies, 0.5),
      latencyP99: percentile(latencies, 0.99),
    };
  } finally {
    await crew.leave();
  }
}
