// Keys that are fetched (rule A1): once for many tokens, again for a key that is not known, and not more often than the
// issuer can bear.

import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { readKeys } from "../../src/http/authentication/keys.ts";
import { verifyToken } from "../../src/http/authentication/tokens.ts";
import { pass, useFakeDate } from "../support/fake-date.ts";
import { keyPair } from "../support/tokens.ts";

useFakeDate();

type Pair = Awaited<ReturnType<typeof keyPair>>;

let [first, second] = [{} as Pair, {} as Pair];
let published: Pair[] = [];
const fetched = vi.fn<() => Promise<Response>>();
let verify: (token: string) => Promise<unknown>;

beforeAll(async () => {
  [first, second] = [await keyPair("ES256", "first"), await keyPair("ES256", "second")];
});

beforeEach(() => {
  published = [first];
  fetched.mockReset();
  fetched.mockImplementation(async () => Response.json({ keys: published.map(({ jwk }) => jwk) }));
  vi.stubGlobal("fetch", fetched);
  const keys = readKeys({ AUTH_JWKS_URL: "https://issuer.test/jwks" });
  if (keys === null) throw new Error("There are no keys.");
  verify = (token) => verifyToken(token, keys, {});
  return () => vi.unstubAllGlobals();
});

describe("keys at an address", () => {
  test("[A1] are fetched once for many tokens", async () => {
    for (let n = 0; n < 20; n++)
      expect(await verify(await first.sign())).toMatchObject({ user: { id: "ada" } });
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  test("[A1] are fetched again when a token names one that is not known", async () => {
    await verify(await first.sign());
    published = [first, second];
    pass(31_000);
    await verify(await second.sign());
    await verify(await first.sign());
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test("[A1] are not fetched for each odd key id", async () => {
    await verify(await first.sign());
    for (let n = 0; n < 20; n++)
      await expect(verify(await first.sign({}, { kid: `odd-${n}` }))).rejects.toMatchObject({
        code: "invalid_token",
      });
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  test("[A1] that were withdrawn are not used for longer than ten minutes", async () => {
    await verify(await first.sign());
    published = [second];
    pass(601_000);
    await expect(verify(await first.sign())).rejects.toMatchObject({ code: "invalid_token" });
  });

  test.each<[string, () => Promise<Response>]>([
    ["cannot be reached", () => Promise.reject(new TypeError("secret: no route"))],
    ["answers with an error", async () => new Response("secret", { status: 500 })],
    ["answers with something else", async () => new Response("<html>secret")],
  ])("[A1, A6] of an issuer that %s: try again later", async (_, answer) => {
    fetched.mockImplementation(answer);
    const failure = verify(await first.sign());
    await expect(failure).rejects.toMatchObject({ code: "auth_unavailable", status: 503 });
    await expect(failure).rejects.not.toThrow(/secret/);
  });
});
