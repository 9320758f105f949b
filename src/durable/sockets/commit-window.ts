// When what waits is committed and sent. In a quiet room at once; while things happen quickly, together:
// what comes in a window goes out at its end, as one row and one frame a socket.
//
//   quiet ──request──▶ flush at once, the window opens
//   open  ──request──▶ waits for the end of the window, with all others …
//         ──request──▶ … unless it is by the one who alone filled the last window and has its answer
//
// The last is for a writer who waits for each answer before the next change: waiting would only slow them
// down. Whether they do cannot be seen. So now and then such a request waits after all: if nothing else
// comes meanwhile it was all they had to say, and the next ones, more of them each time, go at once.
//
// The window is as long as it takes to keep the cost of sending to all sockets small: it grows with them.

import type { RoomPorts } from "../ports.ts";

/** `change`: a change, an event, a reply. `signal`: presence, users: what may be a little later. */
export type Urgency = "change" | "signal";

export type CommitWindowParts = {
  readonly ports: Pick<RoomPorts, "now" | "later" | "background">;
  /** How many sockets a flush sends to. */
  sockets(): number;
  /** Commit and send all that waits. Never throws. */
  flush(): void;
};

const leastTrust = 4;
const mostTrust = 128;
/** ms after a flush in which the next request of the same writer counts as following it, at least. */
const soon = 10;

export class CommitWindow {
  readonly #parts: CommitWindowParts;
  /** When the last flush was; -Infinity before the first. */
  #flushedAt = -Infinity;
  /** Who asked in this window, and how many times; of the last one, who alone asked once. */
  #author: object | null = null;
  #requests = 0;
  #loneAuthor: object | null = null;
  /** How many requests of the lone author go at once before one waits, and how many of these are left. */
  #trust = leastTrust;
  #trustLeft = leastTrust;
  #due = Infinity;
  #cancel: (() => void) | null = null;
  #awake: PromiseWithResolvers<void> | null = null;
  #retired = false;

  constructor(parts: CommitWindowParts) {
    this.#parts = parts;
  }

  /**
   * Something waits.
   * @param author whose it is, for a change that its author waits for
   */
  request(urgency: Urgency, author: object | null = null): void {
    const { ports } = this.#parts;
    const sockets = this.#parts.sockets();
    if (sockets === 0) return this.flush();
    this.#author = author;
    this.#requests++;
    const now = ports.now();
    const length = windowLength(urgency, sockets);
    const due = this.#flushedAt + length;
    if (this.#followsAlone(author, now - Math.max(soon, length))) {
      if (this.#trustLeft === 0) return this.#arm(now + length, now);
      this.#trustLeft--;
      return this.flush();
    }
    if (due <= now) this.flush();
    else this.#arm(due, now);
  }

  /**
   * Whether this is the next request of a writer who seems to wait for each answer.
   * @param since epoch ms: one that was flushed before does not count
   */
  #followsAlone(author: object | null, since: number): boolean {
    return (
      author !== null &&
      author === this.#loneAuthor &&
      this.#requests === 1 &&
      this.#cancel === null &&
      this.#flushedAt > since
    );
  }

  /** The window is over. */
  #end(): void {
    if (this.#requests === 1 && this.#author === this.#loneAuthor && this.#trustLeft === 0) {
      this.#trust = Math.min(2 * this.#trust, mostTrust);
      this.#trustLeft = this.#trust;
    }
    this.flush();
  }

  /** Commit and send what waits, now. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#due = Infinity;
    const alone = this.#requests === 1 ? this.#author : null;
    if (alone !== this.#loneAuthor) this.#trustLeft = this.#trust = leastTrust;
    this.#loneAuthor = alone;
    this.#requests = 0;
    if (!this.#retired) this.#parts.flush();
    if (this.#parts.sockets() > 0) this.#flushedAt = this.#parts.ports.now();
    this.#awake?.resolve();
    this.#awake = null;
  }

  /** Never flush again: somebody else sees to what waits. */
  retire(): void {
    this.#retired = true;
    this.#cancel?.();
    this.#awake?.resolve();
  }

  #arm(due: number, now: number): void {
    if (due >= this.#due || this.#retired) return;
    this.#cancel?.();
    this.#due = due;
    this.#cancel = this.#parts.ports.later(due - now, () => this.#end());
    if (this.#awake !== null) return;
    this.#awake = Promise.withResolvers();
    this.#parts.ports.background(this.#awake.promise);
  }
}

/**
 * ms. A send costs about 10 µs, so a frame to everybody takes about an eighth of a window of changes;
 * presence may wait three times as long.
 */
export function windowLength(urgency: Urgency, sockets: number): number {
  const changes = Math.min(Math.max(1, sockets / 12), 40);
  return urgency === "change" ? changes : 3 * changes;
}
