// When the next flush is due. In a quiet room it is due at once; while much happens, requests wait for the
// end of a window and go out together, as one row and one frame per socket (rule N4). Times are epoch ms.
//
//   quiet ──request──▶ due at once; the flush opens a window
//   open  ──request──▶ due at the end of the window, with all others …
//         ──request──▶ … or at once, for a lone writer in a room with few sockets
//
// The exception is for a writer who waits for each answer before the next change: a window would only slow
// that writer down. The room cannot see whether they wait, so it tries: every so often such a request has to
// wait for the window. If nothing else arrives meanwhile, the next ones are due at once, and more of them
// each time.

import type { Urgency } from "./batch.ts";

export type FlushRequest = {
  readonly urgency: Urgency;
  /** Whose change it is, if they alone wait for a reply. */
  readonly author: object | null;
  /** How many sockets a flush sends to. */
  readonly sockets: number;
  readonly now: number;
};

const initialTrust = 4;
const maxTrust = 128;
/** ms after a flush within which the next request of the same writer counts as following it. */
const followTime = 10;
/** With more sockets than this, sending after each change of a lone writer would take too much of the time. */
const maxSocketsOfLoneWriter = 12;

export class CommitWindow {
  #flushedAt = -Infinity;
  /** Who requested a flush in this window, and how often; and the author who alone requested the last one. */
  #author: object | null = null;
  #requests = 0;
  #loneAuthor: object | null = null;
  /** How many requests of a lone author are due at once before one has to wait, and how many are left. */
  #trust = initialTrust;
  #trustLeft = initialTrust;
  /** Whether the request that waits is the one of a lone author that has to, now and then. */
  #isTrial = false;
  #dueAt = Infinity;

  /** When the next flush is due; `Infinity` when nothing has requested one. */
  get dueAt(): number {
    return this.#dueAt;
  }

  request({ urgency, author, sockets, now }: FlushRequest): void {
    const isWaiting = this.#dueAt < Infinity;
    this.#author = author;
    this.#requests++;
    const length = sockets === 0 ? 0 : windowLength(urgency, sockets);
    const followsAlone =
      !isWaiting &&
      author !== null &&
      author === this.#loneAuthor &&
      this.#requests === 1 &&
      sockets <= maxSocketsOfLoneWriter &&
      this.#flushedAt > now - followTime;
    // A clock that was set ahead must not make anybody wait for longer than a window.
    const windowEnd = Math.min(this.#flushedAt, now) + length;
    const dueAt = followsAlone ? this.#dueAfterTrust(now, length) : windowEnd;
    this.#dueAt = Math.min(this.#dueAt, dueAt);
  }

  #dueAfterTrust(now: number, length: number): number {
    this.#isTrial = this.#trustLeft === 0;
    if (this.#isTrial) return now + length;
    this.#trustLeft--;
    return now;
  }

  /** A flush has been made. */
  flushed(now: number, sockets: number): void {
    const author = this.#requests === 1 ? this.#author : null;
    if (author !== this.#loneAuthor) this.#trustLeft = this.#trust = initialTrust;
    else if (this.#isTrial && this.#dueAt <= now) {
      this.#trust = Math.min(2 * this.#trust, maxTrust);
      this.#trustLeft = this.#trust;
    }
    this.#loneAuthor = author;
    this.#isTrial = false;
    this.#requests = 0;
    this.#dueAt = Infinity;
    if (sockets > 0) this.#flushedAt = now;
  }
}

/**
 * ms from one flush to the next. Sending costs about 10 µs per socket: a flush takes an eighth of the window
 * with up to 480 sockets, and a quarter at most with more. Presence may wait three times as long.
 */
export function windowLength(urgency: Urgency, sockets: number): number {
  const length = Math.max(1, Math.min(sockets / 12, 40), sockets / 25);
  return urgency === "change" ? length : 3 * length;
}
