// What a trace tells, as the wire shows it: frames, sessions that have ended, and what was missed.

import type { TracedClose, TracedDrop, TracedFrame } from "../common/api.ts";

export type WireEntry =
  | ({ readonly id: number; readonly kind: "frame" } & TracedFrame)
  | ({ readonly id: number; readonly kind: "closed" } & TracedClose)
  | ({ readonly id: number; readonly kind: "dropped" } & TracedDrop);
