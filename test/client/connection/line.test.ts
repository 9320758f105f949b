// One socket: frames, parts and marks, and how a line that does not work is noticed.

import { describe, expect, test } from "vitest";
import { partsOf } from "../../../src/protocol/parts.ts";
import { accept, connect, createHarness } from "../support/connection-harness.ts";
import { welcome } from "../support/welcome.ts";

const change = { type: "change", from: 0, to: 1, patch: [] };
const limits = { ...welcome().limits, pingInterval: 20_000 };

describe("[C5] frames", () => {
  test("a frame of one message and one of several are passed on as a whole", () => {
    const { environment, frames } = connect();
    environment.socket.receive(change);
    environment.socket.receive(change, { type: "scopes", scopes: [] });
    expect(frames.slice(1)).toEqual([[change], [change, { type: "scopes", scopes: [] }]]);
  });

  test("a pong is no frame", () => {
    const { environment, frames, connection } = connect();
    environment.socket.receiveText("pong");
    expect(frames).toHaveLength(1);
    expect(connection.isUp).toBe(true);
  });

  test("a welcome in parts is passed on once it is whole, with what follows it in its frame", () => {
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
    ["JSON that is no message", "7"],
    ["null", "null"],
    ["a message without a type", "{}"],
    ["a frame with something else than messages", '[{"type":"scopes","scopes":[]},null]'],
    ["a binary frame", new ArrayBuffer(2)],
    ["a binary frame with JSON in it", Buffer.from('{"type":"scopes","scopes":[]}')],
    ["a part that does not follow", '{"type":"part","index":1,"of":2,"text":""}'],
    ["a welcome without limits", '{"type":"welcome"}'],
  ])("%s is not understood: the client reconnects", async (_, data) => {
    const { connection, environment, frames } = connect();
    const { socket } = environment;
    socket.receiveText(data);
    expect(socket.closedWith?.code).toBe(1000);
    expect(connection.status.state).toBe("reconnecting");
    expect(frames).toHaveLength(1);
    await environment.advance(300);
    expect(environment.sockets).toHaveLength(2);
  });

  test("a first message that is no welcome is not understood", () => {
    const { connection, environment, frames } = createHarness();
    connection.reconnect();
    environment.socket.open();
    environment.socket.receive(change);
    expect(connection.status.state).toBe("reconnecting");
    expect(frames).toEqual([]);
  });
});

describe("[C5] marks", () => {
  test("a mark is acknowledged once its frame was handled, and is not passed on", () => {
    const harness = connect();
    const { socket } = harness.environment;
    socket.takeSent();
    harness.onFrame = () => expect(socket.takeSent()).toEqual([]);
    socket.receive(change, { type: "mark", n: 17 });
    expect(harness.frames.at(-1)).toEqual([change]);
    expect(socket.takeSent()).toEqual([{ type: "ack", n: 17 }]);
  });

  test("a mark alone is acknowledged, and is no frame", () => {
    const { environment, frames } = connect();
    environment.socket.takeSent();
    environment.socket.receive({ type: "mark", n: 5 });
    expect(environment.socket.takeSent()).toEqual([{ type: "ack", n: 5 }]);
    expect(frames).toHaveLength(1);
  });

  test("of several marks in a frame the last one is acknowledged, because it includes the others", () => {
    const { environment } = connect();
    environment.socket.takeSent();
    environment.socket.receive({ type: "mark", n: 5 }, change, { type: "mark", n: 3 });
    expect(environment.socket.takeSent()).toEqual([{ type: "ack", n: 3 }]);
  });

  test("a frame that was the end of the socket is not acknowledged", () => {
    const harness = connect();
    const { socket } = harness.environment;
    socket.takeSent();
    harness.onFrame = () => harness.connection.disconnect();
    socket.receive(change, { type: "mark", n: 17 });
    expect(socket.takeSent()).toEqual([]);
  });
});

describe("[C5] sending", () => {
  test("nothing but ping is sent before the welcome, and send says so", () => {
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

  test("a frame may be sent while the welcome is handled", () => {
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

describe("[C5] signs of life", () => {
  test("a ping is sent as soon as the socket opens, then every ping interval of the room", async () => {
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

  test("the interval counts from ping to ping, however long an answer takes", async () => {
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

  test("a line that does not answer a ping within 10 s is dead", async () => {
    const { connection, environment } = connect();
    const { socket } = environment;
    await environment.advance(39_999);
    expect(connection.isUp).toBe(true);
    await environment.advance(1);
    expect(connection.status.state).toBe("reconnecting");
    expect(socket.closedWith?.code).toBe(1000);
  });

  test("whatever comes in is an answer", async () => {
    const { connection, environment } = connect();
    await environment.advance(30_000);
    environment.socket.receive(change);
    await environment.advance(29_999);
    expect(connection.isUp).toBe(true);
  });

  test.each(["resume", "online", "offline"] as const)(
    "on %s a ping is sent at once, and a line that does not answer within 5 s is dead",
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

  test("on resume a ping that waits for its answer gets no more time than 5 s", async () => {
    const { connection, environment } = connect();
    await environment.advance(30_000);
    environment.page("resume");
    await environment.advance(5_000);
    expect(connection.isUp).toBe(false);
  });

  test("a socket that is not open yet is not pinged on resume", () => {
    const { connection, environment } = createHarness();
    connection.reconnect();
    environment.page("resume");
    expect(environment.socket.takeSent()).toEqual([]);
    expect(environment.sockets).toHaveLength(1);
  });

  test("after a sleep a ping is sent at once, and a line that does not answer within 5 s is dead", async () => {
    const { connection, environment } = connect();
    environment.socket.takeSent();
    await environment.sleep(3_600_000);
    expect(environment.socket.takeSent()).toEqual(["ping"]);
    await environment.advance(4_999);
    expect(connection.isUp).toBe(true);
    await environment.advance(1);
    expect(connection.isUp).toBe(false);
  });

  test("a line whose answer was due during a sleep is asked once more", async () => {
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

  test("a hidden tab whose timers come once a minute keeps a line that answers", async () => {
    const { connection, environment } = connect();
    for (let minute = 0; minute < 10; minute++) {
      await environment.sleep(60_000);
      expect(environment.socket.takeSent()).toContain("ping");
      environment.socket.receiveText("pong");
    }
    expect(connection.isUp).toBe(true);
    expect(environment.sockets).toHaveLength(1);
  });

  test("a hidden tab whose timers come once a minute notices a dead line all the same", async () => {
    const { connection, environment } = connect();
    for (let minute = 0; minute < 3; minute++) await environment.sleep(60_000);
    expect(connection.isUp).toBe(false);
  });

  test("a clock that is set back does not end the pings", async () => {
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

test("[C5] events of a socket that was given up are ignored", async () => {
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
