// The event stream of one client, without a room: keep-alives, and clients that read nothing or disappear.

import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { ChangeReader } from "../../src/cloudflare/change-reader.ts";
import { eventStream, prefersEvents } from "../../src/http/event-stream.ts";
import { EventReader } from "../support/event-reader.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
});

/** A stream, and the room's end of its socket. */
function open(signal = new AbortController().signal) {
  const { 0: client, 1: room } = new WebSocketPair();
  room.accept();
  const sent: unknown[] = [];
  room.addEventListener("message", ({ data }) => void sent.push(data));
  const closed = new Promise<number>((resolve) =>
    room.addEventListener("close", ({ code }) => resolve(code)),
  );
  const { body } = eventStream(new ChangeReader(client), signal, {});
  if (body === null) throw new Error("The response has no body.");
  return { room, sent, closed, events: new EventReader(body) };
}

describe("a stream of events", () => {
  test("[H10] sends a keep-alive every 20 s while nothing happens", async () => {
    const { room, events } = open();
    const next = events.next();
    await vi.advanceTimersByTimeAsync(20_000);
    await vi.advanceTimersByTimeAsync(20_000);
    room.send("change\ne.1\n{}");
    expect(await next).toEqual({ id: "e.1", event: "change", data: "{}" });
    expect(events.received).toBe("retry: 2000\n\n:\n\n:\n\nid: e.1\nevent: change\ndata: {}\n\n");
  });

  test("[H10, L1] answers a mark once the client has read everything before it", async () => {
    const { room, sent, events } = open();
    for (let n = 1; n <= 4; n++) {
      room.send(`change\ne.${n}\n{}`);
      room.send(`mark\n${n}`);
    }
    expect(await events.read()).toMatchObject({ id: "e.1" });
    await expect.poll(() => sent, { timeout: 20_000 }).toContain("mark\n1");
    expect(sent).not.toContain("mark\n3");
    for (let n = 2; n <= 4; n++) expect(await events.read()).toMatchObject({ id: `e.${n}` });
    const next = events.next();
    await expect
      .poll(() => sent, { timeout: 20_000 })
      .toEqual(["mark\n1", "mark\n2", "mark\n3", "mark\n4"]);
    room.close(4291, "too_slow");
    expect(await next).toBeNull();
  });

  test("[H10] drops a client that reads nothing between two keep-alives", async () => {
    const { room, closed } = open();
    for (let n = 1; n <= 3; n++) room.send(`change\ne.${n}\n{}`);
    await vi.advanceTimersByTimeAsync(20_000);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await closed).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("[H10, N3] waits for a slow client as long as it makes progress with a large event", async () => {
    const { room, events } = open();
    const data = `{"state":"${"x".repeat(300_000)}"}`;
    room.send(`state\ne.1\n${data}`);
    // Ten chunks, each of which takes almost until the next keep-alive.
    for (let n = 0; n < 10; n++) {
      await events.more();
      await vi.advanceTimersByTimeAsync(19_000);
    }
    expect(await events.next()).toEqual({ id: "e.1", event: "state", data });
  });

  test("[H10] ends when its client has gone", async () => {
    const client = new AbortController();
    const { closed } = open(client.signal);
    client.abort();
    expect(await closed).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("[H10] ends if its client has gone before it could begin", async () => {
    const { closed } = open(AbortSignal.abort());
    expect(await closed).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([4201, 4291, 1001])(
    "[H10] ends without an event when the socket closes with %i",
    async (code) => {
      const { room, events } = open();
      room.send("change\ne.1\n{}");
      room.close(code, "");
      expect(await events.read()).toMatchObject({ id: "e.1" });
      expect(await events.next()).toBeNull();
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});

test.each<[string | null, boolean]>([
  [null, false],
  ["", false],
  ["*/*", false],
  ["text/*", false],
  ["application/json", false],
  ["text/event-stream", true],
  ["TEXT/Event-Stream ; charset=utf-8", true],
  ["text/event-stream, application/json", true],
  ["application/json;q=0.9, text/event-stream", true],
  ["application/json, text/event-stream;q=0.9", false],
  ["text/event-stream;q=0", false],
  ["text/event-stream;q=one", false],
  ["text/html, text/event-stream;q=0.1, */*", true],
])("[H9, H10] Accept: %s requests events: %s", (accept, expected) => {
  expect(prefersEvents(accept)).toBe(expected);
});
