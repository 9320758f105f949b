// The entry point `collab-room/protocol`: everything for writing your own client, in any framework. docs/PROTOCOL.md
// describes the protocol. Anything that is not exported here may change in any release.

/** The messages on a socket, in both directions. A client offers `subprotocol` when it opens the socket. */
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
/** Reassembles frames that are sent in parts. */
export { PartReader } from "./parts.ts";

/** Errors: the table of codes, and the close codes, which say whether to reconnect. */
export { closeCodeOf, CollabError, errorTable } from "./errors.ts";
export type { ErrorCode, ErrorInfo, Issue } from "./errors.ts";

/** The state: JSON, and its size, computed by `measure`. */
export { measure } from "./json.ts";
export type { JsonArray, JsonObject, JsonValue, Size } from "./json.ts";
/** Patches: validate one, apply it in place, or compute the one between two states. */
export { applyPatch, PatchRun } from "./apply-patch.ts";
export type { Applied } from "./apply-patch.ts";
export { diff, diffMerge } from "./diff.ts";
export { parsePatch } from "./json-patch.ts";
export type { Dialect, Operation, Patch, PatchLimits, Sized } from "./json-patch.ts";
/** Presence: apply a merge patch. */
export { mergePatch } from "./merge-patch.ts";

/** How a room applies a patch that is based on an earlier version (`base`). */
export { applyRebased } from "./rebase.ts";
export type { Effect } from "./effects.ts";

/** The permissions of a session. */
export { allows, allScopes } from "./scopes.ts";
export type { Scope } from "./scopes.ts";

/** Limits: the defaults of a room's behaviour, and those that always apply. */
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

/** The administrators' view of a room over HTTP. */
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

/** The people in the room. */
export type { PeopleCounts, SamplePerson } from "./people.ts";
export type { Presence, PresenceMap, PresenceUpdate } from "./presence.ts";
export type { User, UserEntry } from "./users.ts";
