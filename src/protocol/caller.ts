// The caller of an operation. HTTP, sockets and the Worker's own code create this value, and all code below them
// receives it as an argument: it is the only source of identity. It is plain data, because it is passed over RPC and to
// hooks and actions.

import { allScopes, type Scope } from "./scopes.ts";
import type { User } from "./users.ts";

/** How a request arrived. `room`: the room acts on its own, for example because a deadline has passed. */
export type Door = "http" | "socket" | "worker" | "room";

export type Caller = {
  readonly door: Door;
  /** `null` for the application's own code and for a request without an identity. */
  readonly user: User | null;
  /**
   * The scopes of the caller. If `hasOwnScopes` is false, these are the scopes that the room has granted the user through
   * `onJoin`, `authorize` or an administrator, and none before the user has joined.
   */
  readonly scopes: readonly Scope[];
  /** False for a caller who is only identified, for example by a token without scopes. */
  readonly hasOwnScopes: boolean;
  /** Epoch ms at which the caller's rights expire; `null` if they do not expire. */
  readonly expiresAt: number | null;
  /** Id of the session that sent the request; `null` for a caller without a socket. */
  readonly session: string | null;
  /** Id of the HTTP request, as in the `X-Request-Id` header of its response; `null` if there was none. */
  readonly request: string | null;
};

/** Create a caller. Fields that are left out default to "none". */
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
