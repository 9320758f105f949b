// The contract between a room and its author: hooks, actions and settings, each optional.
//
// A hook runs inside the room's turn (`saveRoomState` runs beside it): while it awaits, the room's next
// operation waits. It answers `{ ok: value }` or `{ error: reason }`. Throwing is for the unexpected, and
// taking longer than `callTimeout` counts as throwing. A hook must not call its own room, because it would
// wait for itself: `room` tells it everything it needs.

import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Caller } from "../protocol/caller.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { Limits } from "../protocol/limits.ts";
import type { User, UserEntry } from "../protocol/users.ts";

/** What a hook is told of its room. Everything in it is frozen: a hook answers, it does not reach in. */
export type RoomContext<State extends object = JsonObject, Env = unknown> = {
  readonly id: string;
  /** The Worker's bindings. */
  readonly env: Env;
  /** Who asked for what the hook runs for; the room itself where a deadline has passed. */
  readonly caller: Caller;
  /** In join order. */
  readonly users: readonly UserEntry[];
  /** The state, with changes that are accepted and not yet committed: the hook's outcome waits for them. */
  readonly state: State;
  /** Version of `state`; it counts within `epoch`. */
  readonly version: number;
  /**
   * Random id of the room's storage; a new one when the storage was emptied. A store that keeps it beside
   * `version` can refuse a save that arrives late: same epoch, lower version.
   */
  readonly epoch: string;
  /** Epoch ms at which the hook is called. */
  readonly now: number;
};

export type HookResult<T> = { readonly ok: T } | { readonly error: string };

type Awaitable<T> = T | Promise<T>;

export type RoomBehaviour<State extends object = JsonObject, Env = unknown> = {
  /**
   * Let a user in or turn them away.
   * `{ ok: meta }` lets them in and keeps `meta` (JSON, at most 4 KiB) in their entry; nothing
   * returned counts as `{ ok: {} }`. `{ error: reason }` refuses with `join_refused` and that reason.
   */
  onJoin?(room: RoomContext<State, Env>, user: User): Awaitable<HookResult<unknown> | void>;
  /** A user has left; it is called once per membership, however it ended. What it throws is logged. */
  onLeave?(room: RoomContext<State, Env>, user: UserEntry): Awaitable<unknown>;
  /**
   * The state a starting room begins with. `room.state` is what the room's own storage has kept.
   * `{ error }` starts the room with `{}`; throwing refuses the start with `load_failed`.
   */
  loadRoomState?(room: RoomContext<State, Env>): Awaitable<HookResult<State>>;
  /**
   * Keep a state somewhere else. Called after changes and before a stop, one call at a time, with the
   * latest state; it is repeated until it neither throws nor answers `{ error }`.
   * A behaviour with this hook owns the truth: a stopped room's own storage is emptied.
   */
  saveRoomState?(
    room: RoomContext<State, Env>,
    state: State,
  ): Awaitable<HookResult<unknown> | void>;
  /** What clients may call by name; see `action`. */
  readonly actions?: Readonly<Record<string, Action<object, Env>>>;

  /** ms without activity after which an empty room stops; 30 minutes if left out. */
  readonly idleTimeout?: number;
  /** ms that a hook, an action or an update function may take; 5,000 if left out. */
  readonly callTimeout?: number;
  /** Users beyond this many get `room_full`; 10,000 if left out, for a room holds them in memory. */
  readonly maxUsers?: number;
  /**
   * ms for which a user whose last socket has gone stays in the room, to come back without hooks being
   * called; 10,000 if left out, 0 to let them leave at once.
   */
  readonly reconnectGrace?: number;
  /** What becomes of the state when the room stops: `keep` (the default) or `drop`. */
  readonly retention?: "keep" | "drop";
  /**
   * `debounce`: ms of quiet before a save, 0 if left out. `maxWait`: the longest a change waits for its
   * save, ten times `debounce` if left out.
   */
  readonly save?: { readonly debounce?: number; readonly maxWait?: number };
  readonly limits?: Partial<Limits>;
};

/** What an action answers: a next state, a result for the caller, both or neither; or a refusal. */
export type ActionAnswer<State extends object> =
  | { readonly state?: State; readonly result?: JsonValue | undefined }
  | { readonly error: string };

/** A named function of a behaviour, and the schema its input must fit. */
export type Action<State extends object = JsonObject, Env = unknown> = {
  readonly schema: StandardSchemaV1;
  // A method, not a property: actions over any state fit one table.
  run(
    room: RoomContext<State, Env>,
    state: State,
    input: unknown,
  ): Awaitable<ActionAnswer<State> | void>;
};

/** Behaviours by name, as `createCollab` takes them. */
export type Behaviours = Readonly<Record<string, RoomBehaviour>>;
