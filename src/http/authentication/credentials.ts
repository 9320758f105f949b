// Reads a request's token: from the header `Authorization`, or from a second subprotocol, because a browser's WebSocket
// cannot send custom headers. Never from the URL, which ends up in logs and browser histories.

import { CollabError } from "../../protocol/errors.ts";
import { subprotocol } from "../../protocol/messages.ts";

const bearerProtocol = "bearer.";

/** The subprotocols that a request offers. */
export const offeredProtocols = (headers: Headers): readonly string[] =>
  (headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

/** Whether a text has the syntax of a token (RFC 6750, section 2.1). */
export const isToken = (text: string): boolean => /^[\w.~+/-]+=*$/.test(text);

/** @throws CollabError `token_required`, `invalid_token` */
export function readToken({ headers, url }: Request): string {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const [, token = ""] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (isToken(token)) return token;
    throw new CollabError("invalid_token", {
      detail: "The Authorization header must be `Bearer` followed by a token.",
    });
  }
  const offered = offeredProtocols(headers).filter((name) => name.startsWith(bearerProtocol));
  const [protocol] = offered;
  if (protocol !== undefined && offered.length === 1) return protocol.slice(bearerProtocol.length);
  if (offered.length > 1)
    throw new CollabError("invalid_token", { detail: "Offer only one subprotocol with a token." });
  const hasQuery = ["token", "access_token", "jwt"].some((name) =>
    new URL(url).searchParams.has(name),
  );
  throw new CollabError(
    "token_required",
    hasQuery
      ? {
          detail: `A token in the query is not accepted, because addresses end up in logs. Send it as \`Authorization: Bearer …\`, or offer the subprotocols ${subprotocol} and bearer.….`,
        }
      : {},
  );
}
