// The one request that goes to a room's object by `fetch`: an upgrade. RoomStub makes it anew from what the
// Worker has checked. Nothing of the client's own request is passed on, so none of its headers can say who
// somebody is (rule A5).

import type { Caller } from "../protocol/caller.ts";
import type { ConnectRequest } from "../room/operations/connect-session.ts";

const parameter = "connect";

export type UpgradeRequest = ConnectRequest & { readonly caller: Caller };

/** The request that asks an object to open a session. */
export const createUpgrade = (request: UpgradeRequest): Request => {
  const url = new URL("https://room/socket");
  url.searchParams.set(parameter, JSON.stringify(request));
  return new Request(url, { headers: { upgrade: "websocket" } });
};

/** What such a request asks for. */
export const readUpgrade = ({ url }: Request): UpgradeRequest =>
  JSON.parse(new URL(url).searchParams.get(parameter) ?? "") as UpgradeRequest;
