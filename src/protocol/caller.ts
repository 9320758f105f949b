// Who requests an operation. HTTP, sockets and the Worker's own code create this value, and everything
// below them takes it as an argument: it is the only source of identity. It is plain data, because it
// crosses RPC and is passed to hooks and actions.

import { allScopes, type Scope } from "./scopes.ts";
import type { User } from "./users.ts";

/** How a request arrived. `room`: the room acts on its own, for example when a deadline passes. */
export type Door = "http" | "socket" | "worker" | "room";

export type Caller = {
  readonly door: Door;
  /** `null` for the application's own code and for a request without an identity. */
  readonly user: User | null;
  readonly scopes: readonly Scope[];
  /** Epoch ms at which the caller's rights expire; `null` if they do not expire. */
  readonly expiresAt: number | null;
  /** Id of the session that sent the request; `null` for a caller without a socket. */
  readonly session: string | null;
  /** Id of the HTTP request, as in the header `X-Request-Id` of its response; `null` if there was none. */
  readonly request: string | null;
};

/** The application's own code in the Worker. It has every scope. */
export const workerCaller: Caller = {
  door: "worker",
  user: null,
  scopes: allScopes,
  expiresAt: null,
  session: null,
  request: null,
};

/** The room itself, with every scope. */
export const roomCaller: Caller = { ...workerCaller, door: "room" };
