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

/** Why something was refused: a code of the error table, and what is known of this occurrence. */
export type Problem = {
  readonly code: ErrorCode;
  /** For the developer of the application. */
  readonly detail: string;
  /** What `onJoin`, `authorize` or an action returned as the reason of its refusal. */
  readonly reason?: string;
  readonly issues?: readonly Issue[];
  /** Id of the entry in the service's log that has the cause. */
  readonly instance?: string;
};

/** The state of the connection. */
export type RoomStatus =
  /** The first attempt is under way. */
  | { readonly state: "connecting" }
  | { readonly state: "connected" }
  /** The line is cut. `attempt` counts from 1; it is under way from `nextAt` on, in epoch ms. */
  | {
      readonly state: "reconnecting";
      readonly attempt: number;
      readonly nextAt: number;
      readonly problem: Problem | null;
    }
  /** The browser says that there is no network. */
  | { readonly state: "offline" }
  /** `token` failed, or the service does not accept what it gave. `reconnect()` asks it again. */
  | { readonly state: "needs-token"; readonly problem: Problem | null }
  /** For good, unless the application calls `reconnect()`. `code` is that of the close frame; 1000 after `leave()`. */
  | {
      readonly state: "closed";
      readonly code: number;
      readonly reason: string;
      readonly problem: Problem | null;
    };

/** Whether the room has this client's edits. `oldest` is in epoch ms. */
export type SaveStatus =
  | { readonly state: "saved" }
  /** `count` requests wait for the room's answer. */
  | { readonly state: "saving"; readonly count: number; readonly oldest: number }
  /** They cannot be sent now: there is no connection, or they wait for the application's word (`stale`). */
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
  /** `null` for a user who shows nothing, such as one who joined over HTTP. */
  readonly presence: PresenceFor<P> | null;
};

/** An event that somebody has broadcast. */
export type RoomEvent = {
  readonly event: string;
  readonly payload: JsonValue;
  /** User id of the sender; `null` for one sent over HTTP or by the Worker. */
  readonly from: string | null;
  /** Session id of the sender. */
  readonly session: string | null;
};

/** What became of an edit. */
export type Committed = {
  /** The room's version with it. */
  readonly version: number;
  /** Indexes of the edit's operations that were left out, because others had removed what they were for. */
  readonly dropped: readonly number[];
};

/** An edit under way. */
export type Edit = {
  /**
   * Resolves when the room has stored it. Rejects with a `RoomError` if the room refuses it; then it is no longer
   * in `state`. Rejects, too, when the connection is closed for good; then it is kept, and sent after `reconnect`.
   * Whoever does not look at it misses nothing: a refusal is also the event `refused`.
   */
  readonly committed: Promise<Committed>;
};

/** What undoing or redoing has done. */
export type UndoResult = {
  /** Whether anything has changed. */
  readonly undone: boolean;
  /** How many values stayed as they are, because somebody else has changed them since. */
  readonly skipped: number;
};

/** Edits that wait for the application's word. */
export type StaleEdits = {
  /** `age`: made longer than `maxOfflineAge` ago. `unknown`: sent, and the room no longer knows whether it has them. */
  readonly why: "age" | "unknown";
  readonly count: number;
  /** Epoch ms at which the oldest was made. */
  readonly oldest: number;
  /** Send them now, on top of what others have done since. */
  apply(): void;
  /** Take them back. */
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
  /** A request without an answer of its own has failed: presence, a broadcast, `watch`. */
  problem: { readonly problem: Problem };
  /** Edits wait for the application's word. Without a listener they wait for one. */
  stale: StaleEdits;
  /** A change did not apply to the copy of the state, which is now read anew. Report it: it should not happen. */
  resync: { readonly reason: string };
};

/** What a room shows, frozen; a new one for each frame. */
export type RoomSnapshot<T = JsonObject, P = unknown> = {
  /** `null` before the room has answered for the first time; with `persist`, what an earlier page has left. */
  readonly state: Frozen<StateFor<T>> | null;
  /** The room's version in `state`, without the edits under way. */
  readonly version: number;
  /** `null` before the room has answered for the first time. */
  readonly self: Person<P> | null;
  /** Everybody in the room that this client is told of, in the order in which they joined. */
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
  /** Take back this client's last edit, as far as its values are still its own. */
  undo(): UndoResult;
  redo(): UndoResult;
  /** From here on, edits make one step together, until `resume`: a drag, for example. */
  pause(): void;
  resume(): void;
  /** Run a function whose edits are not undone. */
  ignore<R>(run: () => R): R;
  clear(): void;
};

/** A room, as an application holds it. `T` is its behaviour or its state, `P` what people show of themselves. */
export type Room<T = JsonObject, P = unknown> = {
  readonly id: string;
  /** Resolves when the room has answered for the first time. Rejects with a `RoomError` if it is closed before. */
  readonly ready: Promise<void>;
  /**
   * The state with this client's edits, frozen. What has not changed is the same object as before.
   * @throws Error before there is one, see `getSnapshot`
   */
  readonly state: Frozen<StateFor<T>>;
  /** Oneself. @throws Error before `ready` */
  readonly self: Person<P>;
  /** Everybody that this client is told of, in the order in which they joined. */
  readonly people: readonly Person<P>[];
  /** The same without oneself. */
  readonly others: readonly Person<P>[];
  /** How many there are. In a room of many, `people` are only some of them. */
  readonly counts: PeopleCounts;
  readonly status: RoomStatus;
  readonly saved: SaveStatus;
  /** What this client may do. */
  readonly scopes: readonly Scope[];
  /** Whether this client may do what needs a scope; the scopes that include it count. */
  can(scope: Scope): boolean;
  readonly history: RoomHistory;

  /**
   * Change the state. The change shows at once, and is sent to the room.
   * @param recipe changes the draft that it gets; it runs once. If it throws, nothing has changed.
   * @throws RoomError `forbidden` without the scope, `too_large` for too many operations; Error before there is a state; what
   * the recipe throws
   */
  update(recipe: (draft: Draft<StateFor<T>>) => void): Edit;
  /**
   * Call an action of the room.
   * @param call its input, which may be left out if the action takes `{}`, and options
   * @returns what the action answers
   * @throws RoomError (rejects) if the room or the action refuses; when the connection is closed for good: if it was not
   * carried out by then, it is after `reconnect`
   */
  action<Name extends ActionNameFor<T>>(
    name: Name,
    ...call: ActionCall<T, Name>
  ): Promise<ResultFor<T, Name>>;
  /**
   * Change one's own presence by a merge patch. It is sent at the rate that the room takes, and oneself sees it then; `typing`
   * and `status` are as the room combines them. Without the scope `presence:write` nobody sees it until there is one.
   * @throws RoomError `invalid_presence` for more than 2 KiB
   */
  setPresence(presence: PresenceInput<P>): void;
  /**
   * Send an event to everybody in the room.
   * @param options `echo`: oneself gets it, too
   * @returns resolves when the room has sent it; rejects with a `RoomError`, or without a connection
   */
  broadcast(
    event: string,
    payload?: JsonValue,
    options?: { readonly echo?: boolean },
  ): Promise<void>;
  /** In a room of many, be told of these users at once: up to 64. The list replaces the one before. */
  watch(userIds: readonly string[]): void;

  /** Listen to events of the room. @returns a function that ends it */
  on<Name extends keyof RoomEvents>(
    name: Name,
    listener: (event: RoomEvents[Name]) => void,
  ): () => void;
  /** Be called after each change of what `getSnapshot` returns: once per frame. @returns a function that ends it */
  subscribe(listener: () => void): () => void;
  /** What the room shows now. The same object until something changes. */
  getSnapshot(): RoomSnapshot<T, P>;

  /** Leave the room for good. */
  leave(): void;
  /** Close the connection without leaving: one stays in the room for its grace period. */
  disconnect(): void;
  /**
   * Connect now: after `disconnect`, `closed` or `needs-token`, or before the next attempt is due. After several failures,
   * that is 0.3 s after the last attempt at the soonest.
   */
  reconnect(): void;
};

export type ConnectOptions<P = unknown> = {
  /** Where the service is: `https://rooms.example.com`, or a path of the page's own origin such as `/collab`. */
  readonly url: string;
  /** Room id: 1 to 256 bytes of UTF-8. */
  readonly room: string;
  /** Who joins. With tokens, it adds what the token does not say. */
  readonly user?: User;
  /** Gets a fresh token. It is called for each connection, and before a token expires. */
  readonly token?: () => string | Promise<string>;
  /** The kind of room to start, if the room does not exist. */
  readonly behaviour?: string;
  /** What one shows from the start. */
  readonly presence?: PresenceInput<P>;
  /**
   * `false`: nothing happens before `reconnect()` is called. No socket, timer, storage or listener exists until then,
   * so a room can be made where a page is drawn, and thrown away. Its status is `connecting`. Default: true.
   */
  readonly connect?: boolean;
  /**
   * Keep edits in IndexedDB until the room has them, across reloads. It needs to know whose they are: `true` takes
   * `user.id`; with tokens alone, give the id of the user. What an `optimistic` of an action shows is not kept. If the
   * browser takes nothing, the event `problem` says so, and the room goes on without. Default: false.
   */
  readonly persist?: boolean | string;
  /** ms after which edits that could not be sent wait for the application's word. Default: 300,000. */
  readonly maxOfflineAge?: number;
  /** Whether the browser asks before a page is closed with edits that are neither saved nor kept. Default: true. */
  readonly warnBeforeUnload?: boolean;
  /** The WebSocket to use instead of the global one. */
  readonly WebSocket?: SocketConstructor;
  /** Clock, timers and events of the page; for tests. */
  readonly environment?: Partial<Environment>;
};
