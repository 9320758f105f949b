// Paging of lists: the number of entries per page, and the cursor for the next page.

import { CollabError } from "./errors.ts";
import { describeValue } from "./json.ts";

/** Entries per page: the default and the maximum. */
export const pageSize = { default: 100, max: 1000 } as const;

/** @throws CollabError `invalid_request` */
export function checkPageLimit(limit: number = pageSize.default): number {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > pageSize.max)
    throw new CollabError("invalid_request", {
      detail: `limit must be a whole number from 1 to ${pageSize.max}, got ${describeValue(limit)}.`,
    });
  return limit;
}

/**
 * Encode the key of the last entry on a page, so that clients treat it as opaque. The entry itself may be removed: the
 * next page then starts where it would have been.
 */
export const encodeCursor = (key: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(key)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

/**
 * Decode a cursor from outside.
 * @param read checks the key, and throws if it is invalid
 * @throws CollabError `invalid_request`
 */
export function decodeCursor<T>(cursor: string, read: (key: string) => T): T {
  try {
    const bytes = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return read(decoder.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))));
  } catch {
    throw new CollabError("invalid_request", {
      detail: "cursor must be the cursor of an earlier page. Leave it out for the first page.",
    });
  }
}
