// What a room shows that has not answered yet. Hooks show it on the server, and while React takes over what the server
// has rendered: both must be the same, and nobody knows what a room says by then.

import type { RoomSnapshot } from "../client/types.ts";

export const blankSnapshot: RoomSnapshot<unknown> = Object.freeze({
  state: null,
  version: 0,
  self: null,
  people: Object.freeze([]),
  others: Object.freeze([]),
  counts: Object.freeze({ users: 0, online: 0, idle: 0, away: 0, typing: 0 }),
  status: Object.freeze({ state: "connecting" }),
  saved: Object.freeze({ state: "saved" }),
  scopes: Object.freeze([]),
  history: Object.freeze({ canUndo: false, canRedo: false }),
});
