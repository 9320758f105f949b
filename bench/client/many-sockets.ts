// Very many sockets in one room: how long it takes them all to join, how long one event takes to reach
// them all, and what each costs the server in memory.

import { residentBytes } from "../processes.ts";
import { Crew } from "./crew.ts";
import type { Target } from "./dialects.ts";

export type CrowdOptions = {
  readonly target: Target;
  readonly sockets: number;
  /** Sockets of each user. */
  readonly tabs: number;
};

export type CrowdResult = {
  readonly joinSeconds: number;
  /** Megabytes that all sockets together got while they joined. */
  readonly joinMegabytes: number;
  /** Sockets that the event has reached. */
  readonly reached: number;
  /** ms from sending the event until the last socket has it. */
  readonly eventMs: number;
  /** Undefined where it is not measured. */
  readonly bytesPerSocket: number | undefined;
};

const [patienceToJoin, patienceToReach] = [120_000, 20_000];
// For what joining has set going, a list of users sent around for one, to come to an end.
const untilQuiet = 2000;

export async function crowd({ target, sockets, tabs }: CrowdOptions): Promise<CrowdResult> {
  // The first socket loads the code: its memory is not a socket's.
  const first = await Crew.join({ ...target, room: `${target.room}-first` }, { sockets: 1 });
  await first.leave();
  const memoryBefore = residentBytes(target.pid);
  const start = performance.now();
  const crew = await Crew.join(target, { sockets, tabs, patience: patienceToJoin });
  try {
    const joinSeconds = (performance.now() - start) / 1000;
    await crew.pause(untilQuiet);
    const memory = residentBytes(target.pid);
    const joinMegabytes = crew.bytesReceived / 1e6;
    const reached = new Set<number>();
    let [sentAt, lastAt] = [0, 0];
    crew.onMessage = ({ index }, type) => {
      if (type !== "event") return;
      reached.add(index);
      lastAt = performance.now();
    };
    sentAt = performance.now();
    crew.members[0]?.send(
      '{"type":"broadcast","event":"hello","payload":{"text":"to all"},"echo":true}',
    );
    const end = sentAt + patienceToReach;
    while (reached.size < sockets && performance.now() < end) await crew.pause(5);
    return {
      joinSeconds,
      joinMegabytes,
      reached: reached.size,
      eventMs: lastAt - sentAt,
      bytesPerSocket:
        memory === undefined || memoryBefore === undefined
          ? undefined
          : (memory - memoryBefore) / sockets,
    };
  } finally {
    await crew.leave();
  }
}
