// The public API. `createCollab` creates the HTTP app and the Durable Object classes for your rooms; `defineRoom`
// and `action` define kinds of rooms. Do not import from other files: they may change.

import type { Hono } from "hono";
import type { Behaviours } from "./behaviours/behaviour.ts";
import { resolveBehaviours } from "./behaviours/resolve.ts";
import { CollabRoom } from "./cloudflare/collab-room.ts";
import { checkCompatibility } from "./cloudflare/compatibility.ts";
import type { CollabEnv } from "./cloudflare/env.ts";
import { RoomDirectory } from "./cloudflare/room-directory.ts";
import { RoomManager } from "./cloudflare/room-manager.ts";
import { createApp } from "./http/app.ts";
import { createAuthentication, type Authenticate } from "./http/authentication/authentication.ts";
import { largestLimits } from "./protocol/limits.ts";

export { action, defineRoom } from "./behaviours/define.ts";
export { CollabError } from "./protocol/errors.ts";
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
} from "./behaviours/behaviour.ts";
export type { Caller, Door } from "./protocol/caller.ts";
export type { ChangesOptions, RoomChange } from "./protocol/changes.ts";
export type { CollabEnv } from "./cloudflare/env.ts";
export type { KeyedOptions, RoomHandle } from "./cloudflare/room-handle.ts";
export type { RoomManager } from "./cloudflare/room-manager.ts";
export type { ErrorCode, ErrorInfo, Issue } from "./protocol/errors.ts";
export type { Authenticate } from "./http/authentication/authentication.ts";
export type { Grants, Identity } from "./protocol/identity.ts";
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
export type { User, UserEntry, UserInfo } from "./protocol/users.ts";

/** A Durable Object class, for a Worker to export. */
type ObjectClass<T> = new (ctx: DurableObjectState, env: CollabEnv) => T;

/** What `createCollab` returns. */
export type Collab = {
  /** The HTTP API: serve it, or mount it under any path of another Hono app. */
  readonly app: Hono<{ Bindings: CollabEnv }>;
  /** The Durable Object class for rooms. Export it from the Worker under this name and bind it as `ROOMS`. */
  readonly CollabRoom: ObjectClass<CollabRoom>;
  /** The Durable Object class for the directory. Export it under this name and bind it as `DIRECTORY`. */
  readonly RoomDirectory: ObjectClass<RoomDirectory>;
  /** Access to rooms for code in the Worker. */
  rooms(env: CollabEnv): RoomManager;
};

export type CollabOptions = {
  /** Kinds of rooms by name. `default` always exists, with default settings unless you define it here. */
  readonly behaviours?: Behaviours;
  /**
   * Authenticates requests in your own way instead of with tokens, for example with your application's sessions. It
   * must not read the body. It may return a `Response` that refuses the request. Pages from other origins are refused
   * before it is called, unless `ALLOWED_ORIGINS` lists them. To renew a token on an open socket (`auth`), it is called
   * with a request that has the token in `Authorization` and nothing else.
   * @param env the Worker's environment: declare it with your Worker's own type
   */
  authenticate?(request: Request, env: CollabEnv): ReturnType<Authenticate>;
};

/**
 * Create a rooms service.
 * @param options kinds of rooms, and how requests are authenticated
 * @returns the HTTP app, the two Durable Object classes to export, and access to rooms for your own code
 * @throws TypeError or RangeError for an invalid behaviour; the message names the behaviour and the setting. Error if
 * the compatibility date is too early; the message contains the line for `wrangler.toml`
 * @example
 * ```ts
 * const collab = createCollab({ behaviours: { doc: defineRoom({ maxUsers: 50 }) } });
 * export const { CollabRoom, RoomDirectory } = collab;
 * export default collab.app;
 * ```
 */
export function createCollab(options: CollabOptions = {}): Collab {
  checkCompatibility();
  const behaviours = resolveBehaviours(options.behaviours ?? {});
  const authentication = createAuthentication(options.authenticate);
  const limits = largestLimits(Array.from(behaviours.values(), (each) => each.limits));
  return {
    app: createApp(limits, authentication),
    CollabRoom: class extends CollabRoom {
      constructor(ctx: DurableObjectState, env: CollabEnv) {
        super(ctx, env, behaviours, authentication.identifyToken);
      }
    },
    RoomDirectory,
    rooms: (env) => new RoomManager(env),
  };
}
