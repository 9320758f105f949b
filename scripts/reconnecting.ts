// What a client does when its socket has closed, as docs/PROTOCOL.md says: whether it comes back, and when.
// It opens no socket itself.

export type AfterClose = "stay away" | "get a new token" | "reconnect";

/** What a close code means. A code that is not in the protocol stands for a broken connection. */
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

/** Whether a request to connect that was refused with this HTTP status may be repeated as it is. */
export const mayRepeat = (status: number): boolean => status === 429 || status >= 500;

const [firstWait, longestWait] = [1000, 30_000];

/**
 * ms to wait before attempt number `attempt` (from 1) to connect. The longest possible wait doubles each time,
 * and the wait is any part of it: clients that were disconnected together do not come back together.
 * @param random from 0 to 1
 */
export const reconnectDelay = (attempt: number, random: number): number =>
  Math.round(Math.min(firstWait * 2 ** (attempt - 1), longestWait) * random);
