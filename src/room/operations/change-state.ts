// Change the state by a JSON Patch, a merge patch, or another state (rules S3, S5, S6).

import { checkChange, type ChangeRequest } from "../../model/change.ts";
import { checkPreconditions, entityTag, type Preconditions } from "../../model/preconditions.ts";
import { readJson, runningOperation, type JsonSource } from "../operation.ts";

export type ChangeInput = Preconditions & {
  readonly kind: ChangeRequest["kind"];
  readonly source: JsonSource;
  /** The version that the state must have; any will do if left out. */
  readonly ifVersion?: number | undefined;
};

export type ChangeOutput = {
  /** The version after the change. */
  readonly version: number;
};

export type TaggedOutput = ChangeOutput & {
  /** The state's entity tag after the change. */
  readonly tag: string;
};

export const changeState = runningOperation({
  scope: "room:write",
  sees: "head",
  repeatable: false,
  isActivity: true,
  decode: ({ kind, source, ...conditions }: ChangeInput, limits) => ({
    request: checkChange(kind, readJson(source), limits),
    ...conditions,
  }),
  run({ document, record, behaviour }, { request, ifVersion, ...conditions }): TaggedOutput {
    checkPreconditions(conditions, entityTag(record.epoch, document.headVersion));
    const version = document.change(request, ifVersion, behaviour.limits);
    return { version, tag: entityTag(record.epoch, version) };
  },
});
