// Change the state by a JSON Patch, a merge patch, or another state (rules S3, S5, S6).

import { checkChange, type ChangeRequest } from "../../model/change.ts";
import { readJson, runningOperation, type JsonSource } from "../operation.ts";

export type ChangeInput = {
  readonly kind: ChangeRequest["kind"];
  readonly source: JsonSource;
  /** The state must have one of these versions; any will do if left out. */
  readonly ifVersion?: readonly number[] | undefined;
};

export type ChangeOutput = {
  /** The version after the change. */
  readonly version: number;
};

export const changeState = runningOperation({
  scope: "room:write",
  sees: "head",
  repeatable: false,
  isActivity: true,
  decode: ({ kind, source, ifVersion }: ChangeInput, limits) => ({
    request: checkChange(kind, readJson(source), limits),
    ifVersion,
  }),
  run: ({ document, behaviour }, { request, ifVersion }): ChangeOutput => ({
    version: document.change(request, ifVersion, behaviour.limits),
  }),
});
