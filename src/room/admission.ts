// Checks a request before it is queued for its turn (rule L1): the rate of its user, what they may do, and the rate
// of all users together. A refused caller takes up neither the shared rate nor a place in the mailbox. The turn
// checks permissions again, because other turns may run before it.

import { dataPoint } from "../model/data-point.ts";
import { isUserId } from "../model/user.ts";
import type { Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";
import { admit, isTrusted } from "./access.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { askedBy } from "./log.ts";
import type { Operation } from "./operation.ts";
import type { RoomPorts } from "./ports.ts";
import { RequestLimiter } from "./request-limiter.ts";

/** A requested operation, with its input and its caller. */
type Asked<Input, Output> = {
  readonly operation: Operation<Input, Output>;
  readonly input: Input;
  readonly caller: Caller;
};

export class Admission {
  readonly #ports: Pick<RoomPorts, "log" | "analytics" | "now">;
  readonly #limiter = new RequestLimiter();

  constructor(ports: Pick<RoomPorts, "log" | "analytics" | "now">) {
    this.#ports = ports;
  }

  /**
   * Check a request that is about to wait for its turn.
   * @param isKnown whether memory reflects what the room is; if not, only the turn decides who may do what
   * @throws CollabError `rate_limited`, `forbidden`, `kicked`
   */
  check<Input, Output>(lifecycle: Lifecycle, asked: Asked<Input, Output>, isKnown: boolean): void {
    const { operation, input, caller } = asked;
    if (isTrusted(caller)) return;
    const [rate, now] = [lifecycle.requestRate, this.#ports.now()];
    this.#limiter.takeOwn(caller, rate, now);
    if (isKnown)
      try {
        admit(lifecycle, operation, input, caller);
      } catch (error) {
        if (error instanceof CollabError) this.refused(lifecycle, asked, error);
        throw error;
      }
    this.#limiter.takeShared(caller, rate, now);
  }

  /** An operation was refused. If it would have let a user in, log that and report it to the analytics. */
  refused<Input, Output>(
    { room }: Lifecycle,
    { operation, input, caller }: Asked<Input, Output>,
    { info }: CollabError,
  ): void {
    if (!operation.isEntry) return;
    const { log, analytics } = this.#ports;
    const { code, reason, instance } = info;
    // The id may not have been validated yet, so it may be anything.
    const userId = operation.subject?.(input) ?? "";
    const user = isUserId(userId) ? userId : undefined;
    log("join_refused", { user, code, reason, instance, ...askedBy(caller) });
    const behaviour = room?.record.behaviour ?? "";
    analytics?.(dataPoint({ kind: "refused", behaviour, detail: code, ...room?.occupancy }));
  }
}
