// The snapshot of a room that has not answered yet. Hooks show it on the server, and again while React hydrates the page:
// both renderings must be the same, whatever the room has said by then.

import { nobody } from "../client/people/people.ts";
import { renew } from "../client/renew.ts";
import type { RoomSnapshot } from "../client/types.ts";

export const blankSnapshot: RoomSnapshot<unknown> = renew<RoomSnapshot<unknown>>(null, {
  ...nobody,
  state: null,
  version: 0,
  status: { state: "connecting" },
  saved: { state: "saved" },
  scopes: [],
  history: { canUndo: false, canRedo: false },
});
