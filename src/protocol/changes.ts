// What code in a Worker reads when it follows the state of a room.

import type { JsonObject } from "./json.ts";
import type { Patch } from "./json-patch.ts";

export type RoomChange =
  | {
      /** `state`: to begin with. `reset`: start over from this one, because changes are gone. */
      readonly type: "state" | "reset";
      readonly epoch: string;
      readonly version: number;
      readonly state: JsonObject;
    }
  | {
      readonly type: "change";
      /** The version that the patch applies to, and the one that it leads to. */
      readonly from: number;
      readonly to: number;
      readonly patch: Patch;
    };

export type ChangesOptions = {
  /** The version that you have: changes since then. Requires `epoch`. */
  readonly since?: number | undefined;
  /** The epoch of that version. */
  readonly epoch?: string | undefined;
};
