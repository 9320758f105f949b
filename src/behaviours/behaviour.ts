// The contract between a room and its author: hooks, actions and settings, all optional.
//
// `onJoin`, `loadRoomState` and actions run inside the room's turn: while one awaits, the room's next operation waits,
// so it must not call its own room. `onLeave` and `saveRoomState` run outside the turns. A hook returns `{ ok: value }`
// or `{ error: reason }`. It should throw only when something unexpected happens; taking longer than `callTimeout`
// counts as throwing. Everything it needs is in `room`.

import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Caller } from "../protocol/caller.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { Limits } from "../protocol/limits.ts";
import type { PresenceMap } from "../protocol/presence.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { User, UserEntry } from "../protocol/users.ts";

/** The room, as hooks and actions see it. Everything except `env` is frozen. */
export type RoomContext<State extends object = JsonObject, Env = unknown> = {
  /** Room id, 1 to 256 bytes of UTF-8. */
  readonly id: string;
  /** The Worker's bindings. */
  readonly env: Env;
  /** The caller of the operation; the room itself if a timer triggered it. */
  readonly caller: Caller;
  /** The users in the room, in join order. */
  readonly users: readonly UserEntry[];
  /**
   * The state, including accepted changes that are not committed yet. The result of the hook takes effect
   * only if those changes are committed. Reading the state freezes it: see `saveRoomState` for what that costs.
   */
  readonly state: State;
  /** Version of `state`. Versions count within `epoch`. */
  readonly version: number;
  /**
   * Random id of the room's storage. A new one is generated when the storage was emptied or has lost versions. A
   * database that stores `epoch` and `version` can ignore a late save: it has the same epoch and a lower version.
   */
  readonly epoch: string;
  /** Epoch ms at which the hook was called. */
  readonly now: number;
};

/** A scheduled action. */
export type PendingAction = {
  readonly id: string;
  /** Name of the action. */
  readonly name: string;
  /** When it is due, in epoch ms. */
  readonly at: number;
};

/** The room, as actions see it. Its methods fail once the action has ended. */
export type ActionContext<State extends object = JsonObject, Env = unknown> = RoomContext<
  State,
  Env
> & {
  /** Everyone's presence by user id, at the time it is read. */
  readonly presence: PresenceMap;
  /**
   * Send an event to every session. It is sent together with the action's change, or not at all: if the action fails or
   * is refused, or its change cannot be committed, nobody receives it.
   * @param payload JSON, at most `frameBytes`; default: `null`
   * @throws CollabError or RangeError for a name or a payload that is invalid for clients too, and for more than 100
   * events
   */
  broadcast(event: string, payload?: JsonValue): void;
  /**
   * Run an action of this room later; its caller has the door `room`. It is stored together with this action's change,
   * or not at all, and survives eviction and crashes. Its change to the room is made once; its effects outside the room
   * may happen again after a crash. `{ error }` drops it. Other failures are retried with backoff; the tenth drops it.
   * While an action is scheduled, the room does not stop by itself. A requested stop drops it.
   * @param input at most 16 KiB; checked by the action's schema, which must be synchronous, now and when it runs
   * @param at a Date or epoch ms; a time in the past means as soon as possible
   * @returns an id for `cancel`
   * @throws TypeError or RangeError for an unknown action, an invalid input or time, and for more than 1,000 scheduled
   * actions
   */
  schedule(name: string, input: JsonValue, at: Date | number): string;
  /** Cancel a scheduled action. @returns false if none with this id is pending, for example because it has run */
  cancel(id: string): boolean;
  /** The scheduled actions, in order of time. */
  readonly schedules: readonly PendingAction[];
};

/** The result of a hook: `{ ok: value }`, or `{ error: reason }` to refuse. */
export type HookResult<T> = { readonly ok: T } | { readonly error: string };

/** What `onJoin` returns. */
export type JoinResult =
  | { readonly ok: unknown; readonly scopes?: readonly Scope[] }
  | { readonly error: string };

type Awaitable<T> = T | Promise<T>;

/**
 * A kind of room: its hooks, actions and settings. Write one with `defineRoom`.
 * @example
 * ```ts
 * const poll: RoomBehaviour = {
 *   maxUsers: 500,
 *   onJoin: (room, user) => (user.id.startsWith("guest-") ? { error: "members_only" } : { ok: {} }),
 * };
 * ```
 */
export type RoomBehaviour<State extends object = JsonObject, Env = unknown> = {
  /**
   * Accept or refuse a user who wants to join.
   * - `{ ok: meta }` accepts the user and stores `meta` (JSON, at most 4 KiB) in the user's entry. Returning nothing is
   *   the same as `{ ok: {} }`. `scopes` sets what the user's sockets may do while the user is in the room.
   * - `{ error: reason }` refuses: the caller gets `join_refused` with that `reason`.
   * - If it throws, the join fails with `hook_failed`; if it times out, with `call_timeout`.
   */
  onJoin?(room: RoomContext<State, Env>, user: User): Awaitable<JoinResult | void>;
  /**
   * Decide what a user may do. Called after `onJoin` when they join, and each time they open a further socket; not when
   * the room wakes up. Use it if tokens only identify users and you look up their permissions: it overrides all other
   * scopes. Use the `scopes` of `onJoin` for what follows from joining itself, such as a role.
   * - `{ ok: { scopes } }` admits the user with these scopes. Returning nothing leaves the scopes as they are.
   * - `{ error: reason }` refuses: the caller gets `not_authorized` with that `reason`.
   */
  authorize?(
    room: RoomContext<State, Env>,
    user: User,
  ): Awaitable<HookResult<{ readonly scopes: readonly Scope[] }> | void>;
  /**
   * Called when a user has left: once per membership, however it ended, and never again after a crash. An error that it
   * throws is logged.
   */
  onLeave?(room: RoomContext<State, Env>, user: UserEntry): Awaitable<unknown>;
  /**
   * Return the state with which a room starts. `room.state` is the state that the room's own storage has kept, or `{}`
   * if there is none. `{ error }` starts the room with `initialState`. If it throws, times out or returns something
   * that is not a state, the room does not start: the caller gets `load_failed`.
   */
  loadRoomState?(room: RoomContext<State, Env>): Awaitable<HookResult<State>>;
  /**
   * Save the state to your own database. Called after changes and before a stop with the latest state, one call at a
   * time. If it throws, times out or returns `{ error }`, it is retried with backoff (1 s, doubling up to 5 minutes).
   * With this hook your database is the source of truth: when the room stops, its own storage is emptied.
   *
   * The state is passed without a copy: it is frozen, and the next change makes one shallow copy of each object and
   * array that it touches. For an object of 80,000 members that takes about 60 ms, for one of 1,000 less than 1 ms. The
   * cost depends on the number of members of one object, not on the size of the state. After saving a state with n
   * members in one object or array (more than 1,000), the next save therefore starts no earlier than n / 80 ms later,
   * and at once when the room stops.
   */
  saveRoomState?(
    room: RoomContext<State, Env>,
    state: State,
  ): Awaitable<HookResult<unknown> | void>;
  /**
   * The schema of the state: any Standard Schema (zod, valibot, arktype …). A change whose result does not match is
   * refused with `invalid_state` and the issues, no matter who makes it; a state from `loadRoomState` that does not
   * match is `load_failed`. The schema only validates: if it transforms values, the state is not transformed. It must
   * not be asynchronous. Each change is then validated against the whole state; rooms without a schema avoid that cost.
   */
  readonly state?: StandardSchemaV1<unknown, State>;
  /** The state with which a new room starts, if nothing is loaded. Default: `{}`. It must match `state`. */
  readonly initialState?: State;
  /**
   * How clients may change the state. `actions`: only through the room's actions; patches, merges and whole states over
   * HTTP and sockets are `forbidden`, but the Worker's own code may still use them. Default: `all`.
   */
  readonly writes?: "all" | "actions";
  /** Functions that clients may call by name; see `action`. */
  readonly actions?: Readonly<Record<string, Action<object, Env>>>;

  /** ms without activity after which an empty room stops, at least 1. Default: 1,800,000 (30 minutes). */
  readonly idleTimeout?: number;
  /** Time limit in ms for a hook, an action or an update function, from 1 to 25,000. Default: 5,000. */
  readonly callTimeout?: number;
  /**
   * The maximum number of users in the room, from 1 to 100,000: one more gets `room_full`. Default: 10,000. A room
   * holds its users in memory.
   */
  readonly maxUsers?: number;
  /** Sockets beyond this number get `room_full`, and so do streams of changes beyond half of it. Default: 5,000. */
  readonly maxSockets?: number;
  /**
   * The maximum number of users up to which every client hears about every user, from 1 to 100,000. Default: 200. With
   * more users, clients receive the counts and a sample of 32 users; they may watch others. When fewer than three
   * quarters of this number are left, every client hears about every user again.
   */
  readonly presenceLimit?: number;
  /**
   * ms that a user stays in the room after their last socket has closed. If they reconnect in time, neither `onLeave`
   * nor `onJoin` is called. With 0, they leave at once. Default: 10,000.
   */
  readonly reconnectGrace?: number;
  /** The treatment of the state when the room stops. Default: `keep`. */
  readonly retention?: "keep" | "drop";
  /**
   * When `saveRoomState` is called. `debounce`: ms without a change before a save, default 0. `maxWait`: the maximum ms
   * that a change waits for its save, default ten times `debounce`. Saves of very wide states are further apart; see
   * `saveRoomState`.
   */
  readonly save?: { readonly debounce?: number; readonly maxWait?: number };
  /** Limits of the room. Omitted limits have their defaults. */
  readonly limits?: Partial<Limits>;
};

/**
 * The result of an action: `{ state, result }`, both optional, or `{ error: reason }` to refuse. `state` is
 * the next state, `result` (JSON) is sent to the caller.
 *
 * The next state is compared with the previous one. Objects and arrays that both share are skipped, so build it with
 * `{ ...state, changed }` and not with a deep copy. The comparison, and the copy that the room makes because it has
 * passed the previous state to the action, each take one pass over the members of the new objects and arrays: together
 * about 1 ms for 1,000 members, as much as the spread itself. If many clients change an object of tens of thousands of
 * members, split it into several objects, or let them send patches, whose cost depends only on what they change.
 */
export type ActionAnswer<State extends object, Result = JsonValue> =
  | { readonly state?: State; readonly result?: Result | undefined }
  | { readonly error: string };

/**
 * An action of a behaviour: a function and the schema of its input. Write one with `action`. `Input` is what a caller
 * sends, `Result` what it receives.
 */
export type Action<
  State extends object = JsonObject,
  Env = unknown,
  Input = unknown,
  Result = JsonValue,
> = {
  readonly schema: StandardSchemaV1<Input>;
  // A method, not a property: its parameters are bivariant, so actions for any type of state fit into one record.
  run(
    room: ActionContext<State, Env>,
    state: State,
    input: unknown,
  ): Awaitable<ActionAnswer<State, Result> | void>;
};

declare const types: unique symbol;

/** A kind of room that carries the types of its state and its actions: what `defineRoom` returns. */
export type DefinedRoom<State extends object = JsonObject, Actions = unknown> = RoomBehaviour & {
  /** Never present at run time: only types use it. */
  readonly [types]?: { readonly state: State; readonly actions: Actions } | undefined;
};

/**
 * The type of a room's state.
 * @example
 * ```ts
 * type Board = StateOf<typeof board>;
 * ```
 */
export type StateOf<Room extends RoomBehaviour> = TypesOf<Room>["state"];

/** The actions of a room by name. */
export type ActionsOf<Room extends RoomBehaviour> = TypesOf<Room>["actions"];

type Types = { readonly state: object; readonly actions: unknown };

/** The types that the result of `defineRoom` carries; `null` for any other type. */
export type TypesIn<T> = typeof types extends keyof T ? Extract<T[typeof types], Types> : null;

type TypesOf<Room extends RoomBehaviour> = typeof types extends keyof Room
  ? Extract<Room[typeof types], Types>
  : { readonly state: JsonObject; readonly actions: Readonly<Record<string, Action<never>>> };

export type ActionName<Room extends RoomBehaviour> = keyof ActionsOf<Room> & string;

/** An action of any room. */
// oxlint-disable-next-line typescript/no-explicit-any
type AnyAction<Input, Result> = Action<any, any, Input, Result>;

/** The input of an action, as its caller sends it. */
export type InputOf<Room extends RoomBehaviour, Name extends ActionName<Room>> =
  ActionsOf<Room>[Name] extends AnyAction<infer Input, infer _> ? Input : unknown;

/** The result of an action, as its caller receives it. */
export type ResultOf<Room extends RoomBehaviour, Name extends ActionName<Room>> =
  ActionsOf<Room>[Name] extends AnyAction<infer _, infer Result> ? Result : JsonValue;

/** The arguments of a call after the action's name. The input is optional if `{}` is a valid one. */
export type CallOf<Input, Options> = {} extends Input
  ? [input?: Input | undefined, options?: Options]
  : [input: Input, options?: Options];

/** Behaviours by name. A name has 1 to 64 letters, digits, ".", "_" or "-". */
export type Behaviours = Readonly<Record<string, RoomBehaviour>>;
