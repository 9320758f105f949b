// The entries of a trace: frames, sessions that ended, and frames that were dropped.

import type { TracedClose, TracedDrop, TracedFrame } from "../common/api.ts";

export type WireEntry =
  | ({ readonly id: number; readonly kind: "frame" } & TracedFrame)
  | ({ readonly id: number; readonly kind: "closed" } & TracedClose)
  | ({ readonly id: number; readonly kind: "dropped" } & TracedDrop);
