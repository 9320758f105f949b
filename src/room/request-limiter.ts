// How many requests one user, and all users together, may send over HTTP (rule L1). Callers without a user count as
// one user. An upgrade counts only for its user, because a whole room may reconnect at once. Callers that are
// trusted with the room are not limited (admission.ts).

import { TokenBucket } from "../model/token-bucket.ts";
import type { Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";

/** The rate of all users together, as a multiple of the rate of one. */
const usersAtFullRate = 10;
/** Users that are remembered. Beyond that, those idle longest get a fresh allowance. */
const maxUsers = 1000;

export class RequestLimiter {
  /** By user id; `null` is for all callers without a user. */
  readonly #byUser = new Map<string | null, TokenBucket>();
  #all: TokenBucket | null = null;
  #rate = 0;

  /**
   * Count a request for its user.
   * @param rate requests per second of one user
   * @throws CollabError `rate_limited`
   */
  takeOwn({ user }: Caller, rate: number, now: number): void {
    if (rate !== this.#rate) this.#begin(rate);
    take(this.#bucketOf(user?.id ?? null, rate, now), now);
  }

  /**
   * Count a permitted request for all users together.
   * @throws CollabError `rate_limited`
   */
  takeShared({ door }: Caller, rate: number, now: number): void {
    if (door === "http") take(this.#bucketOfAll(rate, now), now);
  }

  /** Start over: the room has started or stopped, and its rate has changed. */
  #begin(rate: number): void {
    this.#rate = rate;
    this.#byUser.clear();
    this.#all = null;
  }

  #bucketOfAll(rate: number, now: number): TokenBucket {
    this.#all ??= new TokenBucket(usersAtFullRate * rate, 2 * usersAtFullRate * rate, now);
    return this.#all;
  }

  #bucketOf(userId: string | null, rate: number, now: number): TokenBucket {
    const bucket = this.#byUser.get(userId) ?? new TokenBucket(rate, 2 * rate, now);
    this.#byUser.delete(userId);
    this.#byUser.set(userId, bucket);
    if (this.#byUser.size > maxUsers)
      for (const oldest of this.#byUser.keys()) {
        this.#byUser.delete(oldest);
        break;
      }
    return bucket;
  }
}

/** @throws CollabError `rate_limited` */
function take(bucket: TokenBucket, now: number): void {
  const retryAfter = bucket.tryTake(1, now);
  if (retryAfter > 0) throw new CollabError("rate_limited", { retryAfter });
}
