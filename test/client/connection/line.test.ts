// A single socket: frames, parts and marks, and how the client detects a dead connection.

import { describe, expect, test } from "vitest";
import { partsOf } from "../../../src/protocol/parts.ts";
import { accept, connect, createHarness } from "../support/connection-harness.ts";
import { welcome } from "../support/welcome.ts";

const change = { type: "change", from: 0, to: 1, patch: [] };
const limits = { ...welcome().limits, pingInterval: 20_000 };

describe("[C5] frames", () => {
  test("a frame is passed on as a whole, with one message or with several", () => {
    const { environment, frames } = connect();
    environment.socket.receive(change);
    environment.socket.receive(change, { type: "scopes", scopes: [] });
    expect(frames.slice(1)).toEqual([[change], [change, { type: "scopes", scopes: [] }]]);
  });

  test("a pong is not passed on as a frame", () => {
    const { environment, frames, connection } = connect();
    environment.socket.receiveText("pong");
    expect(frames).toHaveLength(1);
    expect(connection.isUp).toBe(true);
  });

  test("a welcome in parts is passed on once it is complete, together with the rest of its frame", () => {
    const { connection, environment, frames } = createHarness();
    connection.reconnect();
    environment.socket.open();
    const text = JSON.stringify([welcome(), change]);
    const pieces = [text.slice(0, 40), text.slice(40, 90), text.slice(90)];
    for (const part of partsOf(pieces.map((piece) => JSON.stringify(piece)))) {
      expect(frames).toEqual([]);
      environment.socket.receiveText(part);
    }
    expect(frames).toEqual([[welcome(), change]]);
    expect(connection.isUp).toBe(true);
  });

  test.each([
    ["text that is not JSON", "{"],
    ["JSON that is not a message", "7"],
    ["null", "null"],
    ["a message without a type", "{}"],
    ["a frame that contains something other than messages", '[{"type":"scopes","scopes":[]},null]'],
    ["a binary frame", new ArrayBuffer(2)],
    ["a binary frame that contains JSON", Buffer.from('{"type":"scopes","scopes":[]}')],
    ["a part out of sequence", '{"type":"part","index":1,"of":2,"text":""}'],
    ["a welcome without limits", '{"type":"welcome"}'],
  ])("%s is rejected, and the client reconnects", async (_, data) => {
    const { connection, environment, frames } = connect();
    const { socket } = environment;
    socket.receiveText(data);
    expect(socket.closedWith?.code).toBe(1000);
    expect(connection.status.state).toBe("reconnecting");
    expect(frames).toHaveLength(1);
    await environment.advance(300);
    expect(environment.sockets).toHaveLength(2);
  });

  test("a first message other than a welcome is rejected", () => {
    const { connection, environment, frames } = createHarness();
    connection.reconnect();
    environment.socket.open();
    environment.socket.receive(change);
    expect(connection.status.state).toBe("reconnecting");
    expect(frames).toEqual([]);
  });
});

describe("[C5] marks", () => {
  test("a mark is acknowledged after its frame has been handled, and is not passed on", () => {
    const harness = connect();
    const { socket } = harness.environment;
    socket.takeSent();
    harness.onFrame = () => expect(socket.takeSent()).toEqual([]);
    socket.receive(change, { type: "mark", n: 17 });
    expect(harness.frames.at(-1)).toEqual([change]);
    expect(socket.takeSent()).toEqual([{ type: "ack", n: 17 }]);
  });

  test("a frame that contains only a mark is acknowledged and not passed on", () => {
    const { environment, frames } = connect();
    environment.socket.takeSent();
    environment.socket.receive({ type: "mark", n: 5 });
    expect(environment.socket.takeSent()).toEqual([{ type: "ack", n: 5 }]);
    expect(frames).toHaveLength(1);
  });

  test("only the last of several marks in a frame is acknowledged, because it covers the others", () => {
    const { environment } = connect();
    environment.socket.takeSent();
    environment.socket.receive({ type: "mark", n: 5 }, change, { type: "mark", n: 3 });
    expect(environment.socket.takeSent()).toEqual([{ type: "ack", n: 3 }]);
  });

  test("a mark is not acknowledged if handling its frame ended the socket", () => {
    const harness = connect();
    const { socket } = harness.environment;
    socket.takeSent();
    harness.onFrame = () => harness.connection.disconnect();
    socket.receive(change, { type: "mark", n: 17 });
    expect(socket.takeSent()).toEqual([]);
  });
});

describe("[C5] sending", () => {
  test("only `ping` is sent before the welcome, and send() returns false", () => {
    const { connection, environment } = createHarness();
    expect(connection.send("{}")).toBe(false);
    connection.reconnect();
    expect(connection.send("{}")).toBe(false);
    environment.socket.open();
    expect(connection.send("{}")).toBe(false);
    expect(environment.socket.takeSent()).toEqual(["ping"]);
    environment.socket.receive(welcome());
    expect(connection.send('{"type":"touch"}')).toBe(true);
    expect(environment.socket.takeSent()).toEqual([{ type: "touch" }]);
  });

  test("a frame can be sent while the welcome is being handled", () => {
    const harness = createHarness();
    harness.connection.reconnect();
    harness.onFrame = () => expect(harness.connection.send('{"type":"touch"}')).toBe(true);
    const socket = accept(harness);
    expect(socket.takeSent()).toEqual(["ping", { type: "touch" }]);
  });

  test("nothing is sent on a socket that is closing", () => {
    const { connection, environment } = connect();
    environment.socket.readyState = 2;
    expect(connection.send("{}")).toBe(false);
  });
});

describe("[C5] keep-alive", () => {
  test("a ping is sent as soon as the socket opens, and then at the room's ping interval", async () => {
    const { connection, environment } = createHarness();
    connection.reconnect();
    environment.socket.open();
    expect(environment.socket.takeSent()).toEqual(["ping"]);
    environment.socket.receiveText("pong");
    environment.socket.receive(welcome({ limits }));
    for (let count = 0; count < 3; count++) {
      await environment.advance(19_999);
      expect(environment.socket.takeSent()).toEqual([]);
      await environment.advance(1);
      expect(environment.socket.takeSent()).toEqual(["ping"]);
      environment.socket.receiveText("pong");
    }
    expect(connection.isUp).toBe(true);
  });

  test("the interval is measured from ping to ping, however long the answer takes", async () => {
    const { environment } = connect();
    await environment.advance(30_000);
    environment.socket.takeSent();
    await environment.advance(9_000);
    environment.socket.receiveText("pong");
    await environment.advance(20_999);
    expect(environment.socket.takeSent()).toEqual([]);
    await environment.advance(1);
    expect(environment.socket.takeSent()).toEqual(["ping"]);
  });

  test("the connection is dead if a ping is not answered within 10 s", async () => {
    const { connection, environment } = connect();
    const { socket } = environment;
    await environment.advance(39_999);
    expect(connection.isUp).toBe(true);
    await environment.advance(1);
    expect(connection.status.state).toBe("reconnecting");
    expect(socket.closedWith?.code).toBe(1000);
  });

  test("any incoming message counts as an answer to a ping", async () => {
    const { connection, environment } = connect();
    await environment.advance(30_000);
    environment.socket.receive(change);
    await environment.advance(29_999);
    expect(connection.isUp).toBe(true);
  });

  test.each(["resume", "online", "offline"] as const)(
    "on %s a ping is sent at once, and the connection is dead if nothing arrives within 5 s",
    async (event) => {
      const { connection, environment } = connect();
      environment.socket.takeSent();
      environment.page(event);
      expect(environment.socket.takeSent()).toEqual(["ping"]);
      await environment.advance(4_999);
      expect(connection.isUp).toBe(true);
      await environment.advance(1);
      expect(connection.isUp).toBe(false);
    },
  );

  test("on resume the deadline of a pending ping is shortened to 5 s", async () => {
    const { connection, environment } = connect();
    await environment.advance(30_000);
    environment.page("resume");
    await environment.advance(5_000);
    expect(connection.isUp).toBe(false);
  });

  test("on resume a socket that is still opening is not pinged", () => {
    const { connection, environment } = createHarness();
    connection.reconnect();
    environment.page("resume");
    expect(environment.socket.takeSent()).toEqual([]);
    expect(environment.sockets).toHaveLength(1);
  });

  test("after a sleep a ping is sent at once, and the connection is dead if nothing arrives within 5 s", async () => {
    const { connection, environment } = connect();
    environment.socket.takeSent();
    await environment.sleep(3_600_000);
    expect(environment.socket.takeSent()).toEqual(["ping"]);
    await environment.advance(4_999);
    expect(connection.isUp).toBe(true);
    await environment.advance(1);
    expect(connection.isUp).toBe(false);
  });

  test("a ping whose answer was due during a sleep is sent once more", async () => {
    const { connection, environment } = connect();
    await environment.advance(30_000);
    environment.socket.takeSent();
    await environment.sleep(3_600_000);
    expect(connection.isUp).toBe(true);
    expect(environment.socket.takeSent()).toEqual(["ping"]);
    environment.socket.receiveText("pong");
    await environment.advance(20_000);
    expect(connection.isUp).toBe(true);
  });

  test("a hidden tab whose timers fire once a minute keeps a working connection", async () => {
    const { connection, environment } = connect();
    for (let minute = 0; minute < 10; minute++) {
      await environment.sleep(60_000);
      expect(environment.socket.takeSent()).toContain("ping");
      environment.socket.receiveText("pong");
    }
    expect(connection.isUp).toBe(true);
    expect(environment.sockets).toHaveLength(1);
  });

  test("a hidden tab whose timers fire once a minute still detects a dead connection", async () => {
    const { connection, environment } = connect();
    for (let minute = 0; minute < 3; minute++) await environment.sleep(60_000);
    expect(connection.isUp).toBe(false);
  });

  test("pings continue after the clock has been set back", async () => {
    const { environment } = connect();
    environment.setClock(environment.now() - 3_600_000);
    environment.socket.receive(change);
    environment.page("resume");
    environment.setClock(environment.now() - 3_600_000);
    environment.socket.receiveText("pong");
    environment.socket.takeSent();
    await environment.advance(30_000);
    expect(environment.socket.takeSent()).toEqual(["ping"]);
  });
});

test("[C5] events of an abandoned socket are ignored", async () => {
  const harness = connect();
  const { connection, environment, frames } = harness;
  const [old] = environment.sockets;
  old?.receiveText("{");
  await environment.advance(300);
  accept(harness);
  expect(frames).toHaveLength(2);
  old?.open();
  old?.receive(change);
  old?.receive(welcome({ limits }));
  old?.closeByRoom(4001, "kicked");
  expect(frames).toHaveLength(2);
  expect(connection.status.state).toBe("connected");
  expect(environment.socket.closedWith).toBeNull();
  expect(environment.timers).toBe(1);
});
