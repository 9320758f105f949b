// The header `Idempotency-Key` (rule X2): a request that is sent again with the same key gets the earlier response and
// is not executed again.

import { checkKey } from "../cloudflare/keyed-call.ts";
import type { Once } from "../cloudflare/room-stub.ts";
import type { ErrorCode } from "../protocol/errors.ts";

/** Marks a response as that of an earlier request. */
export const replayHeader = "idempotency-replayed";

/** The request header, for the OpenAPI document. */
export const keyHeader = {
  "Idempotency-Key":
    "A random key of 1 to 255 visible ASCII characters. If the same request is sent again with the same key within 24 hours, it gets the earlier response and is not executed again.",
};

/** The response header, for the OpenAPI document. */
export const replayedHeader = {
  "Idempotency-Replayed": "`true` if this is the response to an earlier request with the same key.",
};

/** The problems that a key can cause. */
export const keyProblems = [
  "invalid_request",
  "client_taken",
  "key_reused",
] as const satisfies ErrorCode[];

/** Whether a route supports a key. Requests with the other methods are safe to repeat without one. */
export const takesKey = ({ method }: { readonly method: string }): boolean =>
  method === "post" || method === "patch";

/**
 * Read the key of a request.
 * @returns the options for its call; `undefined` without a key
 * @throws CollabError `invalid_request`
 */
export function readKey(headers: Headers, onReplay: () => void): Once | undefined {
  const key = headers.get("idempotency-key");
  return key === null ? undefined : { key: checkKey(key), onReplay };
}
