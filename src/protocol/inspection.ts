// The parts of a room that only administrators see: the journal with its authors, why the room is awake, its members'
// deadlines and sessions, its actions, and the trace of frames. Times are ISO 8601 in UTC; durations are ms.

import type { Door } from "./caller.ts";
import type { JsonObject } from "./json.ts";
import type { Patch } from "./json-patch.ts";
import type { SaveStatus } from "./rooms.ts";
import type { Scope } from "./scopes.ts";
import type { UserEntry } from "./users.ts";

/** The author of some of the changes in a row of the journal. */
export type ChangeAuthor = {
  /** How the changes arrived; absent for the entry that sums up the remaining authors of a row. */
  readonly door?: Door;
  /** The id of the user; absent for code in the Worker, a server without a user, and the room itself. */
  readonly user?: string;
  /** The id of the session. */
  readonly session?: string;
  /** The name of the action. */
  readonly action?: string;
  /** The number of this author's consecutive changes. */
  readonly changes: number;
};

/** A row of the journal: the changes of one commit window. */
export type JournalRow = {
  readonly from: number;
  readonly to: number;
  /** When it was committed; absent for a row written by an earlier release. */
  readonly at?: string;
  /** In the order of the changes; empty for a row written by an earlier release. */
  readonly authors: readonly ChangeAuthor[];
  /** Size of the patch, as JSON in UTF-8. */
  readonly bytes: number;
  /** `null` if it cannot be read. */
  readonly patch: Patch | null;
};

export type JournalPage = {
  readonly epoch: string;
  /** The version of the state. */
  readonly version: number;
  /** The earliest version whose state can be read. */
  readonly start: number;
  /** Newest first. */
  readonly rows: readonly JournalRow[];
  /** The `upTo` of the next page; absent on the last one. */
  readonly next?: number;
};

/** The state at an earlier version. */
export type PastState = {
  readonly epoch: string;
  readonly version: number;
  readonly state: JsonObject;
};

/** A reason why a room keeps running, or stays in memory. */
export type Reason = {
  /**
   * Running: `users`, `schedules` (scheduled actions), `idle` (the room is empty and waits for its idle stop),
   * `stopping` (a requested stop waits for a save). In memory: `turn` (a turn is running), `waiting` (turns are waiting),
   * `call` (the author's code is running), `leaving` (`onLeave` is running or waiting), `saving`, `flush` (messages wait
   * for the end of a window), `news` (typing expires, or new counts are due), `directory` (the directory is being
   * updated), `usage` (counts are about to be written).
   */
  readonly why: string;
  /** How many there are; 1 for `turn`. */
  readonly count?: number;
  /** For a call: the hook or action. */
  readonly what?: string;
  readonly since?: string;
  /** When it ends by itself. */
  readonly until?: string;
};

/** A stored timer, which wakes the room. */
export type TimerInfo = {
  /**
   * `idle`: stop the empty room. `lease`, `grace`, `presence`: deadlines of members. `liveness`: look for dead sockets.
   * `expiry`: end sessions whose tokens have expired. `schedule`: run an action. `save`: save, or retry. `directory`:
   * update the directory, or retry.
   */
  readonly name: string;
  readonly at: string;
  /** Failed attempts so far. */
  readonly attempts: number;
};

export type SaveInfo = SaveStatus & {
  /** Why the last save failed, if the hook returned a reason. */
  readonly reason?: string;
  /** The id of the log entry with the error that the hook threw. */
  readonly instance?: string;
  /** Time of the last successful save; absent if there was none since the room woke. */
  readonly savedAt?: string;
  /** Time of the first failed save since the last success; absent if that was before the room woke. */
  readonly failingSince?: string;
  /** Failed saves since the last success. */
  readonly attempts: number;
  /** When the next save is due, if one is pending. */
  readonly dueAt?: string;
};

/** A running room, as operators see it. */
export type RoomInspection = {
  readonly id: string;
  readonly behaviour: string;
  readonly writes: "all" | "actions";
  readonly epoch: string;
  readonly version: number;
  readonly state: { readonly bytes: number; readonly limit: number };
  /** The number of stored rows, from version `start` on, and the total size of their patches. */
  readonly journal: { readonly start: number; readonly rows: number; readonly bytes: number };
  readonly users: { readonly count: number; readonly limit: number; readonly kickedOut: number };
  readonly sockets: {
    readonly sessions: number;
    readonly streams: number;
    readonly traces: number;
    readonly limit: number;
  };
  readonly createdAt: string;
  readonly lastActivityAt: string;
  readonly idleTimeout: number;
  /** When the room was loaded into memory. */
  readonly wokeAt: string;
  /** Why the room does not stop. */
  readonly running: readonly Reason[];
  /** Why the room does not sleep; empty if nothing but this request keeps it awake. */
  readonly awake: readonly Reason[];
  /** When the alarm fires, and for which timer; absent if no alarm is set. */
  readonly alarm?: { readonly at: string; readonly for: string };
  /** Earliest first. */
  readonly timers: readonly TimerInfo[];
  readonly save: SaveInfo;
};

export type SessionInspection = {
  readonly id: string;
  /** The client's own name. */
  readonly client?: string;
  readonly state: "joining" | "live" | "restarting" | "ended";
  readonly scopes: readonly Scope[];
  /** Absent for a session opened by an earlier release. */
  readonly openedAt?: string;
  readonly heardAt: string;
  /** When its token expires; absent if it does not. */
  readonly expiresAt?: string;
  /** Characters that were sent but not acknowledged. */
  readonly unread: number;
};

export type UserInspection = {
  readonly id: string;
  /** Absent for a user who is not in the room but only kept out of it. */
  readonly user?: UserEntry;
  readonly sessions: readonly SessionInspection[];
  /** The scopes that the room has granted them; absent if each session has the scopes of its token. */
  readonly scopes?: readonly Scope[];
  /** When they leave unless they open a socket: the end of the grace period. */
  readonly graceUntil?: string;
  /** When they leave without a sign of life. */
  readonly leaseUntil?: string;
  /** Until when a server holds presence for them. */
  readonly presenceUntil?: string;
  /** When they may join again. */
  readonly kickedUntil?: string;
};

export type UserInspectionPage = {
  readonly users: readonly UserInspection[];
  /** Number of all users in the room. */
  readonly total: number;
  readonly cursor?: string;
};

/** A user who is kept out. */
export type KickInfo = { readonly userId: string; readonly until: string };

export type ActionInfo = {
  readonly name: string;
  /** The description in its schema. */
  readonly description?: string;
  /** The JSON Schema (2020-12) of its input; `null` if the schema library does not provide one. */
  readonly input: JsonObject | null;
};

export type ActionList = {
  readonly behaviour: string;
  readonly writes: "all" | "actions";
  /** The JSON Schema of the state; `null` if there is none, or the schema library does not provide it. */
  readonly state: JsonObject | null;
  readonly actions: readonly ActionInfo[];
};

/** Which frames a trace reports. Members that are left out select everything. */
export type TraceFilter = {
  readonly session?: string | undefined;
  readonly user?: string | undefined;
  /** Frames that contain a message of this type. */
  readonly type?: string | undefined;
};

/** A frame in a trace: the event `frame`. */
export type TracedFrame = {
  readonly at: string;
  readonly direction: "in" | "out";
  readonly session: string;
  readonly user: string;
  /** The types of its messages, in order; `?` for an unknown type. Empty for a frame that was not parsed. */
  readonly types: readonly string[];
  /** Size of the whole frame in UTF-8. */
  readonly bytes: number;
  /** Its text without tokens; `null` if it was not parsed: it is binary, not JSON, or too large for the room. */
  readonly text: string | null;
  /** Whether the text was cut off. */
  readonly isCut?: true;
};

/** A session that has ended: the event `closed`. */
export type TracedClose = {
  readonly at: string;
  readonly session: string;
  readonly user: string;
  readonly code: number;
  readonly reason: string;
};

/** Frames that were skipped because the reader was too slow: the event `dropped`. */
export type TracedDrop = { readonly at: string; readonly frames: number };
