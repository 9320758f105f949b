// Clients of a deployment with a secret, in Node: each comes with a token.

import type { JsonObject } from "../../../src/protocol/json.ts";
import { subprotocol } from "../../../src/protocol/messages.ts";
import { appClients } from "../app-clients.ts";
import type { ConnectOptions } from "../dial.ts";
import { createSend, type Sent } from "../http-requests.ts";
import type { Refusal } from "../clients.ts";
import type { TestSession } from "../session.ts";
import { bearer, secret, tokenOf } from "../tokens.ts";
import { env } from "./rooms.ts";

/** Bindings of a deployment in which everybody needs a token. */
export const closedEnv = { ...env, AUTH_MODE: "tokens", AUTH_SECRET: secret };

const { connect, refusal } = appClients(closedEnv);

type Claims = Readonly<Record<string, unknown>>;

/** Who comes: the claims of their token; `sub` is `ada` if it is left out. */
const withToken = async (claims: Claims, options: ConnectOptions): Promise<ConnectOptions> => ({
  ...options,
  protocols: [subprotocol, `bearer.${await tokenOf(claims)}`],
});

/** Come into a room with a token. @param user what the query says besides */
export async function come(
  roomId: string,
  claims: Claims,
  user: JsonObject = { id: claims["sub"] as string },
  options: ConnectOptions = {},
): Promise<TestSession> {
  return connect(roomId, user, await withToken(claims, options));
}

/** The same for somebody who is refused. */
export async function refused(
  roomId: string,
  claims: Claims,
  user?: JsonObject,
  options: ConnectOptions = {},
): Promise<Refusal> {
  return refusal(roomId, user, await withToken(claims, options));
}

const send = createSend(closedEnv);

/** Send a request with a token. */
export const sendAs = async (
  claims: Claims,
  method: string,
  path: string,
  sent: Sent = {},
): Promise<Response> =>
  send(method, path, { ...sent, headers: { ...bearer(await tokenOf(claims)), ...sent.headers } });
