// The changes that code in a Worker reads when it follows a room's state.

import type { JsonObject } from "./json.ts";
import type { Patch } from "./json-patch.ts";

export type RoomChange =
  | {
      /** `state`: the first event. `reset`: start over from this state, because changes are no longer available. */
      readonly type: "state" | "reset";
      readonly epoch: string;
      readonly version: number;
      readonly state: JsonObject;
    }
  | {
      readonly type: "change";
      /** The version to which the patch applies, and the one after it. */
      readonly from: number;
      readonly to: number;
      readonly patch: Patch;
    };

export type ChangesOptions = {
  /** The version that you have: you receive the changes since then. Requires `epoch`. */
  readonly since?: number | undefined;
  /** The epoch of that version. */
  readonly epoch?: string | undefined;
};
