// Thousands of sockets in one room: how long they take to join, how long one event takes to reach all of
// them, and how much server memory each one uses.

import { residentBytes } from "../processes.ts";
import { ClientPool } from "./client-pool.ts";
import type { Target } from "./server-protocols.ts";

export type ManySocketsOptions = {
  readonly target: Target;
  readonly sockets: number;
  readonly socketsPerUser: number;
};

export type ManySocketsResult = {
  readonly joinSeconds: number;
  /** Megabytes that all sockets together received while they joined. */
  readonly joinMegabytes: number;
  /** Sockets that received the event. */
  readonly reached: number;
  /** ms from sending the event until the last socket has received it. */
  readonly eventMs: number;
  /** Undefined where memory is not measured. */
  readonly bytesPerSocket: number | undefined;
};

const [joinTimeout, eventTimeout] = [120_000, 20_000];
// ms for the room to send the last user lists that the joins have caused.
const settleTime = 2000;

export async function manySockets({
  target,
  sockets,
  socketsPerUser,
}: ManySocketsOptions): Promise<ManySocketsResult> {
  // The first socket makes the server load its code, which is not memory of a socket.
  const first = await ClientPool.connect(
    { ...target, room: `${target.room}-first` },
    { sockets: 1 },
  );
  await first.leave();
  const memoryBefore = residentBytes(target.pid);
  const start = performance.now();
  const pool = await ClientPool.connect(target, { sockets, socketsPerUser, timeout: joinTimeout });
  try {
    const joinSeconds = (performance.now() - start) / 1000;
    await pool.pause(settleTime);
    const memory = residentBytes(target.pid);
    const joinMegabytes = pool.bytesReceived / 1e6;
    const reached = new Set<number>();
    let [sentAt, lastAt] = [0, 0];
    pool.onMessage = ({ index }, type) => {
      if (type !== "event") return;
      reached.add(index);
      lastAt = performance.now();
    };
    sentAt = performance.now();
    pool.clients[0]?.send(
      '{"type":"broadcast","event":"hello","payload":{"text":"to all"},"echo":true}',
    );
    const end = sentAt + eventTimeout;
    while (reached.size < sockets && performance.now() < end) await pool.pause(5);
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
    await pool.leave();
  }
}
