// Turns of the real event loop: when one has passed, every promise that could go on has done so. Nothing here knows
// of virtual time. It takes its timers when it loads, before a test can replace the global timers.

type Port = MessagePort & { ref?(): void; unref?(): void };

const realTimeout = setTimeout;
const realNow = performance.now.bind(performance);
const Channel = MessageChannel;

/** Makes a turn; a channel is quicker than a timer, which takes a millisecond. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #near: Port;
  readonly #far: Port;

  constructor() {
    const { port1, port2 } = new Channel();
    this.#near = port1;
    this.#far = port2;
    this.#far.addEventListener("message", () => {
      this.#waiting.shift()?.();
      // A process may end while nobody waits.
      if (this.#waiting.length === 0) this.#far.unref?.();
    });
    this.#far.start();
    this.#far.unref?.();
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) this.#far.ref?.();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is no window
      this.#near.postMessage(null);
    });
  }
}

let turns: Turns | undefined;

/** Let a turn pass. */
export function turn(): Promise<void> {
  turns ??= new Turns();
  return turns.next();
}

/** Let a millisecond of real time pass. */
export const realMillisecond = (): Promise<void> =>
  new Promise((resolve) => {
    realTimeout(resolve, 1);
  });

/** ms of real time, from any beginning. */
export const realTime = (): number => realNow();
