// Changes planned on the present state, without a base, and their patches.

import { planChange, type ChangeRequest, type PlannedChange } from "../../src/model/change.ts";
import type { Patch, Sized } from "../../src/protocol/json-patch.ts";
import type { Limits } from "../../src/protocol/limits.ts";

/** Plan a change; `null` if it changes nothing. */
export const planOn = (
  state: Sized,
  request: ChangeRequest,
  limits: Limits,
): PlannedChange | null =>
  planChange(state, request, limits, {
    effectsSince() {
      throw new Error("a change without a base asks for no history");
    },
  }).change;

/** The patch that the journal keeps of a planned change. */
export const patchOf = ({ applied }: Pick<PlannedChange, "applied">): Patch =>
  applied.map(({ operation }) => operation);
