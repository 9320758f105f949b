// When the next flush is due. In a quiet room it is due at once; while much happens, requests wait for the
// end of a window and go out together, as one row and one frame per socket. Times are epoch ms.
//
//   quiet ──request──▶ due at once; the flush opens a window
//   open  ──request──▶ due at the end of the window, with all others
//
// A window is as long as it takes to keep the cost of sending to all sockets small (rule N4). With few
// sockets that is less than a millisecond: a writer who waits for each answer is then hardly held up, and
// what arrives in the same millisecond still goes out together.

import type { Urgency } from "./batch.ts";

export type FlushRequest = {
  readonly urgency: Urgency;
  /** How many sockets a flush sends to. */
  readonly sockets: number;
  readonly now: number;
};

export class CommitWindow {
  #flushedAt = -Infinity;
  #dueAt = Infinity;

  /** When the next flush is due; `Infinity` when nothing has requested one. */
  get dueAt(): number {
    return this.#dueAt;
  }

  request({ urgency, sockets, now }: FlushRequest): void {
    const length = sockets === 0 ? 0 : windowLength(urgency, sockets);
    // A clock that was set ahead and back must not make anybody wait for longer than a window.
    const openedAt = Math.min(this.#flushedAt, now);
    this.#dueAt = Math.min(this.#dueAt, openedAt + length);
  }

  /** A flush has been made. */
  flushed(now: number, sockets: number): void {
    this.#dueAt = Infinity;
    if (sockets > 0) this.#flushedAt = now;
  }
}

/**
 * ms from one flush to the next. Sending costs about 10 µs per socket: a flush takes an eighth of the window
 * with up to 480 sockets, and a quarter at most with more. Presence may wait three times as long.
 */
export function windowLength(urgency: Urgency, sockets: number): number {
  const length = Math.max(Math.min(sockets / 12, 40), sockets / 25);
  return urgency === "change" ? length : 3 * length;
}
