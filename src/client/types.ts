// The public types of the client: what `connectRoom` takes, and the room it returns.

import type { ErrorCode, Issue } from "../protocol/errors.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { PeopleCounts } from "../protocol/people.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { User, UserEntry } from "../protocol/users.ts";
import type { Environment, SocketConstructor } from "./environment.ts";
import type {
  ActionCall,
  ActionNameFor,
  Draft,
  Frozen,
  PresenceFor,
  PresenceInput,
  ResultFor,
  StateFor,
} from "./types-for.ts";

export type {
  ActionCall,
  ActionNameFor,
  ActionOptions,
  Draft,
  Frozen,
  InputFor,
  PresenceFor,
  PresenceInput,
  ResultFor,
  StateFor,
} from "./types-for.ts";

/** Why something was refused: a code from the error table, and the details of this occurrence. */
export type Problem = {
  readonly code: ErrorCode;
  /** For the application's developer. */
  readonly detail: string;
  /** The reason for a refusal that `onJoin`, `authorize` or an action returned. */
  readonly reason?: string;
  readonly issues?: readonly Issue[];
  /** Id of the service's log entry with the cause. */
  readonly instance?: string;
};

/** The state of the connection. */
export type RoomStatus =
  /** The first attempt is under way. */
  | { readonly state: "connecting" }
  | { readonly state: "connected" }
  /** The connection is lost. `attempt` counts from 1; that attempt starts at `nextAt`, in epoch ms. */
  | {
      readonly state: "reconnecting";
      readonly attempt: number;
      readonly nextAt: number;
      readonly problem: Problem | null;
    }
  /** The browser reports that there is no network. */
  | { readonly state: "offline" }
  /** `token` failed, or the service does not accept its tokens. `reconnect()` calls it again. */
  | { readonly state: "needs-token"; readonly problem: Problem | null }
  /** Closed until the application calls `reconnect()`. `code` is that of the close frame; 1000 after `leave()`. */
  | {
      readonly state: "closed";
      readonly code: number;
      readonly reason: string;
      readonly problem: Problem | null;
    };

/** Whether the room has stored this client's edits. `oldest` is in epoch ms. */
export type SaveStatus =
  | { readonly state: "saved" }
  /** `count` requests are waiting for the room's answer. */
  | { readonly state: "saving"; readonly count: number; readonly oldest: number }
  /** They cannot be sent now: there is no connection, or they wait for the application's decision (`stale`). */
  | {
      readonly state: "unsaved";
      readonly reason: "disconnected" | "stale" | "closed";
      readonly count: number;
      readonly oldest: number;
    };

/** Somebody in the room. */
export type Person<P = unknown> = {
  /** User id. */
  readonly id: string;
  readonly entry: UserEntry;
  /** `null` for a user without presence, such as one who joined over HTTP. */
  readonly presence: PresenceFor<P> | null;
};

/** An event that somebody has broadcast. */
export type RoomEvent = {
  readonly event: string;
  readonly payload: JsonValue;
  /** User id of the sender; `null` for an event sent over HTTP, by the Worker or by an action. */
  readonly from: string | null;
  /** Session id of the sender. */
  readonly session: string | null;
};

/** The outcome of an edit. */
export type Committed = {
  /** The room's version that includes the edit. */
  readonly version: number;
  /** Indexes of the edit's operations that were dropped, because others had removed their targets. */
  readonly dropped: readonly number[];
};

/** An edit that has been made. */
export type Edit = {
  /**
   * Resolves when the room has stored the edit. Rejects with a `RoomError` if the room refuses it; then it is no
   * longer in `state`. Also rejects when the connection is closed for good; then the edit is kept, and sent after
   * `reconnect`. You can ignore this promise: a refusal also emits the event `refused`.
   */
  readonly committed: Promise<Committed>;
};

/** The result of an undo or redo. */
export type UndoResult = {
  /** Whether anything was changed. */
  readonly undone: boolean;
  /** How many values were left as they are, because somebody else has changed them since. */
  readonly skipped: number;
};

/** Edits that wait for the application's decision. */
export type StaleEdits = {
  /** `age`: made longer than `maxOfflineAge` ago. `unknown`: sent, and the room no longer knows whether it has them. */
  readonly why: "age" | "unknown";
  readonly count: number;
  /** When the oldest was made, in epoch ms. */
  readonly oldest: number;
  /** Send them now, on top of what others have done since. */
  apply(): void;
  /** Discard them. */
  discard(): void;
};

/** The events of a room, by name. */
export type RoomEvents = {
  /** Somebody has broadcast an event. */
  event: RoomEvent;
  status: RoomStatus;
  saved: SaveStatus;
  /** The room has refused an edit, which is no longer in `state`. */
  refused: { readonly problem: Problem };
  /** A request without a promise has failed, such as presence or `watch`; or the browser cannot keep edits. */
  problem: { readonly problem: Problem };
  /** Edits wait for the application's decision. Without a listener, they keep waiting. */
  stale: StaleEdits;
  /** A change did not apply to the client's copy of the state, which is now reloaded. Report it: it should not happen. */
  resync: { readonly reason: string };
};

/** A frozen snapshot of the room; a new one for each frame. */
export type RoomSnapshot<T = JsonObject, P = unknown> = {
  /** `null` before the room has answered for the first time; with `persist`, what an earlier page left. */
  readonly state: Frozen<StateFor<T>> | null;
  /** The room's version of `state`, without pending edits. */
  readonly version: number;
  /** `null` before the room has answered for the first time. */
  readonly self: Person<P> | null;
  /** The users that this client knows of, in the order in which they joined. In a large room, only some of them. */
  readonly people: readonly Person<P>[];
  /** The same without oneself. */
  readonly others: readonly Person<P>[];
  readonly counts: PeopleCounts;
  readonly status: RoomStatus;
  readonly saved: SaveStatus;
  readonly scopes: readonly Scope[];
  readonly history: { readonly canUndo: boolean; readonly canRedo: boolean };
};

export type RoomHistory = {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Undo this client's last step, except for values that others have changed since. */
  undo(): UndoResult;
  redo(): UndoResult;
  /** From now on until `resume`, all edits form one step: those of a drag, for example. */
  pause(): void;
  resume(): void;
  /** Run a function whose edits do not become undo steps. */
  ignore<R>(run: () => R): R;
  clear(): void;
};

/** A room, as an application uses it. `T` is its behaviour or its state, `P` the type of people's presence. */
export type Room<T = JsonObject, P = unknown> = {
  readonly id: string;
  /**
   * Resolves when the room has answered for the first time. Rejects with a `RoomError` if the room is closed before
   * that.
   */
  readonly ready: Promise<void>;
  /**
   * The state including this client's edits, frozen. Unchanged parts are the same objects as before.
   * @throws Error before there is a state; see `getSnapshot`
   */
  readonly state: Frozen<StateFor<T>>;
  /** This client's own user. @throws Error before `ready` */
  readonly self: Person<P>;
  /** The users that this client knows of, in the order in which they joined. */
  readonly people: readonly Person<P>[];
  /** The same without oneself. */
  readonly others: readonly Person<P>[];
  /** The number of users. In a large room, `people` has only some of them. */
  readonly counts: PeopleCounts;
  readonly status: RoomStatus;
  readonly saved: SaveStatus;
  /** The scopes of this client. */
  readonly scopes: readonly Scope[];
  /** Whether this client has a scope, or one that includes it. */
  can(scope: Scope): boolean;
  readonly history: RoomHistory;

  /**
   * Change the state. The change is shown at once and sent to the room.
   * @param recipe changes the draft that it gets; it runs once. If it throws, nothing is changed.
   * @throws RoomError `forbidden` without the scope, `too_large` for too many operations; Error before there is a state; what
   * the recipe throws
   */
  update(recipe: (draft: Draft<StateFor<T>>) => void): Edit;
  /**
   * Call an action of the room.
   * @param call its input, which is optional if the action accepts `{}`, and options
   * @returns the action's result
   * @throws RoomError (rejects) if the room or the action refuses, or when the connection is closed for good; if the
   * action had not been carried out by then, it is after `reconnect`
   */
  action<Name extends ActionNameFor<T>>(
    name: Name,
    ...call: ActionCall<T, Name>
  ): Promise<ResultFor<T, Name>>;
  /**
   * Change this user's presence with a merge patch. It is sent at the rate that the room accepts, and appears in `self`
   * when it is sent; `typing` and `status` are as the room combines them. Without the scope `presence:write`, nobody
   * sees it until the client gets the scope.
   * @throws RoomError `invalid_presence` for more than 2 KiB
   */
  setPresence(presence: PresenceInput<P>): void;
  /**
   * Send an event to everyone else in the room.
   * @param options `echo`: this client receives it, too
   * @returns resolves when the room has sent it; rejects with a `RoomError`, also if there is no connection
   */
  broadcast(
    event: string,
    payload?: JsonValue,
    options?: { readonly echo?: boolean },
  ): Promise<void>;
  /** In a large room, get updates about these users at once: up to 64. The list replaces the previous one. */
  watch(userIds: readonly string[]): void;

  /** Listen to events of the room. @returns a function that removes the listener */
  on<Name extends keyof RoomEvents>(
    name: Name,
    listener: (event: RoomEvents[Name]) => void,
  ): () => void;
  /**
   * Call a listener after each change of what `getSnapshot` returns: once per frame. @returns a function that removes
   * it
   */
  subscribe(listener: () => void): () => void;
  /** The current snapshot. The same object until something changes. */
  getSnapshot(): RoomSnapshot<T, P>;

  /** Leave the room for good. */
  leave(): void;
  /** Close the connection without leaving: the user stays in the room for its grace period. */
  disconnect(): void;
  /**
   * Connect now: after `disconnect`, `closed` or `needs-token`, or before the next attempt is due. After several
   * failures, that is at least 0.3 s after the last attempt.
   */
  reconnect(): void;
};

export type ConnectOptions<P = unknown> = {
  /** Where the service is: `https://rooms.example.com`, or a path of the page's own origin such as `/collab`. */
  readonly url: string;
  /** Room id: 1 to 256 bytes of UTF-8. */
  readonly room: string;
  /** The user who joins. With tokens, it adds what the token leaves out. */
  readonly user?: User;
  /** Returns a fresh token. It is called for each connection, and before a token expires. */
  readonly token?: () => string | Promise<string>;
  /** The kind of room to start, if the room is not running. */
  readonly behaviour?: string;
  /** The initial presence. */
  readonly presence?: PresenceInput<P>;
  /**
   * `false`: nothing happens before `reconnect()` is called. No socket, timer, storage or listener exists until then,
   * so a room can be created during rendering, and discarded. Its status is `connecting`. Default: true.
   */
  readonly connect?: boolean;
  /**
   * Keep edits in IndexedDB until the room has them, across reloads. It needs to know whose they are: `true` uses
   * `user.id`; if you only have tokens, give the user's id. The optimistic changes of an action are not kept. If the
   * browser cannot store anything, the event `problem` says so, and the room works without it. Default: false.
   */
  readonly persist?: boolean | string;
  /** ms after which edits that could not be sent wait for the application's decision. Default: 300,000. */
  readonly maxOfflineAge?: number;
  /** Whether the browser asks before it closes a page with edits that are neither saved nor kept. Default: true. */
  readonly warnBeforeUnload?: boolean;
  /** The WebSocket to use instead of the global one. */
  readonly WebSocket?: SocketConstructor;
  /** Clock, timers and events of the page; for tests. */
  readonly environment?: Partial<Environment>;
};
