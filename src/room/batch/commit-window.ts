// Decides when the next flush is due (rule N4). In a quiet room it is due at once. In a busy room, requests wait
// and are sent together, as one row and one frame per socket. They wait until the previous commit is durable, and
// until the end of a window, which keeps the cost of sending low.
//
//   quiet ──request──▶ due at once; the flush opens a window and starts a commit
//   open  ──request──▶ due at the end of the window, once the commit is durable
//
// In a room with few sockets, the window serves writers who send many changes without waiting. It would only slow
// down a writer who waits for each answer, and the room cannot see who does. So it tries: a request waits for the
// window, and if no other arrives meanwhile, the next few are due at once, with more of them after each try. A
// writer whose next request arrives before the last one is durable evidently does not wait for answers.
//
// In a sampled room (rule N1), most flushes go only to some sockets: presence goes to a user's watchers. Their
// number sets its delay, and such a flush does not delay what goes to everybody. If something for everybody is
// waiting, presence waits for it and is sent with it.
//
// This class knows no clock and no timers: the room asks it, and tells it what has happened. Times are epoch ms.

import type { Urgency } from "./batch.ts";

export type FlushRequest = {
  readonly urgency: Urgency;
  /** The session that made the change, if a single one waits for its outcome. */
  readonly writer: object | null;
  /** How many sockets a flush sends to. */
  readonly sockets: number;
  readonly now: number;
};

/** A request that concerns only some sockets. */
export type PartialRequest = Omit<FlushRequest, "writer">;

/**
 * How requests have arrived lately: one at a time, so that a few more from this writer are due at once, or
 * together.
 */
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
/** ms after a flush during which the next request belongs to a group. */
const groupTime = 10;
/** With more sockets than this, a flush after each change would take too much time. */
const fewSockets = 12;

export class CommitWindow {
  #flushedAt = -Infinity;
  #windowEnd = Infinity;
  #partFlushedAt = -Infinity;
  /** The end of the window for what goes only to some sockets. */
  #partEnd = Infinity;
  #isCommitting = false;
  #requests = 0;
  #writer: object | null = null;
  /** The writer of the last flush, if it contained one request. */
  #lastWriter: object | null = null;
  #hasWaited = false;
  #pace: Pace = { kind: "alone", writer: null, granted: initialGrant, left: 0 };

  /** When the next flush is due; `Infinity` if none is requested or a commit is in progress. */
  get dueAt(): number {
    if (this.#isCommitting) return Infinity;
    return this.#windowEnd < Infinity ? this.#windowEnd : this.#partEnd;
  }

  /** Whether what was flushed is not durable yet. */
  get isCommitting(): boolean {
    return this.#isCommitting;
  }

  /** Note that something is waiting to be flushed. */
  request({ urgency, writer, sockets, now }: FlushRequest): void {
    if (this.#isCommitting && writer !== null && writer === this.#lastWriter)
      this.#pace = { kind: "together" };
    this.#requests++;
    this.#writer = writer;
    const length = windowLength(urgency, sockets);
    // When requests arrive together, the first of a group waits for the others.
    const isGroup = this.#pace.kind === "together" && this.#flushedAt > now - groupTime;
    // A clock that was set ahead must not make anybody wait longer than a window.
    const openedAt = isGroup && sockets > 0 ? now : Math.min(this.#flushedAt, now);
    const windowEnd = openedAt + length;
    const mayGoNow = windowEnd <= now || (sockets <= fewSockets && this.#isGranted(writer));
    if (!mayGoNow) this.#hasWaited = true;
    this.#windowEnd = Math.min(this.#windowEnd, mayGoNow ? now : windowEnd);
  }

  /** Note that something is waiting that goes only to some sockets. */
  requestForSome({ urgency, sockets, now }: PartialRequest): void {
    const end = Math.min(this.#partFlushedAt, now) + windowLength(urgency, sockets);
    this.#partEnd = Math.min(this.#partEnd, Math.max(end, now));
  }

  /**
   * Whether a request in an open window is due at once: it is the only one, and its writer's requests arrive one at
   * a time.
   */
  #isGranted(writer: object | null): boolean {
    const pace = this.#pace;
    if (this.#requests > 1 || pace.kind === "together" || pace.left === 0) return false;
    if (writer === null || writer !== pace.writer || writer !== this.#lastWriter) return false;
    this.#pace = { ...pace, left: pace.left - 1 };
    return true;
  }

  /** The window has ended: what is waiting is due as soon as no commit is in progress. */
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

  /** A flush has been made that wrote nothing and went only to some sockets. */
  flushedToSome(now: number): void {
    this.#partEnd = Infinity;
    this.#partFlushedAt = now;
  }

  /** The last flush is durable. */
  committed(): void {
    this.#isCommitting = false;
  }
}

/** The pace after a window in which this many requests have arrived. */
function paceAfter(pace: Pace, requests: number, writer: object | null): Pace {
  if (requests > 1) return { kind: "together" };
  const isSame = pace.kind === "alone" && pace.writer === writer;
  const granted = isSame ? Math.min(2 * pace.granted, maxGranted) : initialGrant;
  return { kind: "alone", writer, granted, left: granted };
}

/**
 * ms from one flush to the next. Sending costs about 10 µs per socket: a flush takes an eighth of the window with
 * up to 480 sockets, and at most a quarter with more. In a smaller room the commit costs more than the sending, so
 * the window is longer than that. Presence may wait three times as long.
 */
export function windowLength(urgency: Urgency, sockets: number): number {
  if (sockets === 0) return 0;
  const length = Math.max(1, Math.min(sockets / 6, 8), Math.min(sockets / 12, 40), sockets / 25);
  return urgency === "signal" ? 3 * length : length;
}
