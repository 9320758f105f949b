// Web Locks: which tab a record is of, and which of them looks after the records of tabs that are gone. A lock goes with
// its tab, however that ends.

import type { LocksLike } from "./browser.ts";

/** @returns a function that releases the lock; `null` if somebody else has it */
export function tryLock(locks: LocksLike, name: string): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    const held = (lock: object | null): unknown => {
      if (lock === null) return resolve(null);
      return new Promise<void>((release) => resolve(release));
    };
    locks.request(name, { ifAvailable: true }, held).catch(reject);
  });
}

/**
 * Wait for a lock.
 * @param call called once it is there
 * @returns a function that releases it, or ends the wait
 */
export function whenLocked(locks: LocksLike, name: string, call: () => void): () => void {
  const waiting = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = (): Promise<void> => {
    call();
    return promise;
  };
  // It rejects when the wait is ended.
  locks.request(name, { signal: waiting.signal }, held).catch(() => {});
  return () => {
    waiting.abort();
    resolve();
  };
}
