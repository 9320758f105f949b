// What a test may say of its room and of its clients, and what the room's log says. Types alone: the defaults are where
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
  /** `env` of hooks and actions. Default: `{}`. */
  readonly env?: unknown;
  /** What all that is random comes from: the same seed gives the same run. Default: 1. */
  readonly seed?: number;
  /** Epoch ms at which the clock starts. Default: 2026-01-01. */
  readonly startAt?: number;
  /**
   * What users may do, by id; everybody else may do everything. `null` is for who says only who they are: then `onJoin`
   * and `authorize` of the room decide.
   */
  readonly scopes?: Readonly<Record<string, readonly Scope[] | null>>;
  /** Who a token names. With it, every client needs one. It may throw `CollabError("invalid_token")`. */
  readonly identify?: (token: string) => Identity | Promise<Identity>;
  /** Events after which a run gives up, because it does not come to rest. Default: 100,000. */
  readonly maxEvents?: number;
  /** ms of real time that `settle` waits for a hook that waits for something real. Default: 1,000. */
  readonly patience?: number;
};

/** How a client joins: as with `connectRoom`, but where and who is known. */
export type JoinOptions<P = unknown> = Omit<
  ConnectOptions<P>,
  "url" | "room" | "user" | "environment" | "WebSocket"
>;

/** A line of the room's log. */
export type LogLine = LogFields & { readonly event: LogEvent };
