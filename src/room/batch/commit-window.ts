// When the next flush is due (rule N4). In a quiet room it is due at once. While much happens, requests wait and
// go out together, as one row and one frame per socket: until the commit before is durable, and until the end
// of a window, which keeps the cost of sending small.
//
//   quiet ──request──▶ due at once; the flush opens a window and starts a commit
//   open  ──request──▶ due at the end of the window, once the commit is durable
//
// In a room with few sockets the window is there for writers who send many changes without waiting. It would
// only slow down one who waits for each answer, and the room cannot see whether they wait. So it tries: a
// request waits for the window, and if no other arrives meanwhile, the next ones are due at once, more of them
// after each try. A writer whose next request arrives before the last one is durable does not wait.
//
// In a sampled room (rule N1) most flushes go to some sockets only: presence goes to a user's watchers. The number
// of watchers sets its delay, and such a flush does not delay what goes to everybody. If something for everybody
// waits, presence waits for it and goes along.
//
// It knows no clock and no timers: the room asks it, and tells it what has happened. Times are epoch ms.

import type { Urgency } from "./batch.ts";

export type FlushRequest = {
  readonly urgency: Urgency;
  /** Whose change it is, if one session alone waits for its outcome. */
  readonly writer: object | null;
  /** How many sockets a flush sends to. */
  readonly sockets: number;
  readonly now: number;
};

/** A request that concerns some sockets only. */
export type PartialRequest = Omit<FlushRequest, "writer">;

/** How requests have come lately: one at a time, so that some more of this writer are due at once, or together. */
type Pace =
  | {
      readonly kind: "alone";
      readonly writer: object | null;
      readonly granted: number;
      readonly left: number;
    }
  | { readonly kind: "together" };

const initialGrant = 4;

const maxGranted = 128;
/** ms after a flush in which the next request belongs to a group of them. */
const groupTime = 10;
/** With more sockets than this, a flush after each change would take too much of the time. */
const fewSockets = 12;

export class CommitWindow {
  #flushedAt = -Infinity;
  #windowEnd = Infinity;
  #partFlushedAt = -Infinity;
  /** The end of the window for what goes to some sockets only. */
  #partEnd = Infinity;
  #isCommitting = false;
  #requests = 0;
  #writer: object | null = null;
  /** Whose the last flush was, if it was of one request. */
  #lastWriter: object | null = null;
  #hasWaited = false;
  #pace: Pace = { kind: "alone", writer: null, granted: initialGrant, left: 0 };

  /** When the next flush is due; `Infinity` when nothing has requested one, or a commit is under way. */
  get dueAt(): number {
    if (this.#isCommitting) return Infinity;
    return this.#windowEnd < Infinity ? this.#windowEnd : this.#partEnd;
  }

  /** Whether what was flushed is not durable yet. */
  get isCommitting(): boolean {
    return this.#isCommitting;
  }

  /** Something waits to be flushed. */
  request({ urgency, writer, sockets, now }: FlushRequest): void {
    if (this.#isCommitting && writer !== null && writer === this.#lastWriter)
      this.#pace = { kind: "together" };
    this.#requests++;
    this.#writer = writer;
    const length = windowLength(urgency, sockets);
    // Where requests come together, the first of a group waits for the others.
    const isGroup = this.#pace.kind === "together" && this.#flushedAt > now - groupTime;
    // A clock that was set ahead must not make anybody wait for longer than a window.
    const openedAt = isGroup && sockets > 0 ? now : Math.min(this.#flushedAt, now);
    const windowEnd = openedAt + length;
    const mayGoNow = windowEnd <= now || (sockets <= fewSockets && this.#isGranted(writer));
    if (!mayGoNow) this.#hasWaited = true;
    this.#windowEnd = Math.min(this.#windowEnd, mayGoNow ? now : windowEnd);
  }

  /** Something waits that goes to some sockets only. */
  requestForSome({ urgency, sockets, now }: PartialRequest): void {
    const end = Math.min(this.#partFlushedAt, now) + windowLength(urgency, sockets);
    this.#partEnd = Math.min(this.#partEnd, Math.max(end, now));
  }

  /** Whether a request in an open window is due at once: the only one, of a writer whose requests come alone. */
  #isGranted(writer: object | null): boolean {
    const pace = this.#pace;
    if (this.#requests > 1 || pace.kind === "together" || pace.left === 0) return false;
    if (writer === null || writer !== pace.writer || writer !== this.#lastWriter) return false;
    this.#pace = { ...pace, left: pace.left - 1 };
    return true;
  }

  /** The window has ended: what waits is due as soon as no commit is under way. */
  end(): void {
    if (this.#windowEnd < Infinity) this.#windowEnd = -Infinity;
    if (this.#partEnd < Infinity) this.#partEnd = -Infinity;
  }

  /**
   * A flush has been made.
   * @param isCommitting whether it wrote something that is not durable yet; then `committed` has to follow
   */
  flushed(now: number, sockets: number, isCommitting: boolean): void {
    if (this.#hasWaited && sockets <= fewSockets)
      this.#pace = paceAfter(this.#pace, this.#requests, this.#writer);
    this.#lastWriter = this.#requests === 1 ? this.#writer : null;
    this.#requests = 0;
    this.#hasWaited = false;
    this.#windowEnd = Infinity;
    this.#isCommitting = isCommitting;
    if (sockets > 0) this.#flushedAt = now;
    this.flushedToSome(now);
  }

  /** A flush has been made that wrote nothing and went to some sockets only. */
  flushedToSome(now: number): void {
    this.#partEnd = Infinity;
    this.#partFlushedAt = now;
  }

  /** What was flushed is durable. */
  committed(): void {
    this.#isCommitting = false;
  }
}

/** The pace after a window in which so many requests have come. */
function paceAfter(pace: Pace, requests: number, writer: object | null): Pace {
  if (requests > 1) return { kind: "together" };
  const isSame = pace.kind === "alone" && pace.writer === writer;
  const granted = isSame ? Math.min(2 * pace.granted, maxGranted) : initialGrant;
  return { kind: "alone", writer, granted, left: granted };
}

/**
 * ms from one flush to the next. Sending costs about 10 µs per socket: a flush takes an eighth of the window
 * with up to 480 sockets, and a quarter at most with more. In a smaller room the commit costs more than the
 * sending, so the window is longer than that. Presence may wait three times as long.
 */
export function windowLength(urgency: Urgency, sockets: number): number {
  if (sockets === 0) return 0;
  const length = Math.max(1, Math.min(sockets / 6, 8), Math.min(sockets / 12, 40), sockets / 25);
  return urgency === "signal" ? 3 * length : length;
}
