// Waiting outside of tests, for what comes sooner or later; nobody waits for ever.

import { setTimeout as pause } from "node:timers/promises";

/** ms to wait for what should come. */
const patience = 60_000;
/** ms between two looks. */
const interval = 50;

/** @throws Error when it takes too long */
export async function within<T>(what: string, work: Promise<T>, ms = patience): Promise<T> {
  const timeout = new AbortController();
  const expired = pause(ms, undefined, { signal: timeout.signal }).then(() => {
    throw new Error(`waited ${ms / 1000} s for ${what}`);
  });
  expired.catch(() => {});
  try {
    return await Promise.race([work, expired]);
  } finally {
    timeout.abort();
  }
}

/**
 * Look again and again, until nothing is wrong any more.
 * @param look tells what is wrong; `null` for nothing
 * @returns what is wrong in the end; `null` for nothing
 */
export async function settled(
  look: () => Promise<string | null>,
  ms = patience,
): Promise<string | null> {
  const end = performance.now() + ms;
  for (;;) {
    const wrong = await look();
    if (wrong === null || performance.now() > end) return wrong;
    await pause(interval);
  }
}
