// When what waits is committed and sent. In a quiet room at once; while things happen quickly, together:
// what comes in a window goes out at its end, as one row and one frame a socket.
//
//   quiet ──request──▶ flush at once, the window opens
//   open  ──request──▶ waits for the end of the window …
//         ──request──▶ … unless it is by the one who alone filled the last window and has its answer:
//                      a writer who waits for each answer would only be slowed down
//
// The window is as long as it takes to keep the cost of sending to all sockets small: it grows with them.

import type { RoomPorts } from "../ports.ts";

/** `change`: a change, an event, a reply. `signal`: presence, users: what may be a little later. */
export type Urgency = "change" | "signal";

export type CommitWindowParts = {
  readonly ports: Pick<RoomPorts, "now" | "later" | "durable" | "background">;
  /** How many sockets a flush sends to. */
  sockets(): number;
  /** Commit and send all that waits. Never throws. */
  flush(): void;
};

export class CommitWindow {
  readonly #parts: CommitWindowParts;
  /** When the last flush was; -Infinity before the first. */
  #flushedAt = -Infinity;
  /** Whether the last flush is still being written. */
  #writing = false;
  /** Who asked in this window, and how many times; of the last one, who alone asked once. */
  #author: object | null = null;
  #requests = 0;
  #loneAuthor: object | null = null;
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
    const due = this.#flushedAt + windowLength(urgency, sockets);
    const waitsAlone =
      author !== null &&
      author === this.#loneAuthor &&
      this.#requests === 1 &&
      !this.#writing &&
      this.#cancel === null;
    if (due <= now || waitsAlone) this.flush();
    else this.#arm(due, now);
  }

  /** Commit and send what waits, now. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#due = Infinity;
    this.#loneAuthor = this.#requests === 1 ? this.#author : null;
    this.#requests = 0;
    if (!this.#retired) this.#parts.flush();
    if (this.#parts.sockets() > 0) this.#opened();
    this.#awake?.resolve();
    this.#awake = null;
  }

  /** Never flush again: somebody else sees to what waits. */
  retire(): void {
    this.#retired = true;
    this.#cancel?.();
    this.#awake?.resolve();
  }

  #opened(): void {
    const { ports } = this.#parts;
    this.#flushedAt = ports.now();
    if (this.#loneAuthor === null || this.#writing) return;
    this.#writing = true;
    const written = (): void => {
      this.#writing = false;
    };
    ports.durable().then(written, written); // what fails to be written ends the object
  }

  #arm(due: number, now: number): void {
    if (due >= this.#due) return;
    this.#cancel?.();
    this.#due = due;
    this.#cancel = this.#parts.ports.later(due - now, () => this.flush());
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
