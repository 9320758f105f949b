// The inspector's requests, and the token that they wait for.

import { expect, onTestFinished, test, vi } from "vitest";
import { Api } from "../../../web/src/inspector/common/api.ts";

/** A service that takes one token. @returns what it was sent, with which tokens */
function serve(taken: string): string[] {
  const sent: string[] = [];
  vi.stubGlobal("fetch", async (path: string, { headers }: { headers: Record<string, string> }) => {
    sent.push(`${path} ${headers["authorization"]}`);
    return headers["authorization"] === `Bearer ${taken}`
      ? Response.json({ path })
      : Response.json({ code: "token_expired", status: 401 }, { status: 401 });
  });
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  return sent;
}

test("requests whose token was refused wait for one answer, and are sent again with it", async () => {
  const sent = serve("new");
  const answer = Promise.withResolvers<string>();
  const asked: string[] = [];
  const api = new Api("old", ({ code }) => (asked.push(code), answer.promise));
  const both = Promise.all([api.json("/a"), api.json("/b")]);
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  answer.resolve("new");
  expect(await both).toEqual([{ path: "/a" }, { path: "/b" }]);
  expect(asked).toEqual(["token_expired"]);
  expect(sent.slice(2).toSorted()).toEqual(["/a Bearer new", "/b Bearer new"]);
});

test("a request that is given up while it waits is not sent again", async () => {
  const sent = serve("new");
  const answer = Promise.withResolvers<string>();
  const isAsked = Promise.withResolvers<void>();
  const api = new Api("old", () => (isAsked.resolve(), answer.promise));
  const given = new AbortController();
  const request = api.json("/a", { signal: given.signal });
  await isAsked.promise;
  given.abort();
  answer.resolve("new");
  await expect(request).rejects.toThrow(/abort/i);
  expect(sent).toEqual(["/a Bearer old"]);
});
