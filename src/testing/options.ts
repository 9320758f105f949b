// The options for a test's room and its clients, and the lines of the room's log. Only types: the defaults are where
// they are used.

import type { ConnectOptions } from "../client/types.ts";
import type { Identity } from "../protocol/identity.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { LogEvent, LogFields } from "../room/log.ts";

export type TestRoomOptions = {
  /** Name of the behaviour, as in `createCollab({ behaviours })`. Default: `default`. */
  readonly behaviour?: string;
  /** Room id. Default: `test`. */
  readonly id?: string;
  /** `room.env` in hooks and actions. Default: `{}`. */
  readonly env?: unknown;
  /** The source of everything random: the same seed gives the same run. Default: 1. */
  readonly seed?: number;
  /** Epoch ms at which the clock starts. Default: 2026-01-01. */
  readonly startAt?: number;
  /**
   * The scopes of users, by id; all other users may do everything. `null` stands for a token without scopes: then
   * `onJoin` and `authorize` of the room decide.
   */
  readonly scopes?: Readonly<Record<string, readonly Scope[] | null>>;
  /**
   * Returns the user that a token names. With this option, every client needs a token. It may throw
   * `CollabError("invalid_token")`.
   */
  readonly identify?: (token: string) => Identity | Promise<Identity>;
  /** Number of events after which a run that does not settle gives up. Default: 100,000. */
  readonly maxEvents?: number;
  /** Real time in ms that `settle` waits for a hook that waits for something real. Default: 1,000. */
  readonly patience?: number;
};

/** How a client joins: the options of `connectRoom`, except those that the net sets. */
export type JoinOptions<P = unknown> = Omit<
  ConnectOptions<P>,
  "url" | "room" | "user" | "environment" | "WebSocket"
>;

/** A line of the room's log. */
export type LogLine = LogFields & { readonly event: LogEvent };
