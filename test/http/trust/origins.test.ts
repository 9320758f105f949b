// Which pages may use the service (rule A11), and what browsers are told about it (CORS).

import { env as deployed } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { collab } from "../../fixtures/worker.ts";
import { at, expectEmpty, expectJson, expectProblem, send } from "../../support/http.ts";
import { newId } from "../../support/rooms.ts";
import { connect, refusal } from "../../support/socket-client.ts";
import { bearer, secret, tokenOf } from "../../support/tokens.ts";

const own = "https://rooms.test";
const foreign = [
  "https://evil.test",
  "https://rooms.test.evil.test",
  "https://evil.test/rooms.test",
  "http://rooms.test",
  "https://rooms.test:8443",
  "https://xrooms.test",
  "https://ROOMS.test.",
  "null",
];

const withTokens = { AUTH_MODE: undefined, AUTH_SECRET: secret };
const from = (origin: string) => ({ headers: { origin } });
const token = () => tokenOf({ scopes: { "*": ["room:admin"] } });

describe("with authentication off", () => {
  test.each(foreign)(
    "[A11] a page of %s can neither read nor write, nor open a socket",
    async (origin) => {
      const id = newId();
      for (const [method, rest] of [
        ["GET", "/state"],
        ["PUT", ""],
        ["POST", "/users"],
        ["DELETE", ""],
      ] as const) {
        const response = await send(method, at(id, rest), {
          ...from(origin),
          json: method === "GET" ? undefined : {},
        });
        expect(response.headers.has("access-control-allow-origin")).toBe(false);
        await expectProblem(response, 403, "origin_refused");
      }
      expect(await refusal(id, { id: "ada" }, from(origin))).toMatchObject({
        status: 403,
        problem: { code: "origin_refused" },
      });
    },
  );

  test("[A11] pages of the server's own origin can do both, and so can programs that are not pages", async () => {
    const id = newId();
    await expectJson(await send("PUT", at(id), { ...from(own), json: {} }), 201);
    await connect(id, { id: "ada" }, from(own));
    await connect(id, { id: "bob" });
  });
});

// The owner of a name can let it resolve to this machine. Then a page under that name has the server's own origin.
describe("the name of a server with authentication off", () => {
  const ask = (base: string, bindings: object = {}, init: RequestInit = {}) =>
    collab.app.fetch(new Request(`${base}${at(newId())}`, init), { ...deployed, ...bindings });
  const unknown = [
    "http://evil.test:8787",
    "http://evil.test",
    "http://localhost.evil.test",
    "http://127.0.0.1.evil.test:8787",
    "http://evillocalhost",
    "http://localhost.",
  ];

  test.each(unknown)("[A11] %s is refused, with and without an Origin", async (base) => {
    for (const method of ["GET", "PUT", "DELETE"])
      for (const headers of [{ origin: base }, {}])
        await expectProblem(await ask(base, {}, { method, headers }), 403, "origin_refused");
  });

  const known = [
    "http://localhost:8787",
    "http://rooms.localhost:8787",
    "http://127.0.0.1:8787",
    "http://192.168.1.20",
    "http://[::1]:8787",
    "https://rooms.test",
  ];

  test.each(known)("[A11] %s is accepted", async (base) => {
    const { status } = await ask(base, {}, { headers: { origin: base } });
    expect(status).toBe(404);
  });

  test("[A11] is accepted if it is listed, and with tokens", async () => {
    const [base = ""] = unknown;
    expect((await ask(base, { ALLOWED_ORIGINS: base })).status).toBe(404);
    expect((await ask(base, { ALLOWED_ORIGINS: "http://evil.test:8788" })).status).toBe(403);
    const headers = bearer(await token());
    expect((await ask(base, withTokens, { headers })).status).toBe(404);
  });
});

describe("ALLOWED_ORIGINS", () => {
  const env = { ALLOWED_ORIGINS: "https://app.test, http://localhost:5173" };

  test.each(["https://app.test", "http://localhost:5173", own])(
    "[A11] admits pages of %s",
    async (origin) => {
      const response = await send("PUT", at(newId()), { ...from(origin), json: {}, env });
      expect(response.headers.get("vary")).toContain("Origin");
      expect(response.headers.get("access-control-allow-origin")).toBe(
        origin === own ? null : origin,
      );
      await expectJson(response, 201);
    },
  );

  test.each([
    "https://app.test.evil.test",
    "https://sub.app.test",
    "https://app.test:8443",
    "http://app.test",
    "null",
    "",
  ])("[A11] does not admit pages of %j", async (origin) => {
    const response = await send("PUT", at(newId()), { ...from(origin), json: {}, env });
    await expectProblem(response, 403, "origin_refused");
  });

  test("[A11] applies to requests with tokens as well, once it is set", async () => {
    const id = newId();
    const ask = async (origin: string, more = {}) =>
      send("PUT", at(id), {
        headers: { ...bearer(await token()), origin },
        json: {},
        env: { ...withTokens, ...more },
      });
    await expectJson(await ask("https://evil.test"), 201);
    await expectProblem(await ask("https://evil.test", env), 403, "origin_refused");
    await expectJson(await ask("https://app.test", env), 200);
    await expectJson(await ask("https://evil.test", { ALLOWED_ORIGINS: "*" }), 200);
  });

  test("[A11] answers a preflight without a token, and tells a foreign page nothing", async () => {
    const preflight = (origin: string) =>
      send("OPTIONS", at("some", "/state"), {
        headers: { origin, "access-control-request-method": "PATCH" },
        env: { ...withTokens, ...env },
      });
    const allowed = await preflight("https://app.test");
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.test");
    expect(allowed.headers.get("access-control-allow-methods")).toContain("PATCH");
    expect(allowed.headers.get("access-control-allow-headers")).toContain("Authorization");
    await expectEmpty(allowed, 204);
    expect((await preflight("https://evil.test")).headers.has("access-control-allow-origin")).toBe(
      false,
    );
  });
});

test("[A11] all responses forbid content sniffing, framing and referrers", async () => {
  const { headers } = await send("GET", "/healthz");
  expect(Object.fromEntries(headers)).toMatchObject({
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
  });
});
