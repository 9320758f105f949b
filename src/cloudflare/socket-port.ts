// A hibernating socket as a room's port, and the answer to a close.

import type { SocketPort } from "../room/ports.ts";

export function socketPort(socket: WebSocket, ctx: DurableObjectState): SocketPort {
  return {
    // A socket that has closed meanwhile throws; its close event ends the session.
    send: (frame) => attempt(() => socket.send(frame)),
    close: (code, reason) => attempt(() => socket.close(code, reason)),
    saveAttachment: (attachment) => attempt(() => socket.serializeAttachment(attachment)),
    get attachment() {
      return socket.deserializeAttachment() as unknown;
    },
    get pingedAt() {
      return ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? null;
    },
  };
}

/**
 * Answer a close frame, as rule W4 demands: without an answer the client stays in CLOSING. A frame without
 * a code (1005) is answered without one; after a cut connection (1006) nobody is there to answer.
 */
export function answerClose(socket: WebSocket, code: number, reason: string): void {
  if (code === 1005) attempt(() => socket.close());
  else if (code !== 1006) attempt(() => socket.close(code, reason));
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // It is closed already.
  }
}
