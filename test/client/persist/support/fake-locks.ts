// A browser's locks, as in `navigator.locks`: exclusive, first come first served, and released when their page ends.

import type { LocksLike } from "../../../../src/client/persist/browser.ts";

type Callback = Parameters<LocksLike["request"]>[2];
type Options = Parameters<LocksLike["request"]>[1];
type Waiting = {
  readonly page: object;
  readonly name: string;
  grant(): void;
  fail(error: Error): void;
};

export class FakeLocks {
  readonly #held = new Map<string, { readonly page: object }>();
  #waiting: Waiting[] = [];
  readonly #gone = new WeakSet<object>();

  /** The names of the locks that are held. */
  get held(): readonly string[] {
    return [...this.#held.keys()];
  }

  /** How many locks were granted so far. */
  given = 0;

  /** How many requests are waiting for a lock. */
  get waiting(): number {
    return this.#waiting.length;
  }

  async request(
    page: object,
    name: string,
    { ifAvailable = false, signal }: Options,
    callback: Callback,
  ): Promise<unknown> {
    await Promise.resolve();
    if (this.#gone.has(page)) throw new Error("The page is gone.");
    if (this.#held.has(name)) {
      if (ifAvailable) return callback(null);
      await new Promise<void>((resolve, reject) => {
        const waiting = { page, name, grant: resolve, fail: reject };
        this.#waiting.push(waiting);
        (signal as AbortSignal | undefined)?.addEventListener("abort", () => {
          this.#waiting = this.#waiting.filter((each) => each !== waiting);
          reject(new Error("aborted"));
        });
      });
      if (this.#gone.has(page)) throw new Error("The page is gone.");
    }
    const lock = { page };
    this.given++;
    this.#held.set(name, lock);
    try {
      return await callback({});
    } finally {
      if (this.#held.get(name) === lock) this.#release(name);
    }
  }

  /** Release everything when a page ends. */
  releaseAllOf(page: object): void {
    this.#gone.add(page);
    this.#waiting = this.#waiting.filter((each) => each.page !== page);
    for (const [name, lock] of this.#held) if (lock.page === page) this.#release(name);
  }

  #release(name: string): void {
    this.#held.delete(name);
    const next = this.#waiting.find((each) => each.name === name);
    if (next === undefined) return;
    this.#waiting = this.#waiting.filter((each) => each !== next);
    // Nobody else may take the lock in between.
    this.#held.set(name, next);
    next.grant();
  }
}
