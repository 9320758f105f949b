// The entry `collab-room/protocol`: what a client of one's own needs to speak with a room, in any framework.
// docs/PROTOCOL.md tells how. Whatever is not named here may change in any release.

/** What is said on a socket, in both directions; `subprotocol` is offered when it opens. */
export { protocolVersion, subprotocol } from "./messages.ts";
export type {
  ClientMessage,
  ClientMessageType,
  Ref,
  RoomMessage,
  RoomMessageType,
  SessionLimits,
  WireError,
} from "./messages.ts";
/** Puts frames together that come in parts. */
export { PartReader } from "./parts.ts";

/** Why something is refused: the table of codes, and what a close code says about coming back. */
export { closeCodeOf, CollabError, errorTable } from "./errors.ts";
export type { ErrorCode, ErrorInfo, Issue } from "./errors.ts";

/** The state: JSON, with its size, which `measure` tells. */
export { measure } from "./json.ts";
export type { JsonArray, JsonObject, JsonValue, Size } from "./json.ts";
/** Patches: check one from outside, apply it in place, or compute the one between two states. */
export { applyPatch, PatchRun } from "./apply-patch.ts";
export type { Applied } from "./apply-patch.ts";
export { diff, diffMerge } from "./diff.ts";
export { parsePatch } from "./json-patch.ts";
export type { Dialect, Operation, Patch, PatchLimits, Sized } from "./json-patch.ts";
/** Of presence: a merge patch, applied. */
export { mergePatch } from "./merge-patch.ts";

/** What a room does with a patch that was made on an earlier version (`base`). */
export { applyRebased } from "./rebase.ts";
export type { Effect } from "./effects.ts";

/** What a session may do. */
export { allows, allScopes } from "./scopes.ts";
export type { Scope } from "./scopes.ts";

/** Limits: those of a room's behaviour by default, and those that hold everywhere. */
export {
  defaultLimits,
  maxFrameMessages,
  maxPresenceBytes,
  maxRoomIdBytes,
  maxUserBytes,
  maxUserIdLength,
  maxUserSessions,
  maxWatchedBytes,
  maxWatchedUsers,
} from "./limits.ts";
export type { Limits } from "./limits.ts";
export { checkRoomId } from "./room-id.ts";

/** What administrators see of a room over HTTP. */
export type {
  ActionInfo,
  ActionList,
  ChangeAuthor,
  JournalPage,
  JournalRow,
  KickInfo,
  PastState,
  Reason,
  RoomInspection,
  SaveInfo,
  SessionInspection,
  TracedClose,
  TracedDrop,
  TracedFrame,
  TimerInfo,
  UserInspection,
  UserInspectionPage,
} from "./inspection.ts";

/** Who is in the room. */
export type { PeopleCounts, SamplePerson } from "./people.ts";
export type { Presence, PresenceMap, PresenceUpdate } from "./presence.ts";
export type { User, UserEntry } from "./users.ts";
