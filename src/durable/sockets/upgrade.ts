// The one request that goes to a room's object by `fetch`: an upgrade. RoomClient makes it anew, from
// what the Worker has checked; nothing of the client's own request is passed on, so none of its headers
// can say who somebody is (rule A5).

import type { ConnectRequest } from "../room-process.ts";

const parameter = "connect";

/** The request that asks an object to open a session. */
export const upgradeRequest = (request: ConnectRequest): Request => {
  const url = new URL("https://room/socket");
  url.searchParams.set(parameter, JSON.stringify(request));
  return new Request(url, { headers: { upgrade: "websocket" } });
};

/** What such a request asks for. */
export const connectRequestOf = ({ url }: Request): ConnectRequest =>
  JSON.parse(new URL(url).searchParams.get(parameter) ?? "") as ConnectRequest;
