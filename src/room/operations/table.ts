// All operations. Each operation is one file in this folder. The route or the socket message that offers it names
// it (http/routes/, sessions/message-operations.ts). docs/PERMISSIONS.md is generated from this table.

import type { Operation } from "../operation.ts";
import { broadcast } from "./broadcast.ts";
import { callAction } from "./call-action.ts";
import { changeState } from "./change-state.ts";
import { connectSession } from "./connect-session.ts";
import { getChanges } from "./get-changes.ts";
import { getJournal } from "./get-journal.ts";
import { getPastState } from "./get-past-state.ts";
import { getPresence } from "./get-presence.ts";
import { getRoomInfo } from "./get-room-info.ts";
import { getState } from "./get-state.ts";
import { getUser } from "./get-user.ts";
import { holdPresence } from "./hold-presence.ts";
import { inspectRoom } from "./inspect-room.ts";
import { inspectUsers } from "./inspect-users.ts";
import { isAlive } from "./is-alive.ts";
import { joinRoom } from "./join-room.ts";
import { leaveRoom } from "./leave-room.ts";
import { leaveSession } from "./leave-session.ts";
import { listActions } from "./list-actions.ts";
import { listKicked } from "./list-kicked.ts";
import { listUsers } from "./list-users.ts";
import { observeChanges } from "./observe-changes.ts";
import { renewSession } from "./renew-session.ts";
import { setPresence } from "./set-presence.ts";
import { setScopes } from "./set-scopes.ts";
import { startRoom } from "./start-room.ts";
import { stopRoom } from "./stop-room.ts";
import { touch } from "./touch.ts";
import { traceFrames } from "./trace-frames.ts";
import { updateState } from "./update-state.ts";
import { watchUsers } from "./watch-users.ts";

/** The operations that callers invoke by name over RPC. */
export const operations = {
  broadcast,
  callAction,
  changeState,
  getChanges,
  getJournal,
  getPastState,
  getPresence,
  getRoomInfo,
  getState,
  getUser,
  holdPresence,
  inspectRoom,
  inspectUsers,
  isAlive,
  joinRoom,
  leaveRoom,
  listActions,
  listKicked,
  listUsers,
  setScopes,
  startRoom,
  stopRoom,
  touch,
  updateState,
};

/** The operations that open a socket or concern the calling session. */
export const sessionOperations = {
  connectSession,
  leaveSession,
  observeChanges,
  renewSession,
  setPresence,
  traceFrames,
  watchUsers,
};

type Operations = typeof operations;

export type OperationName = keyof Operations;

/** The name of any operation. */
export type AnyOperationName = OperationName | keyof typeof sessionOperations;

/** An operation's input: plain data, with the application's own JSON as text. */
export type InputOf<Name extends OperationName> =
  Operations[Name] extends Operation<infer Input, infer _> ? Input : never;

/** An operation's output. */
export type OutputOf<Name extends OperationName> =
  Operations[Name] extends Operation<infer _, infer Output> ? Output : never;
