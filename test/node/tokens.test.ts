// Tokens on a real server with a secret. A real client passes its token as a subprotocol, and renews it on the open
// socket (rules A1, A8).

import { afterAll, beforeAll, expect, test } from "vitest";
import { subprotocol } from "../../src/protocol/messages.ts";
import { outsideClients } from "../support/outside-client.ts";
import { startServer, type Server } from "../support/server.ts";
import { expectFailed, expectOk } from "../support/session.ts";
import { bearer, inSeconds, secret, tokenOf } from "../support/tokens.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer({ vars: { AUTH_SECRET: secret } });
});
afterAll(() => server.stop());

const { connect, refusal } = outsideClients(() => server.url);

const scopes = { "doc-*": ["room:read", "room:write", "room:create"] };
const protocols = async (claims = {}) => [
  subprotocol,
  `bearer.${await tokenOf({ scopes, ...claims })}`,
];

test("[A1, A7, A8] a client joins with a token, writes, renews it, and is disconnected when it expires", async () => {
  const exp = inSeconds(4);
  const ada = await connect("doc-1", { id: "ada" }, { protocols: await protocols({ exp }) });
  expect(ada.welcome.expiresAt).toBe(new Date(exp * 1000).toISOString());
  expectOk(await ada.merge({ a: 1 }));
  const wrong = await tokenOf({ scopes }, `${secret}!`);
  expectFailed(await ada.ask({ type: "auth", token: wrong }), "invalid_token");
  const others = await tokenOf({ sub: "bob", scopes });
  expectFailed(await ada.ask({ type: "auth", token: others }), "invalid_token");
  const later = inSeconds(5);
  const token = await tokenOf({ scopes: { "doc-1": ["room:read"] }, exp: later });
  const reply = expectOk(await ada.ask({ type: "auth", token }));
  expect(reply).toMatchObject({ expiresAt: new Date(later * 1000).toISOString() });
  expectFailed(await ada.merge({ b: 1 }), "forbidden");
  expect(await ada.closed).toEqual({ code: 4109, reason: "token_expired" });
});

test("[A1, A7] nobody joins without a token, or with a token for another room", async () => {
  expect(await refusal("doc-1", { id: "ada" })).toMatchObject({
    status: 401,
    problem: { code: "token_required" },
  });
  expect(await refusal("other", { id: "ada" }, { protocols: await protocols() })).toMatchObject({
    status: 403,
    problem: { code: "forbidden" },
  });
  const response = await fetch(`${server.url}/rooms/other/state`, {
    headers: bearer(await tokenOf({ scopes })),
  });
  expect(response.status).toBe(403);
});
