// A refusal that a browser can read (rule A10). Browsers hide the response to an upgrade from scripts. So with
// `refuse=close` the socket opens, sends the reason in one `error` message, and closes with a code that says whether to
// reconnect.

import { closeCodeOf, type CollabError } from "../protocol/errors.ts";
import { failureMessage, subprotocol } from "../protocol/messages.ts";
import { offeredProtocols } from "./authentication/credentials.ts";

/** Whether a client has asked to be refused in this way. */
export const wantsClose = ({ url }: Request): boolean =>
  new URL(url).searchParams.get("refuse") === "close";

/** A response that opens a socket only to refuse it. */
export function refusedSocket({ headers }: Request, error: CollabError): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.send(JSON.stringify(failureMessage(undefined, error)));
  server.close(closeCodeOf(error.code), error.code);
  const isOffered = offeredProtocols(headers).includes(subprotocol);
  return new Response(null, {
    status: 101,
    webSocket: client,
    ...(isOffered && { headers: { "sec-websocket-protocol": subprotocol } }),
  });
}
