// The library's door. `createCollab` makes the HTTP app and the Durable Object classes of your rooms;
// `defineRoom` and `action` write them.

import type { Hono } from "hono";
import type { Behaviours } from "./behaviours/behaviour.ts";
import { resolveBehaviours } from "./behaviours/resolve.ts";
import { CollabRoom } from "./cloudflare/collab-room.ts";
import type { CollabEnv } from "./cloudflare/env.ts";
import { RoomDirectory } from "./cloudflare/room-directory.ts";
import { RoomManager } from "./cloudflare/room-manager.ts";
import { createApp } from "./http/app.ts";
import { mostOf } from "./protocol/limits.ts";

export { action, defineRoom } from "./behaviours/define.ts";
export { CollabError } from "./protocol/errors.ts";
export type {
  Action,
  ActionAnswer,
  Behaviours,
  HookResult,
  RoomBehaviour,
  RoomContext,
} from "./behaviours/behaviour.ts";
export type { CollabEnv } from "./cloudflare/env.ts";
export type { RoomHandle } from "./cloudflare/room-handle.ts";
export type { RoomManager } from "./cloudflare/room-manager.ts";
export type { ErrorCode, ErrorInfo, Issue } from "./protocol/errors.ts";
export type { JsonObject, JsonValue } from "./protocol/json.ts";
export type { Operation, Patch } from "./protocol/json-patch.ts";
export type { Limits } from "./protocol/limits.ts";
export type { Presence, PresenceMap } from "./protocol/presence.ts";
export type { Scope } from "./protocol/scopes.ts";
export type {
  ListOptions,
  RoomEntry,
  RoomInfo,
  RoomPage,
  SaveStatus,
  StartOptions,
} from "./protocol/rooms.ts";
export type { User, UserEntry } from "./protocol/users.ts";

/** A Durable Object class, for a Worker to export. */
type ObjectClass<T> = new (ctx: DurableObjectState, env: CollabEnv) => T;

export type Collab = {
  /** The HTTP API: serve it, or mount it under any path of another Hono app. */
  readonly app: Hono<{ Bindings: CollabEnv }>;
  /** Export it under this name, bound as `ROOMS`. */
  readonly CollabRoom: ObjectClass<CollabRoom>;
  /** Export it under this name, bound as `DIRECTORY`. */
  readonly RoomDirectory: ObjectClass<RoomDirectory>;
  /** Rooms for code in the Worker. */
  rooms(env: CollabEnv): RoomManager;
};

/**
 * Make a rooms service.
 * @param options `behaviours`: kinds of rooms by name; one called `default` exists without being named
 * @throws TypeError or RangeError for a setting that cannot be
 * @example
 * ```ts
 * const collab = createCollab({ behaviours: { doc: defineRoom({ maxUsers: 50 }) } });
 * export const { CollabRoom, RoomDirectory } = collab;
 * export default collab.app;
 * ```
 */
export function createCollab(options: { readonly behaviours?: Behaviours } = {}): Collab {
  const behaviours = resolveBehaviours(options.behaviours ?? {});
  return {
    app: createApp(mostOf(Array.from(behaviours.values(), ({ limits }) => limits))),
    CollabRoom: class extends CollabRoom {
      constructor(ctx: DurableObjectState, env: CollabEnv) {
        super(ctx, env, behaviours);
      }
    },
    RoomDirectory,
    rooms: (env) => new RoomManager(env),
  };
}
