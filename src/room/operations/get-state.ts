// Read the state.

import { runningOperation } from "../operation.ts";

export type StateInput = {
  /** Versions that the caller has; `"any"` for whichever it is. */
  readonly known?: readonly number[] | "any";
};

export type StateOutput = {
  readonly version: number;
  /** The state as JSON text; `null` when the caller has this version. */
  readonly text: string | null;
};

export const getState = runningOperation({
  scope: "room:read",
  sees: "snapshot",
  repeatable: true,
  decode: (input: StateInput) => input,
  run({ document }, { known = [] }): StateOutput {
    const { version } = document;
    const isKnown = known === "any" || known.includes(version);
    return { version, text: isKnown ? null : document.text };
  },
});
