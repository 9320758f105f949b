// The one request that goes to a room's object by `fetch`: an upgrade. RoomStub makes it anew from what the
// Worker has checked. Nothing of the client's own request is passed on, so none of its headers can say who
// somebody is (rule A5).

import type { Caller } from "../protocol/caller.ts";
import type { ConnectRequest } from "../room/operations/connect-session.ts";

const parameter = "connect";

/** What a session is opened with besides who asks for it: its user and its scopes are those of the caller. */
export type SessionRequest = Omit<ConnectRequest, "user" | "scopes">;

/** Who asks, and the ids of the rooms that wait for the answer. */
type Asking = { readonly caller: Caller; readonly waiting: readonly string[] };

/** The request that asks an object to open a session. */
export const createUpgrade = (request: SessionRequest & Asking): Request => {
  const url = new URL("https://room/socket");
  url.searchParams.set(parameter, JSON.stringify(request));
  return new Request(url, { headers: { upgrade: "websocket" } });
};

/** What such a request asks for. The URL has the user only once, because its length is limited. */
export function readUpgrade({ url }: Request): ConnectRequest & Asking {
  const text = new URL(url).searchParams.get(parameter) ?? "";
  const request = JSON.parse(text) as SessionRequest & Asking;
  const { user, scopes } = request.caller;
  return { ...request, user, scopes };
}
