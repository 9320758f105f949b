// A hibernating socket as a room sees it, and the answer to a close.

import type { SocketPort } from "../ports.ts";

export function socketPort(socket: WebSocket, ctx: DurableObjectState): SocketPort {
  return {
    // A socket that has closed meanwhile throws; its close event sees to the session.
    send: (frame) => attempt(() => socket.send(frame)),
    close: (code, reason) => attempt(() => socket.close(code, reason)),
    keep: (session) => attempt(() => socket.serializeAttachment(session)),
    get kept() {
      return socket.deserializeAttachment() as unknown;
    },
    get pingedAt() {
      return ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? null;
    },
  };
}

/**
 * Answer a close, as every close is (rule W4): else a client that has said goodbye waits for it. What
 * came without a code (1005) is answered without one; a cut line (1006) has nobody to answer to.
 */
export function answerClose(socket: WebSocket, code: number, reason: string): void {
  if (code === 1005) attempt(() => socket.close());
  else if (code !== 1006) attempt(() => socket.close(code, reason));
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Closed already.
  }
}
