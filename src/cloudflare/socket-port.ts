// A hibernating socket as a room's port, and the answer to a close.

import type { SocketPort } from "../room/ports.ts";
import { wallTimeSince } from "../room/steady-clock.ts";

export function socketPort(socket: WebSocket, ctx: DurableObjectState): SocketPort {
  return {
    // A socket that has closed meanwhile throws; its close event ends the session.
    send: (frame) => attempt(() => socket.send(frame)),
    close: (code, reason) => attempt(() => socket.close(code, reason)),
    saveAttachment: (attachment) => attempt(() => socket.serializeAttachment(attachment)),
    get attachment() {
      return socket.deserializeAttachment() as unknown;
    },
    get pingedAgo() {
      const pinged = ctx.getWebSocketAutoResponseTimestamp(socket);
      return pinged === null ? null : wallTimeSince(pinged.getTime(), Date.now());
    },
  };
}

/**
 * Answer a close frame, as rule W4 demands: without an answer the client stays in CLOSING. The code is
 * repeated where that is allowed. A frame without a code (1005) is answered without one, and one with a code
 * that must not be sent, or a reason that cannot be, as a protocol error. After a cut connection (1006)
 * nobody is there to answer, and the attempt does no harm.
 */
export function answerClose(socket: WebSocket, code: number, reason: string): void {
  const answers: (() => void)[] = [
    () => socket.close(code, reason),
    () => socket.close(code),
    () => socket.close(1002),
    () => socket.close(),
  ];
  answers.slice(code === 1005 ? -1 : 0).some(succeeds);
}

function succeeds(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

function attempt(action: () => void): void {
  succeeds(action); // a socket that has closed already throws
}
