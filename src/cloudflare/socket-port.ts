// Adapts a hibernating socket to the room's port, and answers close frames.

import type { SocketPort } from "../room/ports.ts";
import { wallTimeSince } from "../room/steady-clock.ts";

export function socketPort(socket: WebSocket, ctx: DurableObjectState): SocketPort {
  return {
    // A socket that has closed in the meantime throws; its close event ends the session.
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
 * Answer a close frame (rule W4): without an answer the client stays in CLOSING. The answer repeats the code and
 * the reason if the platform allows it, else only the code, else it is a protocol error (1002). A frame without a code
 * (1005) is answered without one. After a broken connection (1006) nobody receives the answer, and the attempt does no
 * harm.
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
  succeeds(action);
}
