// The header `Idempotency-Key` (rule X2): a request that is sent again with the same key is answered as before, and
// not carried out again.

import { checkKey } from "../cloudflare/keyed-call.ts";
import type { Once } from "../cloudflare/room-stub.ts";
import type { ErrorCode } from "../protocol/errors.ts";

/** Says that a response is that of an earlier request. */
export const replayHeader = "idempotency-replayed";

/** The request header, for the OpenAPI document. */
export const keyHeader = {
  "Idempotency-Key":
    "A random key of 1 to 255 visible ASCII characters. If the same request is sent again with it within 24 hours, it is answered as before and not carried out again.",
};

/** The response header, for the OpenAPI document. */
export const replayedHeader = {
  "Idempotency-Replayed": "`true` if this is the response to an earlier request with the same key.",
};

/** The problems that a key can have. */
export const keyProblems = [
  "invalid_request",
  "client_taken",
  "key_reused",
] as const satisfies ErrorCode[];

/** Whether a route takes a key: those whose requests may not be sent twice otherwise. */
export const takesKey = ({ method }: { readonly method: string }): boolean =>
  method === "post" || method === "patch";

/**
 * Read the key of a request.
 * @returns how to make its call; `undefined` without a key
 * @throws CollabError `invalid_request`
 */
export function readKey(headers: Headers, onReplay: () => void): Once | undefined {
  const key = headers.get("idempotency-key");
  return key === null ? undefined : { key: checkKey(key), onReplay };
}
