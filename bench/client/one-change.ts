// One key changed in a room at rest: the bytes that reach each socket for it.

import { Crew } from "./crew.ts";
import type { Target } from "./dialects.ts";

export type OneChangeOptions = { readonly target: Target; readonly sockets: number };

export type OneChangeResult = {
  /** Bytes on the wire, the sender's reply among them: what the socket that got most has got. */
  readonly mostBytes: number;
};

const untilQuiet = 300;

export async function oneChange({ target, sockets }: OneChangeOptions): Promise<OneChangeResult> {
  const crew = await Crew.join(target, { sockets });
  try {
    await crew.pause(untilQuiet);
    const before = crew.members.map(({ bytesReceived }) => bytesReceived);
    const versions = crew.members.map(({ version }) => version);
    crew.members[0]?.send(
      '{"type":"update","ref":1,"patch":[{"op":"replace","path":"/title","value":"changed"}]}',
    );
    await crew.until("the change at all sockets", () =>
      crew.members.every(({ version }, index) => version === (versions[index] ?? 0) + 1),
    );
    await crew.pause(untilQuiet);
    const received = crew.members.map(
      ({ bytesReceived }, index) => bytesReceived - (before[index] ?? 0),
    );
    return { mostBytes: Math.max(...received) };
  } finally {
    await crew.leave();
  }
}
