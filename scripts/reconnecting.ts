// Decides what a client does when its socket closes, as docs/PROTOCOL.md specifies: whether to reconnect, and when. It
// opens no sockets itself.

export type AfterClose = "stay away" | "get a new token" | "reconnect";

/** The meaning of a close code. A code that is not in the protocol means a broken connection. */
export function afterClose(code: number): AfterClose {
  if (code === 1000) return "stay away"; // the client has left
  switch (Math.floor(code / 100)) {
    case 40:
    case 44:
      return "stay away";
    case 41:
      return "get a new token";
    default:
      return "reconnect";
  }
}

/** Whether a connection request that was refused with this HTTP status may be retried unchanged. */
export const mayRepeat = (status: number): boolean => status === 429 || status >= 500;

const [firstWait, longestWait] = [1000, 30_000];

/**
 * ms to wait before connection attempt number `attempt` (from 1): exponential backoff with full jitter, so that clients
 * that were disconnected together do not all reconnect at once.
 * @param random from 0 to 1
 */
export const reconnectDelay = (attempt: number, random: number): number =>
  Math.round(Math.min(firstWait * 2 ** (attempt - 1), longestWait) * random);
