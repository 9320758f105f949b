// What an administrator sees of a room beyond what its users see: the journal with its authors, why the room is awake,
// its members' deadlines and sessions, its actions, and the trace of frames. Times are ISO 8601 in UTC; durations are ms.

import type { Door } from "./caller.ts";
import type { JsonObject } from "./json.ts";
import type { Patch } from "./json-patch.ts";
import type { SaveStatus } from "./rooms.ts";
import type { Scope } from "./scopes.ts";
import type { UserEntry } from "./users.ts";

/** Who has made some of the changes of a row of the journal. */
export type ChangeAuthor = {
  /** How they came; absent for the rest of a row that has more authors than it names. */
  readonly door?: Door;
  /** The id of the user; absent for code in the Worker, a server without a user, and the room itself. */
  readonly user?: string;
  /** The id of the session. */
  readonly session?: string;
  /** The name of the action. */
  readonly action?: string;
  /** How many changes in a row are theirs. */
  readonly changes: number;
};

/** A row of the journal: the changes of one commit window. */
export type JournalRow = {
  readonly from: number;
  readonly to: number;
  /** When it was committed; absent for a row that an earlier release has written. */
  readonly at?: string;
  /** In the order of the changes; empty for a row that an earlier release has written. */
  readonly authors: readonly ChangeAuthor[];
  /** Of the patch, as JSON in UTF-8. */
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

/** The state as it was at a version. */
export type PastState = {
  readonly epoch: string;
  readonly version: number;
  readonly state: JsonObject;
};

/** What keeps a room running, or in memory. */
export type Reason = {
  /**
   * Running: `users`, `schedules` (actions for later), `idle` (nobody is there, and it waits for its idle stop),
   * `stopping` (a requested stop waits for a save). In memory: `turn` (it is at work), `waiting` (turns wait), `call` (the
   * author's code runs), `leaving` (`onLeave` runs or waits), `saving`, `flush` (messages wait for the end of a
   * window), `news` (typing lapses, or counts may be told again), `directory` (it is being told).
   */
  readonly why: string;
  /** How many; of `turn` 1. */
  readonly count?: number;
  /** Of a call: the hook or action. */
  readonly what?: string;
  readonly since?: string;
  /** When it is over by itself. */
  readonly until?: string;
};

/** A stored timer: it wakes the room. */
export type TimerInfo = {
  /**
   * `idle`: stop the empty room. `lease`, `grace`, `presence`: of members. `liveness`: look for dead sockets. `expiry`:
   * end sessions whose tokens have expired. `schedule`: run an action. `save`: save, or try again. `directory`: tell
   * the directory, or try again.
   */
  readonly name: string;
  readonly at: string;
  /** Tries that have failed so far. */
  readonly attempts: number;
};

export type SaveInfo = SaveStatus & {
  /** Why the last save failed, if the hook has said so. */
  readonly reason?: string;
  /** The entry of the log that has the rest. */
  readonly instance?: string;
  /** Of the last save that succeeded; absent if the room has not saved since it woke. */
  readonly savedAt?: string;
  /** Of the first save that failed since one succeeded; absent if that was before the room woke. */
  readonly failingSince?: string;
  /** Saves that have failed since one succeeded. */
  readonly attempts: number;
  /** When the next save is due, if one waits. */
  readonly dueAt?: string;
};

/** A running room as its operators see it. */
export type RoomInspection = {
  readonly id: string;
  readonly behaviour: string;
  readonly writes: "all" | "actions";
  readonly epoch: string;
  readonly version: number;
  readonly state: { readonly bytes: number; readonly limit: number };
  /** Rows that are stored, from version `start` on, and the bytes of their patches. */
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
  /** Since when this instance is in memory. */
  readonly wokeAt: string;
  /** Why the room runs and does not stop. */
  readonly running: readonly Reason[];
  /** Why it is in memory and does not sleep; empty if nothing but this request keeps it there. */
  readonly awake: readonly Reason[];
  /** When the alarm wakes it, and the timer that it is for; absent if nothing does. */
  readonly alarm?: { readonly at: string; readonly for: string };
  /** Soonest first. */
  readonly timers: readonly TimerInfo[];
  readonly save: SaveInfo;
};

export type SessionInspection = {
  readonly id: string;
  /** The name that its client has given itself. */
  readonly client?: string;
  readonly state: "joining" | "live" | "restarting" | "ended";
  readonly scopes: readonly Scope[];
  /** Absent for a session that an earlier release has opened. */
  readonly openedAt?: string;
  readonly heardAt: string;
  /** When its token expires; absent for never. */
  readonly expiresAt?: string;
  /** Characters that were sent and not acknowledged. */
  readonly unread: number;
};

export type UserInspection = {
  readonly id: string;
  /** Absent for somebody who is not in the room, and only kept out of it. */
  readonly user?: UserEntry;
  readonly sessions: readonly SessionInspection[];
  /** What the room has given them; absent if each session has the scopes of its token. */
  readonly scopes?: readonly Scope[];
  /** When they leave unless a socket opens: the end of the grace period. */
  readonly graceUntil?: string;
  /** When they leave without a sign of life. */
  readonly leaseUntil?: string;
  /** Until when a server holds presence for them. */
  readonly presenceUntil?: string;
  /** Until when they are kept out. */
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
  /** What its schema says of itself. */
  readonly description?: string;
  /** The JSON Schema (2020-12) of its input; `null` if its library does not tell it. */
  readonly input: JsonObject | null;
};

export type ActionList = {
  readonly behaviour: string;
  readonly writes: "all" | "actions";
  /** The JSON Schema of the state; `null` if there is none, or its library does not tell it. */
  readonly state: JsonObject | null;
  readonly actions: readonly ActionInfo[];
};

/** Which frames a trace tells. What is left out selects everything. */
export type TraceFilter = {
  readonly session?: string | undefined;
  readonly user?: string | undefined;
  /** Frames that have a message of this type. */
  readonly type?: string | undefined;
};

/** What a trace tells, as an event `frame`. */
export type TracedFrame = {
  readonly at: string;
  readonly direction: "in" | "out";
  readonly session: string;
  readonly user: string;
  /** Of its messages, in order; `?` for one that is of no known type. Of a frame that was not looked into, none. */
  readonly types: readonly string[];
  /** Of the whole frame in UTF-8. */
  readonly bytes: number;
  /** Its text without tokens; `null` if it was not looked into: binary, no JSON, or too large for the room. */
  readonly text: string | null;
  /** Whether the text is only the start of it. */
  readonly isCut?: true;
};

/** A session that has ended, as an event `closed`. */
export type TracedClose = {
  readonly at: string;
  readonly session: string;
  readonly user: string;
  readonly code: number;
  readonly reason: string;
};

/** Frames that the reader was too slow for, as an event `dropped`. */
export type TracedDrop = { readonly at: string; readonly frames: number };
