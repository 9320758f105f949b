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
  /**
   * What they may do. If `hasOwnScopes` is false, that is what the room has given their user by `onJoin`, `authorize`
   * or an administrator: nothing before they have joined.
   */
  readonly scopes: readonly Scope[];
  /** False for somebody who only says who they are, such as by a token without scopes. */
  readonly hasOwnScopes: boolean;
  /** Epoch ms at which the caller's rights expire; `null` if they do not expire. */
  readonly expiresAt: number | null;
  /** Id of the session that sent the request; `null` for a caller without a socket. */
  readonly session: string | null;
  /** Id of the HTTP request, as in the header `X-Request-Id` of its response; `null` if there was none. */
  readonly request: string | null;
};

/** A caller; what is left out says that there is none. */
export const createCaller = (given: Pick<Caller, "door" | "scopes"> & Partial<Caller>): Caller => ({
  user: null,
  hasOwnScopes: true,
  expiresAt: null,
  session: null,
  request: null,
  ...given,
});

/** The application's own code in the Worker. It has every scope. */
export const workerCaller: Caller = createCaller({ door: "worker", scopes: allScopes });

/** The room itself, with every scope. */
export const roomCaller: Caller = { ...workerCaller, door: "room" };
