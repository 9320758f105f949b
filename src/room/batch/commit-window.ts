// When the next flush is due (rule N4). In a quiet room it is due at once. While much happens, requests wait and
// go out together, as one row and one frame per socket: until the commit before is durable, for nobody can
// have its outcome earlier, and until the end of a window, which keeps the cost of sending small. A writer who
// waits for each answer is never held up by the first, and by the second only in a room with many sockets.
//
//   quiet ──request──▶ due at once; the flush opens a window and starts a commit
//   open  ──request──▶ due at the end of the window, once the commit is durable
//
// It knows no clock and no timers: the room asks it, and tells it what has happened. Times are epoch ms.

import type { Urgency } from "./batch.ts";

export type FlushRequest = {
  readonly urgency: Urgency;
  /** How many sockets a flush sends to. */
  readonly sockets: number;
  readonly now: number;
};

export class CommitWindow {
  #flushedAt = -Infinity;
  #windowEnd = Infinity;
  #isCommitting = false;

  /** When the next flush is due; `Infinity` when nothing has requested one, or a commit is under way. */
  get dueAt(): number {
    return this.#isCommitting ? Infinity : this.#windowEnd;
  }

  /** Whether what was flushed is not durable yet. */
  get isCommitting(): boolean {
    return this.#isCommitting;
  }

  /** Something waits to be flushed. */
  request({ urgency, sockets, now }: FlushRequest): void {
    // A clock that was set ahead must not make anybody wait for longer than a window.
    const openedAt = Math.min(this.#flushedAt, now);
    this.#windowEnd = Math.min(this.#windowEnd, openedAt + windowLength(urgency, sockets));
  }

  /** The window has ended: what waits is due as soon as no commit is under way. */
  end(): void {
    if (this.#windowEnd < Infinity) this.#windowEnd = -Infinity;
  }

  /**
   * A flush has been made.
   * @param isCommitting whether it wrote something that is not durable yet; then `committed` has to follow
   */
  flushed(now: number, sockets: number, isCommitting: boolean): void {
    this.#windowEnd = Infinity;
    this.#isCommitting = isCommitting;
    if (sockets > 0) this.#flushedAt = now;
  }

  /** What was flushed is durable. */
  committed(): void {
    this.#isCommitting = false;
  }
}

/**
 * ms from one flush to the next. Sending costs about 10 µs per socket: a flush takes an eighth of the window
 * with up to 480 sockets, and a quarter at most with more. With a dozen sockets or fewer the commit alone sets
 * the pace. Presence may wait three times as long.
 */
export function windowLength(urgency: Urgency, sockets: number): number {
  const length = Math.max(Math.min(sockets / 12, 40), sockets / 25);
  if (urgency === "signal") return 3 * length;
  return length < 1 ? 0 : length;
}
