// Read the state.

import {
  checkPreconditions,
  entityTag,
  includesTag,
  type Preconditions,
} from "../../model/preconditions.ts";
import { runningOperation } from "../operation.ts";

export type StateOutput = {
  /** The state's entity tag. */
  readonly tag: string;
  /** The state as JSON text; `null` if the caller already has it, because `ifNoneMatch` contains its tag. */
  readonly text: string | null;
};

export const getState = runningOperation({
  scope: "room:read",
  sees: "snapshot",
  repeatable: true,
  decode: (input: Preconditions) => input,
  run({ document, record }, { ifMatch, ifNoneMatch = [] }): StateOutput {
    const tag = entityTag(record.epoch, document.version);
    checkPreconditions({ ifMatch }, tag);
    return { tag, text: includesTag(ifNoneMatch, tag) ? null : document.text };
  },
});
