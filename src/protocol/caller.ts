// Who asks for an operation. The doors (HTTP, sockets, the Worker's own code) make this value, and
// everything behind them takes it as an argument: nothing else says who somebody is. Plain data: it
// crosses RPC, and hooks and actions see it.

import { allScopes, type Scope } from "./scopes.ts";
import type { User } from "./users.ts";

/** How a request came in. `room`: the room acts by itself, for example when a deadline passes. */
export type Door = "http" | "socket" | "worker" | "room";

export type Caller = {
  readonly door: Door;
  /** `null` for the application itself, and for a request without an identity. */
  readonly user: User | null;
  readonly scopes: readonly Scope[];
  /** Epoch ms after which the caller may no longer ask, `null` if there is no such time. */
  readonly expiresAt: number | null;
  /** Id of the session that asks, `null` for a caller without a socket. */
  readonly session: string | null;
};

/** The application's own code in the Worker: it may do everything. */
export const workerCaller: Caller = {
  door: "worker",
  user: null,
  scopes: allScopes,
  expiresAt: null,
  session: null,
};

/** The room itself. */
export const roomCaller: Caller = { ...workerCaller, door: "room" };
