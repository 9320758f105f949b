// Calls with an idempotency key (rule X2), on the caller's side: checks keys, and decides which requests are the same.

import { CollabError } from "../protocol/errors.ts";

const maxKeyLength = 255;

/** @throws CollabError `invalid_request` */
export function checkKey(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key) && key.length <= maxKeyLength) return key;
  throw new CollabError("invalid_request", {
    detail: `An idempotency key must have 1 to ${maxKeyLength} visible ASCII characters, such as a random UUID.`,
  });
}

/** A fingerprint of a call: the same for the same operation and input. */
export async function fingerprintOf(operation: string, input: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([operation, input]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
