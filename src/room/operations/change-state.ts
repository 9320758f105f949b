// Change the state with a JSON Patch, a merge patch, or a whole new state (rules S3, S5, S6, E1).

import { checkChange, type Base, type ChangeKind } from "../../model/change.ts";
import { checkPreconditions, entityTag, type Preconditions } from "../../model/preconditions.ts";
import { CollabError } from "../../protocol/errors.ts";
import { readJson, runningOperation, type JsonSource } from "../operation.ts";

export type ChangeInput = Preconditions & {
  readonly kind: ChangeKind;
  readonly source: JsonSource;
  /** The version that the state must have; omit it to accept any. */
  readonly ifVersion?: number | undefined;
  /** The version that a patch is based on; the present one if omitted. */
  readonly base?: BaseInput | undefined;
};

export type BaseInput = Base & {
  /** The epoch of that version; the room's own if omitted. */
  readonly epoch?: string | undefined;
};

export type ChangeOutput = {
  /** The version after the change. */
  readonly version: number;
};

export type TaggedOutput = ChangeOutput & {
  /** The state's entity tag after the change. */
  readonly tag: string;
};

export type PatchOutput = TaggedOutput & {
  /** Indexes of the operations that were left out, because their targets are gone (rule E2). */
  readonly dropped: readonly number[];
};

/** Steps of transforming a patch that cost as much as a message. */
const stepsPerMessage = 500;

export const changeState = runningOperation({
  scope: "room:write",
  sees: "head",
  repeatable: false,
  isActivity: true,
  isMove: true,
  decode({ kind, source, base, ...conditions }: ChangeInput, limits) {
    const request = checkChange(kind, readJson(source), limits);
    return {
      request: base && request.kind === "patch" ? { ...request, base } : request,
      base,
      ...conditions,
    };
  },
  run(
    { document, record, behaviour, hooks, sessions },
    { request, ifVersion, base, ...conditions },
    caller,
  ): PatchOutput {
    if (behaviour.writes === "actions" && (caller.door === "http" || caller.door === "socket"))
      throw new CollabError("forbidden", {
        detail: `Clients may change this room only through its actions: ${Object.keys(behaviour.actions).join(", ") || "it has none"}.`,
      });
    checkPreconditions(conditions, entityTag(record.epoch, document.headVersion));
    if (base?.epoch !== undefined && base.epoch !== record.epoch)
      throw new CollabError("base_too_old", {
        detail: `The room has a new epoch, ${record.epoch}: it knows no change since "${base.epoch}.${base.version}". Read the state and create a new patch.`,
      });
    const context = {
      check: hooks.checkState,
      // Clients whose patches are costly to transform may send fewer (rule L1).
      onMoved: (steps: number) =>
        sessions.withId(caller.session)?.rateLimiter.charge(Math.floor(steps / stepsPerMessage)),
    };
    const { limits } = behaviour;
    const { version, dropped } = document.change(request, ifVersion, limits, context, { caller });
    return { version, dropped, tag: entityTag(record.epoch, version) };
  },
});
