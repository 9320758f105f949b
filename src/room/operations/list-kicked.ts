// List who is banned from a room, and until when, even while it is stopped (rules V4, A9).

import type { KickInfo } from "../../protocol/inspection.ts";
import { isoTime } from "../../protocol/time.ts";
import { noInput, roomOperation } from "../operation.ts";

export const listKicked = roomOperation({
  scope: "room:admin",
  repeatable: true,
  decode: noInput,
  run: ({ bans }): KickInfo[] =>
    bans.all().map(({ userId, until }) => ({ userId, until: isoTime(until) })),
});
