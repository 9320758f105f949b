// The entry `collab-room/behaviours`: what a kind of room is written with, and nothing of the service. The entry
// `collab-room` has all of it, too. This one needs no types of Workers: import it in a file of which a page's code
// takes the types, as in `connectRoom<typeof board>`.

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
