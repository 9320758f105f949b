// The entry point `collab-room/behaviours`: everything for defining a kind of room, and nothing of the service.
// `collab-room` exports all of it, too. This entry point does not need the Workers types: use it in files whose types
// are imported by a page, as in `connectRoom<typeof board>`.

export { action, defineRoom } from "./define.ts";
export type { DefineAction, RoomDefinition } from "./define.ts";
export type {
  Action,
  ActionAnswer,
  ActionContext,
  ActionName,
  ActionsOf,
  Behaviours,
  DefinedRoom,
  HookResult,
  InputOf,
  JoinResult,
  PendingAction,
  ResultOf,
  RoomBehaviour,
  RoomContext,
  StateOf,
} from "./behaviour.ts";
export type { Caller, Door } from "../protocol/caller.ts";
export type { JsonObject, JsonValue } from "../protocol/json.ts";
export type { Limits } from "../protocol/limits.ts";
export type { Presence, PresenceMap } from "../protocol/presence.ts";
export type { Scope } from "../protocol/scopes.ts";
export type { User, UserEntry } from "../protocol/users.ts";
