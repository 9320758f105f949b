// One key changed in an idle room: how many bytes each socket receives for it.

import { ClientPool } from "./client-pool.ts";
import type { Target } from "./server-protocols.ts";

export type OneChangeOptions = { readonly target: Target; readonly sockets: number };

export type OneChangeResult = {
  /** Bytes on the wire for the socket that received the most, which includes the sender's reply. */
  readonly mostBytes: number;
};

const settleTime = 300;

export async function oneChange({ target, sockets }: OneChangeOptions): Promise<OneChangeResult> {
  const pool = await ClientPool.connect(target, { sockets });
  try {
    await pool.pause(settleTime);
    const before = pool.clients.map(({ bytesReceived }) => bytesReceived);
    const versions = pool.clients.map(({ version }) => version);
    pool.clients[0]?.send(
      '{"type":"update","ref":1,"patch":[{"op":"replace","path":"/title","value":"changed"}]}',
    );
    await pool.waitUntil("the change at all sockets", () =>
      pool.clients.every(({ version }, index) => version === (versions[index] ?? 0) + 1),
    );
    await pool.pause(settleTime);
    const received = pool.clients.map(
      ({ bytesReceived }, index) => bytesReceived - (before[index] ?? 0),
    );
    return { mostBytes: Math.max(...received) };
  } finally {
    await pool.leave();
  }
}
