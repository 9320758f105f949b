// The changes of a room over HTTP: as JSON in pages, and as server-sent events.

import { env } from "cloudflare:workers";
import { describe, expect, onTestFinished, test } from "vitest";
import { collab } from "../fixtures/worker.ts";
import { EventReader } from "../support/event-reader.ts";
import { at, expectEmpty, expectJson, expectProblem, send } from "../support/http.ts";
import { evict, hibernate, newId, redeploy, rooms } from "../support/rooms.ts";

type Page = {
  epoch: string;
  from: number;
  to: number;
  changes: { from: number; to: number; patch: object[] }[];
  more?: true;
};

const get = (
  id: string,
  query: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> => send("GET", at(id, `/changes?${new URLSearchParams(query)}`), { headers });

const page = async (...request: Parameters<typeof get>): Promise<Page> =>
  expectJson<Page>(await get(...request), 200);

/** A running room. */
async function start(): Promise<{ id: string; epoch: string }> {
  const id = newId();
  const { epoch } = await expectJson<{ epoch: string }>(await send("PUT", at(id)), 201);
  return { id, epoch };
}

const merge = async (id: string, json: object): Promise<void> => {
  const type = "application/merge-patch+json";
  await expectJson(await send("PATCH", at(id, "/state"), { json, type }), 200);
};

/** Open an event stream. */
async function follow(
  id: string,
  headers: Readonly<Record<string, string>> = {},
  query = "",
): Promise<EventReader> {
  const request = new Request(`https://rooms.test${at(id, `/changes${query}`)}`, {
    headers: { accept: "text/event-stream", ...headers },
  });
  const response = await collab.app.fetch(request, env);
  expect({ status: response.status, ...Object.fromEntries(response.headers) }).toEqual({
    status: 200,
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-request-id": expect.any(String),
    vary: "accept",
  });
  if (response.body === null) throw new Error("The response has no body.");
  const reader = new EventReader(response.body);
  onTestFinished(() => reader.close());
  return reader;
}

const observersOf = async (id: string): Promise<number> => (await rooms.room(id).info()).sockets;

describe("changes as JSON", () => {
  test("[H9] are those since a version, and lead from it to the current state", async () => {
    const { id, epoch } = await start();
    expect(await page(id, { epoch, since: "0" })).toEqual({ epoch, from: 0, to: 0, changes: [] });
    await merge(id, { a: 1 });
    await merge(id, { b: [2] });
    const first = { from: 0, to: 1, patch: [{ op: "add", path: "/a", value: 1 }] };
    const second = { from: 1, to: 2, patch: [{ op: "add", path: "/b", value: [2] }] };
    expect(await page(id, { epoch, since: "0" })).toEqual({
      epoch,
      from: 0,
      to: 2,
      changes: [first, second],
    });
    expect(await page(id, { epoch, since: "1" })).toEqual({
      epoch,
      from: 1,
      to: 2,
      changes: [second],
    });
    await evict(id);
    expect((await page(id, { epoch, since: "0" })).changes).toEqual([first, second]);
  });

  test("[H9] can start at an event id, which is the state's entity tag and takes precedence", async () => {
    const { id, epoch } = await start();
    await merge(id, { a: 1 });
    const tag = (await send("GET", at(id, "/state"))).headers.get("etag") ?? "";
    await merge(id, { a: 2 });
    const headers = { "last-event-id": tag.replaceAll('"', "") };
    const expected = { epoch, from: 1, to: 2 };
    expect(await page(id, {}, headers)).toMatchObject(expected);
    expect(await page(id, { epoch: "another", since: "9" }, headers)).toMatchObject(expected);
  });

  test("[H9] are returned in pages of a limited size", async () => {
    const { id, epoch } = await start();
    // A large snapshot, so that the journal keeps later changes.
    await merge(id, { fill: "-".repeat(700_000) });
    for (let n = 0; n < 5; n++) await merge(id, { text: String(n).repeat(250_000) });
    const pages: Page[] = [];
    for (let since = 1, more = true; more;) {
      const found = await page(id, { epoch, since: String(since) });
      expect(found.from).toBe(since);
      pages.push(found);
      since = found.to;
      more = found.more === true;
    }
    expect(pages.map(({ changes }) => changes.map(({ to }) => to))).toEqual([[2, 3, 4, 5], [6]]);
  });

  test.each([
    "application/json",
    "*/*",
    "text/html",
    "application/json, text/event-stream;q=0.5",
    "text/event-stream;q=0",
    "",
  ])("[H9] are returned for Accept: %j", async (accept) => {
    const { id, epoch } = await start();
    const response = await get(id, { epoch, since: "0" }, { accept });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("vary")).toBe("accept");
    await expectJson(response, 200);
    await expectEmpty(await send("HEAD", at(id, `/changes?epoch=${epoch}&since=0`)), 200);
  });

  test("[H9, S9] have hostile keys as plain data", async () => {
    const { id, epoch } = await start();
    await merge(id, { fill: "-".repeat(500) });
    const body = '{"__proto__":{"x":1},"constructor":"\\u2028\\n\\r"}';
    await send("PATCH", at(id, "/state"), { body, type: "application/merge-patch+json" });
    const text = await (await get(id, { epoch, since: "0" })).text();
    expect(text).toContain('{"op":"add","path":"/__proto__","value":{"x":1}}');
    expect(text).toContain('"path":"/constructor"');
  });

  test.each<[string, (epoch: string) => Record<string, string>]>([
    ["of another epoch", () => ({ epoch: "another", since: "0" })],
    ["of no epoch", () => ({ epoch: "", since: "0" })],
    ["beyond the head", (epoch) => ({ epoch, since: "2" })],
    ["far beyond the head", (epoch) => ({ epoch, since: "9999999999999999" })],
  ])("[H9] since a version %s get 410", async (_, query) => {
    const { id, epoch } = await start();
    await merge(id, { a: 1 });
    await expectProblem(await get(id, query(epoch)), 410, "changes_gone");
  });

  test("[H9, S10] since a version before the journal get 410", async () => {
    const { id, epoch } = await start();
    for (let n = 0; n < 6; n++) await merge(id, { text: String(n).repeat(200_000) });
    await expectProblem(await get(id, { epoch, since: "0" }), 410, "changes_gone");
    expect((await page(id, { epoch, since: "5" })).to).toBe(6);
  });

  test.each<[string, Record<string, string>, Record<string, string>?]>([
    ["nothing", {}],
    ["since alone", { since: "0" }],
    ["epoch alone", { epoch: "e" }],
    ["since that is no number", { epoch: "e", since: "one" }],
    ["since that is negative", { epoch: "e", since: "-1" }],
    ["since that is half a version", { epoch: "e", since: "1.5" }],
    ["since of 17 digits", { epoch: "e", since: "1".repeat(17) }],
    ["an epoch of 65 characters", { epoch: "e".repeat(65), since: "1" }],
    ["a parameter of its own", { epoch: "e", since: "1", limit: "1" }],
    ["Last-Event-ID without a version", {}, { "last-event-id": "e" }],
    ["Last-Event-ID without an epoch", {}, { "last-event-id": ".1" }],
    ["Last-Event-ID with a negative version", {}, { "last-event-id": "e.-1" }],
    ["Last-Event-ID in quotes", {}, { "last-event-id": '"e.1"' }],
    ["Last-Event-ID with a version of 17 digits", {}, { "last-event-id": `e.${"1".repeat(17)}` }],
  ])("[H9] with %s get 400", async (_, query, headers) => {
    const { id } = await start();
    await expectProblem(await get(id, query, headers), 400, "invalid_request");
    expect(await observersOf(id)).toBe(0);
  });

  test("[H9, R4] of an absent room get 404", async () => {
    const query = { epoch: "e", since: "0" };
    await expectProblem(await get(newId(), query), 404, "room_not_running");
  });
});

describe("changes as events", () => {
  test("[H10] begin with the state, and continue with each change", async () => {
    const { id, epoch } = await start();
    await merge(id, { a: 1 });
    const events = await follow(id);
    expect(await events.read()).toEqual({
      id: `${epoch}.1`,
      event: "state",
      data: { epoch, version: 1, state: { a: 1 } },
    });
    await merge(id, { b: 2 });
    await merge(id, { a: null });
    expect(await events.read()).toEqual({
      id: `${epoch}.2`,
      event: "change",
      data: { from: 1, to: 2, patch: [{ op: "add", path: "/b", value: 2 }] },
    });
    expect(await events.read()).toMatchObject({ id: `${epoch}.3`, data: { from: 2, to: 3 } });
    expect(events.received.startsWith("retry: 2000\n\n")).toBe(true);
  });

  test("[H10] continue after the client's last event, by Last-Event-ID or by since", async () => {
    const { id, epoch } = await start();
    for (let n = 1; n <= 3; n++) await merge(id, { n });
    const back = await follow(id, { "last-event-id": `${epoch}.1` }, "?epoch=other&since=0");
    const asked = await follow(id, {}, `?epoch=${epoch}&since=1`);
    for (const events of [back, asked]) {
      expect(await events.read()).toMatchObject({ event: "change", id: `${epoch}.2` });
      expect(await events.read()).toMatchObject({ event: "change", id: `${epoch}.3` });
    }
    const current = await follow(id, { "last-event-id": `${epoch}.3` });
    await merge(id, { n: 4 });
    for (const events of [back, asked, current])
      expect(await events.read()).toMatchObject({ event: "change", data: { from: 3, to: 4 } });
  });

  test.each(["another.1", "E.2", "E.9007199254740991"])(
    "[H10] begin with a reset for a version that the room does not have: %s",
    async (lastEventId) => {
      const { id, epoch } = await start();
      await merge(id, { a: 1 });
      const events = await follow(id, { "last-event-id": lastEventId.replace("E", epoch) });
      expect(await events.read()).toEqual({
        id: `${epoch}.1`,
        event: "reset",
        data: { epoch, version: 1, state: { a: 1 } },
      });
    },
  );

  test("[H10, R6] continue during hibernation", async () => {
    const { id, epoch } = await start();
    const events = await follow(id);
    await events.read();
    for (let n = 1; n <= 3; n++) {
      await hibernate(id);
      await merge(id, { n });
      expect(await events.read()).toMatchObject({ id: `${epoch}.${n}`, event: "change" });
    }
    expect(await observersOf(id)).toBe(1);
  });

  test("[H10] end when the room's object is lost, and can continue from there", async () => {
    const { id, epoch } = await start();
    const events = await follow(id);
    await events.read();
    await redeploy(id);
    expect(await events.next()).toBeNull();
    await merge(id, { n: 1 });
    const back = await follow(id, { "last-event-id": `${epoch}.0` });
    expect(await back.read()).toMatchObject({ id: `${epoch}.1`, event: "change" });
  });

  test("[H10, R7] end with their own event when the room stops", async () => {
    const { id } = await start();
    const events = await follow(id);
    await events.read();
    await expectEmpty(await send("DELETE", at(id)), 204);
    expect(await events.read()).toEqual({ id: null, event: "stopped", data: {} });
    expect(await events.next()).toBeNull();
    const headers = { accept: "text/event-stream" };
    await expectProblem(await get(id, {}, headers), 404, "room_not_running");
  });

  test("[H10, S9] treat hostile keys and line breaks as plain data", async () => {
    const { id } = await start();
    await merge(id, { fill: "-".repeat(500) });
    const events = await follow(id);
    await events.read();
    const body = '{"__proto__":{"x":1},"a\\nevent: stopped":"\\r\\n\\ndata: {}\\u2028"}';
    await send("PATCH", at(id, "/state"), { body, type: "application/merge-patch+json" });
    const { event, data } = (await events.next()) ?? {};
    expect(event).toBe("change");
    expect(data).toBe(
      '{"from":1,"to":2,"patch":[{"op":"add","path":"/__proto__","value":{"x":1}},' +
        '{"op":"add","path":"/a\\nevent: stopped","value":"\\r\\n\\ndata: {}\u2028"}]}',
    );
  });

  test("[H10] free their socket once the client has gone", async () => {
    const { id } = await start();
    const events = await follow(id);
    await events.read();
    expect(await observersOf(id)).toBe(1);
    await events.close();
    await expect.poll(() => observersOf(id), { timeout: 20_000 }).toBe(0);
  });

  test("[H10, L1] continue for a client that reads, however much there is", async () => {
    const { id } = await start();
    const events = await follow(id);
    await events.read();
    for (let n = 1; n <= 24; n++) {
      await merge(id, { text: String(n % 10).repeat(250_000) });
      expect(await events.read()).toMatchObject({ data: { to: n } });
    }
    expect(await observersOf(id)).toBe(1);
  });

  test("[H10] count neither as users nor as activity", async () => {
    const { id } = await start();
    const before = await rooms.room(id).info();
    const events = await follow(id);
    await events.read();
    expect(await rooms.room(id).info()).toEqual({ ...before, sockets: 1 });
    expect(await rooms.room(id).getUsers()).toEqual([]);
  });

  test("[H10] are opened only by GET, and HEAD returns their headers", async () => {
    const { id } = await start();
    const headers = { accept: "text/event-stream" };
    const request = new Request(`https://rooms.test${at(id, "/changes")}`, {
      method: "HEAD",
      headers,
    });
    const response = await collab.app.fetch(request, env);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    await expectEmpty(response, 200);
    expect(await observersOf(id)).toBe(0);
    await expectProblem(await get(newId(), {}, headers), 404, "room_not_running");
  });

  test.each(["e", "e.x", ".1"])(
    "[H10] with the Last-Event-ID %j get 400 and open nothing",
    async (lastEventId) => {
      const { id } = await start();
      const headers = { accept: "text/event-stream", "last-event-id": lastEventId };
      await expectProblem(await get(id, {}, headers), 400, "invalid_request");
      expect(await observersOf(id)).toBe(0);
    },
  );
});
