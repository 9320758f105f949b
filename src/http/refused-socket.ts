// A refusal that a browser can read (rule A10). Browsers hide the response to an upgrade from scripts, so with
// `refuse=close` the socket opens, says why in one message `error`, and closes with a code that says whether to come back.

import { closeCodeOf, type CollabError } from "../protocol/errors.ts";
import { failureMessage, subprotocol } from "../protocol/messages.ts";
import { offeredProtocols } from "./authentication/credentials.ts";

/** Whether a client wants to be refused like this. */
export const wantsClose = ({ url }: Request): boolean =>
  new URL(url).searchParams.get("refuse") === "close";

/** A socket that is refused. */
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
