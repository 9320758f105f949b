// The requests that reach a room's object through `fetch`: upgrades for a session, an observer or a trace. RoomStub
// creates them from values that the Worker has checked. Nothing of the client's own request is passed on, so none of
// its headers can claim an identity (rule A5).

import type { Caller } from "../protocol/caller.ts";
import { connectSession, type ConnectRequest } from "../room/operations/connect-session.ts";
import { observeChanges, type ObserveRequest } from "../room/operations/observe-changes.ts";
import { traceFrames, type TraceRequest } from "../room/operations/trace-frames.ts";
import { outputOf } from "../room/outcome.ts";
import type { SocketPort } from "../room/ports.ts";
import type { Called } from "../room/requests/attempt-once.ts";
import type { Room } from "../room/room.ts";

const parameter = "request";

/** The request for a session. It has no user and no scopes, because those are the caller's. */
export type SessionRequest = Omit<ConnectRequest, "user" | "scopes">;

/** The purpose of a socket. */
export type SocketRequest =
  | ({ readonly kind: "session" } & SessionRequest)
  | ({ readonly kind: "observer" } & ObserveRequest)
  | ({ readonly kind: "trace" } & TraceRequest);

/** The caller, and the ids of the rooms that wait for the answer. */
type Asking = { readonly caller: Caller; readonly waiting: readonly string[] };

export type Upgrade = { readonly request: SocketRequest } & Asking;

/** Create the request that asks an object to open a socket. */
export const createUpgrade = (upgrade: Upgrade): Request => {
  const url = new URL("https://room/socket");
  url.searchParams.set(parameter, JSON.stringify(upgrade));
  return new Request(url, { headers: { upgrade: "websocket" } });
};

/** Read such a request. */
export const readUpgrade = ({ url }: Request): Upgrade =>
  JSON.parse(new URL(url).searchParams.get(parameter) ?? "") as Upgrade;

/**
 * Open the socket that an upgrade asks for.
 * @param accept accepts the socket; called only after all checks have passed
 * @throws CollabError if it is refused
 */
export async function openSocket(
  room: Room,
  { request, caller }: Upgrade,
  accept: () => SocketPort,
): Promise<void> {
  const { outcome } = await open(room, request, caller, accept);
  outputOf(outcome);
}

function open(
  room: Room,
  request: SocketRequest,
  caller: Caller,
  accept: () => SocketPort,
): Promise<Called<void>> {
  switch (request.kind) {
    case "observer":
      return room.call(observeChanges, { ...request, accept }, caller);
    case "trace":
      return room.call(traceFrames, { ...request, accept }, caller);
    case "session": {
      // The URL contains the user only once, in the caller, because its length is limited.
      const { user, scopes } = caller;
      return room.call(connectSession, { ...request, user, scopes, accept }, caller);
    }
    default:
      return request satisfies never;
  }
}
