// Tokens (rules A1, A7): who is admitted, as which user and with which scopes, and every kind of token that must be
// refused.

import { describe, expect, test } from "vitest";
import { at, expectJson, expectProblem, send, untouchable } from "../../support/http.ts";
import { newId, rooms } from "../../support/rooms.ts";
import { bearer, inSeconds, keyPair, secret, tokenOf, unsigned } from "../../support/tokens.ts";

const withSecret = { AUTH_MODE: undefined, AUTH_SECRET: secret };
const { asked, objects } = untouchable();

/** Request a room's users with a token. */
const ask = (id: string, token: string, env: object = withSecret): Promise<Response> =>
  send("GET", at(id, "/users"), { headers: bearer(token), env });

const all = { "*": ["room:admin"] };

/** Check that a token is refused, and that no object is called. */
async function expectRefused(token: string, code: string, env: object = withSecret): Promise<void> {
  const response = await ask("some", token, { ...env, ...objects });
  expect(response.headers.get("www-authenticate")).toMatch(/^Bearer realm="collab-room"/);
  await expectProblem(response, 401, code);
  expect(asked).not.toHaveBeenCalled();
}

async function room(): Promise<string> {
  const id = newId();
  await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  return id;
}

describe("a deployment with a secret", () => {
  test("[A1] admits clients with a token that it has signed", async () => {
    const response = await ask(await room(), await tokenOf({ scopes: all }));
    expect(await expectJson(response, 200)).toEqual({ users: [], total: 0 });
  });

  test("[A1] requires a token, and says how to send it", async () => {
    const response = await send("GET", "/rooms", { env: { ...withSecret, ...objects } });
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="collab-room"');
    await expectProblem(response, 401, "token_required");
  });

  test.each(["token", "access_token", "jwt"])(
    "[A1] refuses a token in the query, as %s",
    async (name) => {
      const token = await tokenOf({ scopes: all });
      const path = `${at("some", "/users")}?${name}=${token}`;
      const response = await send("GET", path, { env: { ...withSecret, ...objects } });
      const { detail } = await expectProblem(response, 401, "token_required");
      expect(detail).toContain("query");
      expect(detail).not.toContain(token);
      expect(asked).not.toHaveBeenCalled();
    },
  );

  test.each(["Basic YWRhOmFkYQ==", "Bearer", "Bearer a b", "Bearer ä", "bearer:x", "x"])(
    "[A1] refuses the header Authorization: %s",
    async (authorization) => {
      const response = await send("GET", "/rooms", {
        headers: { authorization: encodeURI(authorization).replaceAll("%20", " ") },
        env: { ...withSecret, ...objects },
      });
      await expectProblem(response, 401, "invalid_token");
    },
  );

  test("[A1] accepts several secrets at once, so that they can be rotated", async () => {
    const id = await room();
    const next = "another-secret-of-more-than-32-bytes";
    const env = { ...withSecret, AUTH_SECRET: `${next}\n${secret}` };
    for (const key of [secret, next])
      await expectJson(await ask(id, await tokenOf({ scopes: all }, key), env), 200);
    await expectRefused(
      await tokenOf({}, "a-third-secret-of-more-than-32-bytes"),
      "invalid_token",
      env,
    );
  });

  test.each(["short", "x".repeat(31), `${secret} short`])(
    "[A1, A2] refuses all requests if a secret is too short: %s",
    async (AUTH_SECRET) => {
      const response = await ask("some", await tokenOf(), {
        ...withSecret,
        ...objects,
        AUTH_SECRET,
      });
      await expectProblem(response, 503, "auth_not_configured");
      expect(asked).not.toHaveBeenCalled();
    },
  );
});

describe("a token", () => {
  test.each<[string, () => Promise<string> | string, string]>([
    ["that is malformed", () => "abc", "invalid_token"],
    ["of three invalid parts", () => "a.b.c", "invalid_token"],
    ["without a signature", () => unsigned({ scopes: all }), "invalid_token"],
    ["without a signature, as None", () => unsigned({}, { alg: "None" }), "invalid_token"],
    [
      "whose signature was cut off",
      async () => (await tokenOf()).replace(/[^.]*$/, ""),
      "invalid_token",
    ],
    [
      "whose claims were changed",
      async () => {
        const [head = "", , signature = ""] = (await tokenOf()).split(".");
        const [, changed = ""] = (await tokenOf({ scopes: all })).split(".");
        return [head, changed, signature].join(".");
      },
      "invalid_token",
    ],
    ["that was signed with another secret", () => tokenOf({}, `${secret}!`), "invalid_token"],
    ["that has expired", () => tokenOf({ exp: inSeconds(-60) }), "token_expired"],
    ["that is not valid yet", () => tokenOf({ nbf: inSeconds(60) }), "invalid_token"],
    ["without an expiry", () => tokenOf({ exp: undefined }), "invalid_token"],
    [
      "whose expiry is not a time",
      () => tokenOf({ exp: Number.MAX_SAFE_INTEGER }),
      "invalid_token",
    ],
    ["without a user", () => tokenOf({ sub: undefined }), "invalid_token"],
    ["of an empty user", () => tokenOf({ sub: "" }), "invalid_token"],
    ["of a user with an invisible character", () => tokenOf({ sub: "ada\u200b" }), "invalid_token"],
    ["of a user whose id is no text", () => tokenOf({ sub: 7 as never }), "invalid_token"],
    ["of a user whose name is no text", () => tokenOf({ name: { toString: 1 } }), "invalid_token"],
    ["with scopes that are a list", () => tokenOf({ scopes: ["room:admin"] }), "invalid_token"],
    [
      "with a scope that does not exist",
      () => tokenOf({ scopes: { a: ["room:all"] } }),
      "invalid_token",
    ],
    [
      "with a star inside a pattern",
      () => tokenOf({ scopes: { "*-a": ["room:read"] } }),
      "invalid_token",
    ],
    [
      "with a thousand patterns",
      () =>
        tokenOf({
          scopes: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`${n}*`, []])),
        }),
      "invalid_token",
    ],
    [
      "with a pattern that is very long",
      () => tokenOf({ scopes: { [`${"a*".repeat(2000)}`]: [] } }),
      "invalid_token",
    ],
    [
      "with a critical header that nobody knows",
      () => unsigned({}, { alg: "HS256", crit: ["x"], x: 1 }),
      "invalid_token",
    ],
  ])("[A1, A7] %s is refused", async (_, make, code) => {
    await expectRefused(await make(), code);
  });

  test("[A1] may come from a clock that is 30 s ahead or behind", async () => {
    const id = await room();
    for (const more of [{ exp: inSeconds(-20) }, { nbf: inSeconds(20) }])
      await expectJson(await ask(id, await tokenOf({ scopes: all, ...more })), 200);
  });

  test("[A1] must have the issuer and the audience of the deployment, if these are set", async () => {
    const id = await room();
    const env = { ...withSecret, AUTH_ISSUER: "https://issuer.test", AUTH_AUDIENCE: "rooms" };
    const right = { iss: "https://issuer.test", aud: ["other", "rooms"] };
    await expectJson(await ask(id, await tokenOf({ scopes: all, ...right }), env), 200);
    for (const wrong of [
      { iss: "https://issuer.test.evil" },
      { iss: undefined },
      { aud: "room" },
      { aud: undefined },
    ])
      await expectRefused(await tokenOf({ ...right, ...wrong }), "invalid_token", env);
  });

  test.each(["nobody", "../../etc/passwd", "'; DROP TABLE keys; --", "__proto__", ""])(
    "[A1] may name an unusual key id: %j",
    async (kid) => {
      await expectJson(
        await ask(await room(), await tokenOf({ scopes: all }, secret, { kid })),
        200,
      );
      const pair = await keyPair("ES256");
      const env = { AUTH_MODE: undefined, AUTH_JWKS: JSON.stringify({ keys: [pair.jwk] }) };
      if (kid !== "") await expectRefused(await pair.sign({}, { kid }), "invalid_token", env);
    },
  );
});

describe("a deployment with public keys", () => {
  test.each(["RS256", "ES256", "EdDSA"] as const)("[A1] accepts a token with %s", async (alg) => {
    const pair = await keyPair(alg);
    const env = { AUTH_MODE: undefined, AUTH_JWKS: JSON.stringify({ keys: [pair.jwk] }) };
    await expectJson(await ask(await room(), await pair.sign({ scopes: all }), env), 200);
    await expectRefused(await (await keyPair(alg)).sign({ scopes: all }), "invalid_token", env);
    await expectRefused(unsigned({ scopes: all }, { alg, kid: "key-1" }), "invalid_token", env);
  });

  test("[A1] refuses HS256 signed with a public key", async () => {
    const pair = await keyPair("RS256");
    const env = { AUTH_MODE: undefined, AUTH_JWKS: JSON.stringify({ keys: [pair.jwk] }) };
    for (const key of [pair.pem, JSON.stringify(pair.jwk), String(pair.jwk.n)])
      await expectRefused(
        await tokenOf({ scopes: all }, key, { kid: "key-1" }),
        "invalid_token",
        env,
      );
    // Even if it also has a secret.
    const both = { ...env, AUTH_SECRET: secret };
    await expectRefused(await tokenOf({ scopes: all }, pair.pem), "invalid_token", both);
    await expectJson(await ask(await room(), await tokenOf({ scopes: all }), both), 200);
  });

  test("[A1] accepts several keys at once, with and without ids", async () => {
    const pairs = await Promise.all(["a", "b", "c"].map((kid) => keyPair("ES256", kid)));
    const id = await room();
    const named = {
      AUTH_MODE: undefined,
      AUTH_JWKS: JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) }),
    };
    const keys = pairs.map(({ jwk }) => ({ ...jwk, kid: undefined }));
    const unnamed = { AUTH_MODE: undefined, AUTH_JWKS: JSON.stringify({ keys }) };
    for (const { sign } of pairs) {
      await expectJson(await ask(id, await sign({ scopes: all }), named), 200);
      await expectJson(
        await ask(id, await sign({ scopes: all }, { kid: undefined }), unnamed),
        200,
      );
    }
  });

  test.each(["{", "[]", '{"keys":[]}', '{"keys":{}}'])(
    "[A1, A2] refuses all requests if the keys are invalid: %s",
    async (AUTH_JWKS) => {
      const env = { AUTH_MODE: undefined, AUTH_JWKS, ...objects };
      await expectProblem(await ask("some", await tokenOf(), env), 503, "auth_not_configured");
    },
  );

  test.each(["http://keys.test/jwks", "ftp://keys.test", "keys.test"])(
    "[A1, A2] refuses all requests if the keys would come from %s",
    async (AUTH_JWKS_URL) => {
      const env = { AUTH_MODE: undefined, AUTH_JWKS_URL, ...objects };
      await expectProblem(await ask("some", await tokenOf(), env), 503, "auth_not_configured");
    },
  );
});

describe("scopes by pattern", () => {
  test("[A7, A3] apply to the rooms that match, and all matching patterns are combined", async () => {
    const id = `doc-${newId()}`;
    await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    const may = async (scopes: object, method: string, rest: string, json?: unknown) =>
      (
        await send(method, at(id, rest), {
          headers: bearer(await tokenOf({ scopes })),
          env: withSecret,
          json,
        })
      ).status;
    expect(await may({ "doc-*": ["room:read"] }, "GET", "/state")).toBe(200);
    expect(await may({ [id]: ["room:read"] }, "GET", "/state")).toBe(200);
    expect(await may({ "*": ["room:read"] }, "GET", "/state")).toBe(200);
    expect(await may({ "doc-*": ["room:read"] }, "PUT", "/state", {})).toBe(403);
    expect(await may({ "doc-*": ["room:read"], "*": ["room:write"] }, "PUT", "/state", {})).toBe(
      200,
    );
    for (const scopes of [
      {},
      { "do*": [] },
      { doc: ["room:admin"] },
      { "docs-*": ["room:admin"] },
      { "DOC-*": ["room:admin"] },
    ])
      expect(await may(scopes, "GET", "/state")).toBe(403);
  });

  test("[A7] for another room do not apply to this one, however its address is written", async () => {
    const id = newId();
    await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await rooms.room(id).updateState(() => ({ secret: true }));
    const headers = bearer(await tokenOf({ scopes: { mine: ["room:admin"] } }));
    const paths = [
      `/rooms/mine/../${id}/state`,
      `/rooms/mine/%2e%2e/${id}/state`,
      `/rooms/mine%2F..%2F${id}/state`,
      `/rooms/mine%252F..%252F${id}/state`,
      `/rooms/./${id}/state`,
      `/rooms//${id}/state`,
      `/rooms/${id}%00/state`,
      `/rooms/mine;${id}/state`,
      `/rooms/mine/state?id=${id}`,
      `/rooms/mine/state#/../${id}`,
    ];
    for (const path of paths) {
      const response = await send("GET", path, { headers, env: withSecret });
      expect([path, await response.text()]).not.toEqual([path, expect.stringContaining("secret")]);
      expect([path, response.status]).toEqual([path, expect.toSatisfy((status) => status >= 400)]);
    }
  });

  test("[A7, S9] may have any name, which gives no rights by itself", async () => {
    const id = await room();
    const scopes = JSON.parse(
      '{"__proto__":["room:admin"],"constructor":["room:admin"],"toString":["room:admin"]}',
    ) as object;
    await expectProblem(await ask(id, await tokenOf({ scopes })), 403, "forbidden");
    await expectProblem(
      await ask("constructor", await tokenOf({ scopes })),
      404,
      "room_not_running",
    );
    expect({}).not.toHaveProperty("room:admin");
  });

  test("[A7, O3] give access to metrics only with room:admin in every room", async () => {
    const read = async (grants: object) =>
      (
        await send("GET", "/metrics", {
          headers: bearer(await tokenOf({ scopes: grants })),
          env: withSecret,
        })
      ).status;
    expect(await read({ "doc-*": ["room:admin"] })).toBe(403);
    expect(await read({ "*": ["room:write"] })).toBe(403);
    expect(await read({ "*": ["room:admin"] })).toBe(200);
  });

  test("[A7, D1] give access to a list only with room:admin in every room that it may contain", async () => {
    const list = async (scopes: object, query = "") =>
      (
        await send("GET", `/rooms${query}`, {
          headers: bearer(await tokenOf({ scopes })),
          env: withSecret,
        })
      ).status;
    expect(await list({ "*": ["room:admin"] })).toBe(200);
    expect(await list({ "doc-*": ["room:admin"] }, "?prefix=doc-")).toBe(200);
    expect(await list({ "doc-*": ["room:admin"] }, "?prefix=doc-1")).toBe(200);
    expect(await list({ "doc-*": ["room:admin"] }, "?prefix=do")).toBe(403);
    expect(await list({ "doc-*": ["room:admin"] })).toBe(403);
    expect(await list({ "*": ["room:write"] })).toBe(403);
    expect(await list({ "doc-": ["room:admin"] }, "?prefix=doc-")).toBe(403);
  });
});
