// One client of a net: the world it lives in, and what a test does to it. Its timers and sockets are virtual, and its
// page is what the test says.

import type { Environment, PageEvent, SocketLike } from "../client/environment.ts";
import type { VirtualBrowser } from "./browser.ts";
import type { VirtualClock } from "./clock.ts";
import type { Line } from "./line.ts";
import type { Randomness } from "./randomness.ts";

/** ms up to which a client's timers are waited for: what they hold back is to be sent or shown. */
const soon = 1000;
/** The same where the line is cut: nothing can be sent, only shown. */
const soonWithoutLine = 50;
/** ms for which a client that may come back is waited for, until it has tried. */
const returnTime = 60_000;

type SeatOptions = {
  readonly line: Line;
  readonly clock: VirtualClock;
  readonly randomness: Randomness;
  readonly browser: VirtualBrowser;
  /** Wait for work of its own that takes real time. */
  during<T>(work: Promise<T>): Promise<T>;
  open(url: string, protocols: string[]): SocketLike;
};

export class Seat {
  readonly line: Line;
  readonly environment: Environment;
  readonly #clock: VirtualClock;
  readonly #pageListeners = new Set<(event: PageEvent) => void>();
  readonly #unsaved = new Set<() => boolean>();
  #isOnline = true;
  /** Epoch ms until which its way back counts as under way. */
  #returnBy = -Infinity;

  constructor({ line, clock, randomness, browser, during, open }: SeatOptions) {
    this.line = line;
    this.#clock = clock;
    this.environment = {
      now: clock.now,
      random: randomness.next,
      newId: randomness.newId,
      later: (ms, call) => this.#later(ms, call),
      // An exception is reported as an unhandled rejection, as a separate error.
      soon: (call) => void Promise.resolve().then(call),
      // The caller that runs the net gets it: an error of a listener fails the test.
      report: (error) =>
        void clock.plan(0, {
          what: "an error of a listener",
          isUnderWay: () => true,
          run: () => {
            throw error;
          },
        }),
      open: (url, protocols) => {
        this.#returnBy = -Infinity;
        return open(url, protocols);
      },
      isOnline: () => this.#isOnline,
      onPage: (listener) => registered(this.#pageListeners, listener),
      beforeUnload: (isUnsaved) => registered(this.#unsaved, isUnsaved),
      browser,
      during,
      baseUrl: null,
    };
  }

  /** Let something happen to its page. */
  page(event: PageEvent): void {
    if (event === "online" || event === "offline") this.#isOnline = event === "online";
    for (const listener of this.#pageListeners) listener(event);
  }

  /** Whether its page would ask before it is closed. */
  get warnsBeforeUnload(): boolean {
    return [...this.#unsaved].some((isUnsaved) => isUnsaved());
  }

  /** It may come back from now on: its next attempt is waited for. */
  awaitReturn(): void {
    this.#returnBy = this.#clock.now() + returnTime;
  }

  #later(ms: number, call: () => void): () => void {
    return this.#clock.plan(ms, {
      what: `a timer of ${this.line.name}, of ${ms} ms`,
      isUnderWay: () =>
        ms <= (this.line.state === "up" ? soon : soonWithoutLine) ||
        this.#clock.now() < this.#returnBy,
      run: call,
    });
  }
}

function registered<T>(all: Set<T>, one: T): () => void {
  all.add(one);
  return () => void all.delete(one);
}
