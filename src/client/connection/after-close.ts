// Decides what the end of a socket means: whether to reconnect, and how. The room's close code decides; where the line broke
// before one came, what the room has said decides.

import type { RoomMessage } from "../../protocol/messages.ts";

/** The reason that the room gave for closing. */
export type Refusal = Extract<RoomMessage, { type: "error" }>;

/** `later`: the room asks for a pause. `renamed`: under another client name. */
export type AfterClose = "stay-away" | "new-token" | "back" | "later" | "renamed";

/** The reaction to a close. A code that is not in the protocol stands for a broken line. */
export function afterClose(code: number): AfterClose {
  if (code === 1000) return "stay-away";
  if (code === 4203) return "renamed";
  switch (Math.floor(code / 100)) {
    case 40:
    case 44:
      return "stay-away";
    case 41:
      return "new-token";
    case 42:
      return "later";
    default:
      return "back";
  }
}

/** The close code that a refusal stands for, if the line broke before the close came. */
export function codeFor(code: number, refusal: Refusal | null): number {
  if (refusal === null || afterClose(code) !== "back") return code;
  if (refusal.retry) return 4200;
  return /token/.test(refusal.code) ? 4100 : 4000;
}
