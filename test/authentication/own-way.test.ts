// What an application's own `authenticate` returns is checked as a token is (rule A7).

import { afterEach, expect, test, vi } from "vitest";
import type { Identity } from "collab-room";
import type { CollabEnv } from "../../src/cloudflare/env.ts";
import { createAuthentication } from "../../src/http/authentication/authentication.ts";

afterEach(() => vi.restoreAllMocks());

const env = {} as CollabEnv;
const request = new Request("https://rooms.test/rooms/some/state");
const way = (answer: unknown) => createAuthentication(() => answer as Identity);
const ada = { id: "ada" };

test("[A7] an identity is taken as it is, without a field that no identity has", async () => {
  const until = Date.now() + 60_000;
  const answer = { user: ada, scopes: { "doc-*": ["room:read"] }, expiresAt: until, other: 1 };
  const { other: _, ...identity } = answer;
  expect(await way(answer).identify(request, env)).toEqual(identity);
  expect(await way({ user: null }).identify(request, env)).toEqual({ user: null, expiresAt: null });
});

test("[A7] one that has ended is refused", async () => {
  const answer = { user: ada, scopes: [], expiresAt: Date.now() - 1 };
  await expect(way(answer).identify(request, env)).rejects.toMatchObject({
    info: { code: "token_expired" },
  });
});

const wrong = [
  ["nothing", undefined],
  ["no user", { scopes: ["room:admin"] }],
  ["an empty id as the user", { user: "", scopes: ["room:admin"] }],
  ["0 as the user", { user: 0, scopes: ["room:admin"] }],
  ["false as the user", { user: false, scopes: ["room:admin"] }],
  ["null as the scopes", { user: ada, scopes: null }],
  ["an empty text as the scopes", { user: ada, scopes: "" }],
  ["false as the scopes", { user: ada, scopes: false }],
  ["a user without an id", { user: { name: "Ada" } }],
  ["a user with too long a name", { user: { ...ada, name: "a".repeat(10_000) } }],
  ["scopes that are none", { user: ada, scopes: ["admin"] }],
  ["a pattern with a star in its middle", { user: ada, scopes: { "a*b": ["room:read"] } }],
  ["an end that is no time", { user: ada, expiresAt: 1e300 }],
  ["an end as a Date", { user: ada, expiresAt: new Date() }],
] as const;

test.each(wrong)(
  "[A7] %s is a mistake of the application, not of the client",
  async (_, answer) => {
    await expect(way(answer).identify(request, env)).rejects.toBeInstanceOf(TypeError);
  },
);

test.each(wrong)(
  "[A8] on renewal, %s is told to the log, and nothing of it to the client",
  async (_, answer) => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const refusal = way(answer).identifyToken("a.b.c", env);
    await expect(refusal).rejects.toMatchObject({
      info: { code: "internal", instance: expect.any(String) },
    });
    expect(log).toHaveBeenCalledOnce();
    expect(String(log.mock.calls[0])).toContain('"event":"internal"');
  },
);
