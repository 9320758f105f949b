// Ask whether a room is running (rule R4).

import { noInput, roomOperation } from "../operation.ts";

export const isAlive = roomOperation({
  scope: "room:read",
  repeatable: true,
  decode: noInput,
  run: (lifecycle): boolean => lifecycle.room !== null,
});
