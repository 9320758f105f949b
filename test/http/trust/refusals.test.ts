// Refusals that a browser can read (rule A10): the socket opens, gives the reason, and closes with the matching code.

import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { subprotocol } from "../../../src/protocol/messages.ts";
import { setScript } from "../../fixtures/scripts.ts";
import { collab } from "../../fixtures/worker.ts";
import { at, expectProblem, send, untouchable } from "../../support/http.ts";
import { newId, rooms } from "../../support/rooms.ts";
import { inSeconds, secret, tokenOf } from "../../support/tokens.ts";

const { asked, objects } = untouchable();
const closed = { ...env, AUTH_MODE: undefined, AUTH_SECRET: secret };

type Told = { readonly message: unknown; readonly code: number; readonly reason: string };

/** Open a socket that is refused. */
async function open(
  query: Record<string, string>,
  { id = newId(), protocols = [subprotocol], bindings = closed as object, headers = {} } = {},
): Promise<Told & { readonly protocol: string | null }> {
  const path = `${at(id, "/socket")}?${new URLSearchParams({ refuse: "close", ...query })}`;
  const request = new Request(`https://rooms.test${path}`, {
    headers: { upgrade: "websocket", "sec-websocket-protocol": protocols.join(", "), ...headers },
  });
  const response = await collab.app.fetch(request, bindings as typeof env);
  expect(response.status).toBe(101);
  const { webSocket } = response;
  const { promise, resolve } = Promise.withResolvers<Told>();
  let message: unknown = null;
  webSocket?.addEventListener("message", ({ data }) => {
    message = JSON.parse(String(data));
  });
  webSocket?.addEventListener("close", ({ code, reason }) => resolve({ message, code, reason }));
  webSocket?.accept();
  return { ...(await promise), protocol: response.headers.get("sec-websocket-protocol") };
}

const withToken = async (claims = {}, key = secret) => ({
  protocols: [subprotocol, `bearer.${await tokenOf(claims, key)}`],
});

describe("with refuse=close", () => {
  test.each<[string, () => Promise<object> | object, string, number]>([
    ["without a token", () => ({}), "token_required", 4101],
    ["with an invalid token", () => withToken({}, `${secret}!`), "invalid_token", 4102],
    ["with an expired token", () => withToken({ exp: inSeconds(-60) }), "token_expired", 4109],
    [
      "from a foreign page",
      async () => ({
        ...(await withToken()),
        headers: { origin: "https://evil.test" },
        bindings: { ...closed, ALLOWED_ORIGINS: "https://app.test" },
      }),
      "origin_refused",
      4004,
    ],
    [
      "of a deployment that is closed",
      () => ({ bindings: { ...closed, AUTH_SECRET: undefined } }),
      "auth_not_configured",
      4200,
    ],
  ])("[A10] a client %s gets the reason, and no object is called", async (_, make, code, close) => {
    const options = (await make()) as { bindings?: object };
    const bindings = { ...(options.bindings ?? closed), ...objects };
    const told = await open({}, { ...options, bindings });
    expect(told).toMatchObject({
      message: { type: "error", code },
      code: close,
      reason: code,
      protocol: subprotocol,
    });
    expect(asked).not.toHaveBeenCalled();
  });

  test("[A10] a client that the room refuses gets the reason as well", async () => {
    const id = newId();
    await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    setScript(id, { onJoin: () => ({ error: "banned" }) });
    const user = JSON.stringify({ id: "ada" });
    expect(await open({ user }, { id, bindings: env })).toMatchObject({
      message: { type: "error", code: "join_refused", reason: "banned" },
      code: 4000,
      reason: "join_refused",
    });
    expect(await open({ user: "{" }, { id, bindings: env })).toMatchObject({
      code: 4400,
      reason: "invalid_user",
    });
    expect(await open({ user, colour: "red" }, { id, bindings: env })).toMatchObject({
      code: 4400,
    });
    expect(await rooms.room(id).getUsers()).toEqual([]);
  });

  test("[A10] a request that is not an upgrade gets its problem as a response", async () => {
    await expectProblem(
      await send("GET", at("some", "/socket?refuse=close")),
      426,
      "upgrade_required",
    );
  });
});

test("[A1] only the protocol is accepted, and not the subprotocol with the token", async () => {
  const id = newId();
  const token = await tokenOf({ scopes: { "*": ["room:read", "room:create"] } });
  const request = new Request(`https://rooms.test${at(id, "/socket")}`, {
    headers: { upgrade: "websocket", "sec-websocket-protocol": `${subprotocol}, bearer.${token}` },
  });
  const response = await collab.app.fetch(request, closed as object as typeof env);
  expect(response.status).toBe(101);
  expect(response.headers.get("sec-websocket-protocol")).toBe(subprotocol);
  response.webSocket?.accept();
  response.webSocket?.close();
});
