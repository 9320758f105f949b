// However a socket ends, one path sees to its user: they are away at once, and leave once, when they
// have not come back. What a client says is answered at once.

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

/** Without an answer to its close, the client would cut the line after 30 s, with 1006. */
const ends: [string, (session: TestSession) => Promise<Closing | void>, number][] = [
  ["close()", (session) => session.close(), 1005],
  ["close(1000)", (session) => session.close(1000, "bye"), 1000],
  ["close(1001)", (session) => session.close(1001), 1001],
  ["close(3000)", (session) => session.close(3000), 3000],
  ["close(4000)", (session) => session.close(4000, "x".repeat(123)), 4000],
  ["close(4999)", (session) => session.close(4999), 4999],
  ["a cut line", (session) => session.terminate(), 1006],
  ["a frame beyond the platform's limit", oversize, 0],
];

/**
 * The platform ends such a socket, and tells the room at once. Local workerd (2026-11) cuts the line only
 * when the object goes to sleep, so nobody waits for that here.
 */
async function oversize(session: TestSession): Promise<void> {
  session.sendRaw(JSON.stringify("x".repeat(33 * 1024 * 1024)));
}

const isAway = ({ presence }: TestSession): boolean => presence["ada"]?.status === "away";
const hasLeft = ({ users }: TestSession): boolean => users.every(({ id }) => id !== "ada");

describe.for(ends)("a socket that ends by %s", ([, end, code]) => {
  test("[U8, W4] is answered at once, and leaves its user away", async () => {
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

  test("[U8, U6] lets its user leave after the grace, once", async () => {
    const id = await ask.start("hasty");
    const bob = await connect(id, { id: "bob" });
    await end(await connect(id, { id: "ada" }));
    await bob.until(hasLeft);
    // When bob has left as well, whoever was to leave has.
    await end(bob);
    await ask.called(id, "onLeave bob");
    expect((await ask.calls(id)).slice(2)).toEqual(["onLeave ada", "onLeave bob"]);
    expect(await ask.users(id)).toEqual([]);
    expect(await ask.statuses(id)).toEqual({});
  });

  test("[U8, U3] is one of two: its user stays, until the other ends too", async () => {
    const id = await ask.start("hasty");
    const bob = await connect(id, { id: "bob" });
    const tabs = [await connect(id, { id: "ada" }), await connect(id, { id: "ada" })] as const;
    await end(tabs[0]);
    // Somebody who ends after it has left, and she is there.
    await end(await connect(id, { id: "cyn" }));
    await ask.called(id, "onLeave cyn");
    expect(await ask.statuses(id)).toEqual({ bob: "online", ada: "online" });
    expect(await ask.users(id)).toEqual(["bob", "ada"]);
    await end(tabs[1]);
    await bob.until(hasLeft);
    expect((await ask.calls(id)).filter((call) => call === "onLeave ada")).toHaveLength(1);
  });
});

describe("a user who is taken out", () => {
  test.for([1, 2])("[U8, W4] loses %d sockets with 4001, and is gone at once", async (tabs) => {
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

describe("a client that is gone before it was let in", () => {
  /** Come, and go as soon as the hook was called. */
  async function comeAndGo(id: string, user: object): Promise<void> {
    const query = new URLSearchParams({ user: JSON.stringify(user), behaviour: "hasty" });
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/rooms/${id}/socket?${query}`);
    socket.on("error", () => {}); // it is closed before it has opened
    await ask.called(id, "onJoin ada");
    socket.terminate();
  }

  test("[U8, U2] leaves no ghost behind when a hook has kept it waiting", async () => {
    const id = await ask.start("hasty");
    const bob = await connect(id, { id: "bob" });
    await comeAndGo(id, { id: "ada", slow: true });
    await ask.called(id, "onLeave ada");
    await bob.until(hasLeft);
    expect(await ask.statuses(id)).toEqual({ bob: "online" });
  });

  test("[U8, R3] leaves no ghost behind when the room that starts for it is still being listed", async () => {
    const id = `slow-${crypto.randomUUID()}`;
    await comeAndGo(id, { id: "ada" });
    await ask.called(id, "onLeave ada");
    expect(await ask.users(id)).toEqual([]);
    expect(await ask.calls(id)).toEqual(["onJoin ada", "onLeave ada"]);
  });
});
