// The contract between a room and its author: hooks, actions and settings, all optional.
//
// `onJoin`, `loadRoomState` and actions run inside the room's turn: while one awaits, the room's next operation
// waits, so it must not call its own room. `onLeave` and `saveRoomState` run beside the turns. A hook returns `{ ok: value }` or `{ error: reason }`. It should
// throw only when something unexpected happens; taking longer than `callTimeout` counts as throwing.
// Everything it needs is in `room`.

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
  /** Who requested the operation; the room itself when a deadline has passed. */
  readonly caller: Caller;
  /** The users in the room, in join order. */
  readonly users: readonly UserEntry[];
  /**
   * The state, including accepted changes that are not committed yet. The result of the hook takes effect
   * only if they are committed. Reading it freezes it: see `saveRoomState` for what that costs.
   */
  readonly state: State;
  /** Version of `state`. Versions count within `epoch`. */
  readonly version: number;
  /**
   * Random id of the room's storage. A new one is generated when the storage was emptied or has lost
   * versions. An external store that keeps `epoch` and `version` can ignore a save that arrives late: it has
   * the same epoch and a lower version.
   */
  readonly epoch: string;
  /** Epoch ms at which the hook was called. */
  readonly now: number;
};

/** An action that was asked for later. */
export type PendingAction = {
  readonly id: string;
  /** Of the action. */
  readonly name: string;
  /** Epoch ms it was asked for. */
  readonly at: number;
};

/** The room, as actions see it. Its methods are refused once the action has ended. */
export type ActionContext<State extends object = JsonObject, Env = unknown> = RoomContext<
  State,
  Env
> & {
  /** Everybody's presence by user id, as it is when it is read. */
  readonly presence: PresenceMap;
  /**
   * Send an event to every session. It goes out with what the action has changed, or not at all: if the action
   * fails or is refused, or its change cannot be committed, nobody gets it.
   * @param payload JSON, at most `frameBytes`; `null` if left out
   * @throws CollabError or RangeError for a name or a payload that clients could not send either, and for more than
   * 100 events
   */
  broadcast(event: string, payload?: JsonValue): void;
  /**
   * Run an action of this room later; its caller has the door `room`. It is stored with what this action has
   * changed, or not at all, and survives eviction and crashes. Its change of the room is made once; its
   * effects outside may happen again after a crash. `{ error }` drops it. Other failures are retried with backoff; the
   * tenth drops it. While something is scheduled, the room does not stop by itself. A requested stop drops it.
   * @param input at most 16 KiB; checked by the action's schema, which must be synchronous, now and when it runs
   * @param at a Date or epoch ms; one that has passed means as soon as possible
   * @returns an id for `cancel`
   * @throws TypeError or RangeError for an action, an input or a time that cannot be, and for more than 1,000
   * scheduled actions
   */
  schedule(name: string, input: JsonValue, at: Date | number): string;
  /** Cancel a scheduled action. @returns false if none with this id is pending, for example because it has run */
  cancel(id: string): boolean;
  /** What is scheduled, in order of time. */
  readonly schedules: readonly PendingAction[];
};

/** What a hook returns: `{ ok: value }`, or `{ error: reason }` to refuse. */
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
   * - `{ ok: meta }` accepts the user and stores `meta` (JSON, at most 4 KiB) in the user's entry. Returning
   *   nothing is the same as `{ ok: {} }`. With `scopes` it says what the user's sockets may do, as long as the
   *   user is in the room.
   * - `{ error: reason }` refuses: the caller gets `join_refused` with that `reason`.
   * - Throwing refuses with `hook_failed`, a time-out with `call_timeout`.
   */
  onJoin?(room: RoomContext<State, Env>, user: User): Awaitable<JoinResult | void>;
  /**
   * Say what a user may do. Called after `onJoin` when they join, and each time they open a further socket; not
   * when the room wakes. Use it where tokens say only who somebody is, and rights are looked up: it has the last
   * word on scopes. Use the `scopes` of `onJoin` for what follows from joining itself, such as a role.
   * - `{ ok: { scopes } }` lets the user in with these scopes. Returning nothing leaves them as they are.
   * - `{ error: reason }` refuses: the caller gets `not_authorized` with that `reason`.
   */
  authorize?(
    room: RoomContext<State, Env>,
    user: User,
  ): Awaitable<HookResult<{ readonly scopes: readonly Scope[] }> | void>;
  /**
   * A user has left. Called once per membership, however it ended, and never again after a crash. An error
   * that it throws is logged.
   */
  onLeave?(room: RoomContext<State, Env>, user: UserEntry): Awaitable<unknown>;
  /**
   * Return the state that a starting room begins with. `room.state` is the state that the room's own storage
   * has kept, `{}` if there is none.
   * `{ error }` starts the room with `initialState`. Throwing, a time-out or a value that is not a state refuses the
   * start: the caller gets `load_failed`.
   */
  loadRoomState?(room: RoomContext<State, Env>): Awaitable<HookResult<State>>;
  /**
   * Save the state to an external store. Called after changes and before a stop with the latest state, one
   * call at a time. If it throws, times out or returns `{ error }`, it is retried with backoff (1 s, doubling
   * up to 5 minutes).
   * With this hook the external store is the source of truth: when the room stops, its own storage is emptied.
   *
   * The state is handed over without a copy: it is frozen, and the next change copies each object and array
   * that it touches, once, without what is in them. For one object of 80,000 members that takes about 60 ms,
   * for one of 1,000 less than 1 ms. The cost follows the number of members of one object, not the size of
   * the state. After a state with n members in one object or array (more than 1,000) the next save therefore
   * starts no earlier than n / 80 ms later, and at once when the room stops.
   */
  saveRoomState?(
    room: RoomContext<State, Env>,
    state: State,
  ): Awaitable<HookResult<unknown> | void>;
  /**
   * The schema of the state: any Standard Schema (zod, valibot, arktype …). A change whose result does not fit is
   * refused with `invalid_state` and the issues, whoever asks; a state from `loadRoomState` that does not fit is
   * `load_failed`. Only the verdict counts: a schema that transforms does not transform the state. It must not be
   * asynchronous. Each change then costs a check of the whole state; rooms without a schema do not pay for it.
   */
  readonly state?: StandardSchemaV1<unknown, State>;
  /** The state that a new room begins with, if nothing is loaded. Default: `{}`. It must fit `state`. */
  readonly initialState?: State;
  /**
   * What clients may use to change the state. `actions`: the room's actions alone; patches, merges and whole
   * states over HTTP and sockets are `forbidden`, and the Worker's own code may still use them. Default: `all`.
   */
  readonly writes?: "all" | "actions";
  /** Functions that clients may call by name; see `action`. */
  readonly actions?: Readonly<Record<string, Action<object, Env>>>;

  /** ms without activity after which an empty room stops, from 1. Default: 1,800,000 (30 minutes). */
  readonly idleTimeout?: number;
  /** ms that a hook, an action or an update function may take, from 1 to 25,000. Default: 5,000. */
  readonly callTimeout?: number;
  /**
   * The most users in the room, from 1 to 100,000: one more gets `room_full`. Default: 10,000. A room holds
   * its users in memory.
   */
  readonly maxUsers?: number;
  /** Sockets beyond this many get `room_full`, and streams of changes beyond half of it; 5,000 if left out. */
  readonly maxSockets?: number;
  /**
   * The most users of whom everybody is told, from 1 to 100,000. Default: 200. With more of them, clients are told
   * how many there are, and of a sample of 32; they may watch others. Where fewer than three quarters of it are
   * left, everybody is told of everybody again.
   */
  readonly presenceLimit?: number;
  /**
   * ms that a user stays in the room after their last socket has closed. If they reconnect within it, no hook
   * is called. 0 makes them leave at once. Default: 10,000.
   */
  readonly reconnectGrace?: number;
  /** What happens to the state when the room stops. Default: `keep`. */
  readonly retention?: "keep" | "drop";
  /**
   * When `saveRoomState` is called. `debounce`: ms without a change before a save, default 0. `maxWait`: the
   * most ms that a change waits for its save, default ten times `debounce`. The saves of very wide states are
   * further apart; see `saveRoomState`.
   */
  readonly save?: { readonly debounce?: number; readonly maxWait?: number };
  /** Limits of the room. The ones left out have their defaults. */
  readonly limits?: Partial<Limits>;
};

/**
 * What an action returns: `{ state, result }`, both optional, or `{ error: reason }` to refuse. `state` is
 * the next state, `result` (JSON) is sent to the caller.
 *
 * The next state is compared with the one before. Objects and arrays that both share are skipped, so build
 * it with `{ ...state, changed }` and not with a deep copy. The comparison, and the copy that the room makes
 * because the previous state was handed out, take one pass each over the members of the objects and arrays
 * that are new: together about 1 ms for 1,000 members, as much as the spread itself. If many clients change
 * an object of tens of thousands of members, spread it over several objects, or let them send patches, which
 * cost only what they change.
 */
export type ActionAnswer<State extends object, Result = JsonValue> =
  | { readonly state?: State; readonly result?: Result | undefined }
  | { readonly error: string };

/**
 * An action of a behaviour: a function and the schema of its input. Write one with `action`. `Input` is what a
 * caller sends, `Result` what it gets.
 */
export type Action<
  State extends object = JsonObject,
  Env = unknown,
  Input = unknown,
  Result = JsonValue,
> = {
  readonly schema: StandardSchemaV1<Input>;
  // A method, not a property, so that actions for any type of state fit into one record.
  run(
    room: ActionContext<State, Env>,
    state: State,
    input: unknown,
  ): Awaitable<ActionAnswer<State, Result> | void>;
};

declare const types: unique symbol;

/** A kind of room that remembers the types of its state and of its actions: what `defineRoom` returns. */
export type DefinedRoom<State extends object = JsonObject, Actions = unknown> = RoomBehaviour & {
  /** Never there: only types use it. */
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

/** The types that a behaviour of `defineRoom` remembers; `null` for any other type. */
export type TypesIn<T> = typeof types extends keyof T ? Extract<T[typeof types], Types> : null;

type TypesOf<Room extends RoomBehaviour> = typeof types extends keyof Room
  ? Extract<Room[typeof types], Types>
  : { readonly state: JsonObject; readonly actions: Readonly<Record<string, Action<never>>> };

export type ActionName<Room extends RoomBehaviour> = keyof ActionsOf<Room> & string;

/** An action of any room. */
// oxlint-disable-next-line typescript/no-explicit-any
type AnyAction<Input, Result> = Action<any, any, Input, Result>;

/** What a caller sends to an action. */
export type InputOf<Room extends RoomBehaviour, Name extends ActionName<Room>> =
  ActionsOf<Room>[Name] extends AnyAction<infer Input, infer _> ? Input : unknown;

/** What a caller gets from an action. */
export type ResultOf<Room extends RoomBehaviour, Name extends ActionName<Room>> =
  ActionsOf<Room>[Name] extends AnyAction<infer _, infer Result> ? Result : JsonValue;

/** What a call has behind the name of an action. The input may be left out if `{}` is one. */
export type CallOf<Input, Options> = {} extends Input
  ? [input?: Input | undefined, options?: Options]
  : [input: Input, options?: Options];

/** Behaviours by name. A name has 1 to 64 letters, digits, ".", "_" or "-". */
export type Behaviours = Readonly<Record<string, RoomBehaviour>>;
