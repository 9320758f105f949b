// However a socket ends, its user is away immediately and leaves once, unless they come back in time. The
// room answers every close frame immediately.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { asking, startEnds } from "../support/ends.ts";
import { outsideClients } from "../support/outside-client.ts";
import type { Server } from "../support/server.ts";
import type { Closing, TestSession } from "../support/session.ts";

let server: Server;
beforeAll(async () => {
  server = await startEnds();
});
afterAll(() => server.stop());

const { connect } = outsideClients(() => server.url);
const ask = asking(() => server);

/** Ways to end a socket, and the close code. Without an answer the client would get 1006 after 30 s. */
const ends: [string, (session: TestSession) => Promise<Closing | void>, number][] = [
  ["close()", (session) => session.close(), 1005],
  ["close(1000)", (session) => session.close(1000, "bye"), 1000],
  ["close(1001)", (session) => session.close(1001), 1001],
  ["close(3000)", (session) => session.close(3000), 3000],
  ["close(4000)", (session) => session.close(4000, "x".repeat(123)), 4000],
  ["close(4999)", (session) => session.close(4999), 4999],
  ["a broken connection", (session) => session.terminate(), 1006],
  ["a frame beyond the platform's limit", oversize, 0],
];

/**
 * The platform ends such a socket and notifies the room immediately. Local workerd (2026-11) closes the
 * connection only when the object hibernates, so the test does not wait for that.
 */
async function oversize(session: TestSession): Promise<void> {
  session.sendRaw(JSON.stringify("x".repeat(33 * 1024 * 1024)));
}

const isAway = ({ presence }: TestSession): boolean => presence["ada"]?.status === "away";
const hasLeft = ({ users }: TestSession): boolean => users.every(({ id }) => id !== "ada");

describe.for(ends)("a socket that ends by %s", ([, end, code]) => {
  test("[U8, W4] is answered immediately, and its user is away", async () => {
    const id = await ask.start("patient");
    const bob = await connect(id, { id: "bob" });
    const ada = await connect(id, { id: "ada" });
    const closing = await end(ada);
    if (closing) expect(closing).toMatchObject({ code });
    await bob.until(isAway);
    expect(await ask.users(id)).toEqual(["bob", "ada"]);
    expect(await ask.statuses(id)).toEqual({ bob: "online", ada: "away" });
    expect(await ask.sockets(id)).toBe(1);
    expect(await ask.calls(id)).toEqual(["onJoin bob", "onJoin ada"]);
  });

  test("[U8, U6] makes its user leave once, after the grace period", async () => {
    const id = await ask.start("hasty");
    const bob = await connect(id, { id: "bob" });
    await end(await connect(id, { id: "ada" }));
    await bob.until(hasLeft);
    // Bob's grace period ends last: once he has left, everybody who had to leave has left.
    await end(bob);
    await ask.called(id, "onLeave bob");
    expect((await ask.calls(id)).slice(2)).toEqual(["onLeave ada", "onLeave bob"]);
    expect(await ask.users(id)).toEqual([]);
    expect(await ask.statuses(id)).toEqual({});
  });

  test("[U8, U3] leaves its user in the room until their other socket ends too", async () => {
    const id = await ask.start("hasty");
    const bob = await connect(id, { id: "bob" });
    const tabs = [await connect(id, { id: "ada" }), await connect(id, { id: "ada" })] as const;
    await end(tabs[0]);
    // Cyn's socket ends later and she has left, but ada is still in the room.
    await end(await connect(id, { id: "cyn" }));
    await ask.called(id, "onLeave cyn");
    expect(await ask.statuses(id)).toEqual({ bob: "online", ada: "online" });
    expect(await ask.users(id)).toEqual(["bob", "ada"]);
    await end(tabs[1]);
    await bob.until(hasLeft);
    expect((await ask.calls(id)).filter((call) => call === "onLeave ada")).toHaveLength(1);
  });
});

describe("a removed user", () => {
  test.for([1, 2])("[U8, W4] loses %d sockets with 4001 and is gone immediately", async (tabs) => {
    const id = await ask.start("hasty");
    const bob = await connect(id, { id: "bob" });
    const sessions = await Promise.all(
      Array.from({ length: tabs }, () => connect(id, { id: "ada" })),
    );
    await fetch(`${server.url}/rooms/${id}/users/ada`, { method: "DELETE" });
    for (const { closed } of sessions) expect(await closed).toMatchObject({ code: 4001 });
    await bob.until(hasLeft);
    expect(await ask.statuses(id)).toEqual({ bob: "online" });
    await bob.close();
    await ask.called(id, "onLeave bob");
    expect((await ask.calls(id)).filter((call) => call === "onLeave ada")).toHaveLength(1);
  });
});

describe("a client that disconnects before it has joined", () => {
  /** Connect, and disconnect as soon as the hook was called. */
  async function connectAndLeave(id: string, user: object): Promise<void> {
    const query = new URLSearchParams({ user: JSON.stringify(user), behaviour: "hasty" });
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/rooms/${id}/socket?${query}`);
    socket.on("error", () => {}); // it is closed before it opens
    await ask.called(id, "onJoin ada");
    socket.terminate();
  }

  test("[U8, U2] leaves no user behind while it waits for a hook", async () => {
    const id = await ask.start("hasty");
    const bob = await connect(id, { id: "bob" });
    await connectAndLeave(id, { id: "ada", slow: 500 });
    await ask.called(id, "onLeave ada");
    await bob.until(hasLeft);
    expect(await ask.statuses(id)).toEqual({ bob: "online" });
  });

  test("[U8, R3] leaves no user behind while the room that it starts is being listed", async () => {
    const id = `slow-${crypto.randomUUID()}`;
    await connectAndLeave(id, { id: "ada" });
    await ask.called(id, "onLeave ada");
    expect(await ask.users(id)).toEqual([]);
    expect(await ask.calls(id)).toEqual(["onJoin ada", "onLeave ada"]);
  });
});
