// The states of a connection, and the transitions between them.

import { describe, expect, test } from "vitest";
import {
  accept,
  connect,
  createHarness,
  refuse,
  type Harness,
} from "../support/connection-harness.ts";
import { welcome } from "../support/welcome.ts";

/** A connection that is waiting for its next attempt, which is due in 300 ms. */
function waiting(): Harness {
  const harness = connect();
  harness.environment.socket.closeByRoom(1006);
  harness.takeStates();
  return harness;
}

const closedBy = (code: number, reason: string, problem: unknown = null): object => ({
  state: "closed",
  code,
  reason,
  problem,
});

describe("[C5] connecting", () => {
  test("a connection is connecting until the room has answered", () => {
    const harness = createHarness();
    expect(harness.connection.status).toEqual({ state: "connecting" });
    expect(harness.environment.sockets).toHaveLength(0);
    harness.connection.reconnect();
    harness.environment.socket.open();
    expect(harness.connection.status).toEqual({ state: "connecting" });
    expect(harness.connection.isUp).toBe(false);
  });

  test("connecting → connected on the welcome, reported after its frame", () => {
    const harness = createHarness();
    harness.connection.reconnect();
    harness.told.length = 0;
    harness.onFrame = () => {
      expect(harness.connection.status).toEqual({ state: "connected" });
      expect(harness.connection.isUp).toBe(true);
    };
    accept(harness);
    expect(harness.told).toEqual(["frame", "up", "connected"]);
  });

  test("connecting → reconnecting if the socket does not open", () => {
    const { connection, environment, lines } = createHarness();
    connection.reconnect();
    environment.socket.closeByRoom(1006);
    expect(connection.status).toEqual({
      state: "reconnecting",
      attempt: 1,
      nextAt: environment.now() + 300,
      problem: null,
    });
    expect(lines).toEqual([]);
  });

  test("connecting → offline if the browser reports no network, and an attempt is made anyway", () => {
    const harness = createHarness();
    harness.environment.isNetworkUp = false;
    harness.connection.reconnect();
    expect(harness.connection.status).toEqual({ state: "offline" });
    accept(harness);
    expect(harness.connection.status).toEqual({ state: "connected" });
  });

  test("connecting → closed if the page is not allowed to open the socket", () => {
    const { connection, environment } = createHarness();
    environment.openError = new Error("insecure");
    connection.reconnect();
    expect(connection.status).toEqual(closedBy(4000, "insecure"));
    expect(environment.timers).toBe(0);
  });

  test("connecting → closed on a refusal, with the problem that the room sent", () => {
    const harness = createHarness();
    harness.connection.reconnect();
    refuse(harness, 4000, { code: "join_refused", reason: "banned", instance: "i-1" });
    expect(harness.connection.status).toEqual(
      closedBy(4000, "join_refused", {
        code: "join_refused",
        detail: "No.",
        reason: "banned",
        instance: "i-1",
      }),
    );
    expect(harness.frames).toEqual([]);
  });

  test("an attempt is abandoned if no welcome arrives within 15 s", async () => {
    const { connection, environment } = createHarness();
    connection.reconnect();
    const { socket } = environment;
    await environment.advance(14_000);
    socket.open();
    await environment.advance(999);
    expect(connection.status.state).toBe("connecting");
    await environment.advance(1);
    expect(connection.status.state).toBe("reconnecting");
    expect(socket.closedWith?.code).toBe(1000);
  });

  test("an attempt whose welcome arrives in parts has 15 s for each part", async () => {
    const harness = createHarness();
    harness.connection.reconnect();
    const { environment } = harness;
    environment.socket.open();
    const text = JSON.stringify(welcome());
    const send = (index: number, part: string) =>
      environment.socket.receive({ type: "part", index, of: 3, text: part });
    await environment.advance(9_000);
    send(0, text.slice(0, 10));
    await environment.advance(14_000);
    send(1, text.slice(10, 20));
    await environment.advance(14_000);
    send(2, text.slice(20));
    expect(harness.connection.status.state).toBe("connected");
  });
});

describe("[C5] connected", () => {
  test.each([1001, 1005, 1006, 1011, 1012, 3000, 4500])(
    "connected → reconnecting on code %i: the connection broke, or the room moved",
    (code) => {
      const harness = connect();
      harness.told.length = 0;
      harness.environment.socket.closeByRoom(code);
      expect(harness.connection.status).toMatchObject({ state: "reconnecting", attempt: 1 });
      expect(harness.connection.isUp).toBe(false);
      expect(harness.told).toEqual(["down", "reconnecting"]);
    },
  );

  test.each([
    [1000, "left"],
    [4001, "kicked"],
    [4002, "room_stopped"],
    [4003, "forbidden"],
    [4042, "of_tomorrow"],
    [4400, "bad_message"],
    [4413, "too_large"],
    [4499, "of_tomorrow"],
  ])("connected → closed on code %i: the client must not come back", async (code, reason) => {
    const { connection, environment, lines } = connect();
    environment.socket.closeByRoom(code, reason);
    expect(connection.status).toEqual(closedBy(code, reason));
    expect(lines).toEqual([true, false]);
    expect(environment.timers).toBe(0);
    expect(environment.pageListeners).toBe(0);
    await environment.advance(600_000);
    expect(environment.sockets).toHaveLength(1);
  });

  test("connected → closed reports the problem of an error whose code is the close reason", () => {
    const harness = connect();
    const error = { type: "error", code: "kicked", detail: "Removed.", retryAfter: 1 };
    harness.environment.socket.receive(error);
    expect(harness.frames.at(-1)).toEqual([error]);
    harness.environment.socket.closeByRoom(4001, "kicked");
    expect(harness.connection.status).toEqual(
      closedBy(4001, "kicked", { code: "kicked", detail: "Removed." }),
    );
  });

  test("connected → closed does not report an earlier error that concerned a request", () => {
    const { connection, environment } = connect();
    environment.socket.receive({ type: "error", code: "invalid_presence", detail: "Too large." });
    environment.socket.closeByRoom(4001, "kicked");
    expect(connection.status).toEqual(closedBy(4001, "kicked"));
  });

  test.each([4200, 4201, 4202, 4242, 4290, 4291])(
    "connected → reconnecting on code %i, after at least one second",
    async (code) => {
      const { connection, environment } = connect();
      environment.luck = 0;
      environment.socket.closeByRoom(code, "later");
      expect(connection.status.state).toBe("reconnecting");
      await environment.advance(1000);
      expect(environment.sockets).toHaveLength(1);
      await environment.advance(50);
      expect(environment.sockets).toHaveLength(2);
    },
  );

  test("connected → reconnecting on 4203, under another client name", async () => {
    const harness = connect();
    harness.told.length = 0;
    harness.environment.socket.closeByRoom(4203, "replaced");
    expect(harness.told).toEqual(["replaced", "down", "reconnecting"]);
    harness.resume = { client: "tab-2" };
    await harness.environment.advance(300);
    expect(harness.environment.socket.parameters["client"]).toBe("tab-2");
  });

  test("connected → reconnecting at once if a change does not apply", () => {
    const harness = connect();
    const { connection, environment } = harness;
    const [old] = environment.sockets;
    harness.told.length = 0;
    harness.resume = { client: "tab-1", epoch: "e1" };
    connection.lost("a change from version 3 came on version 2, and that is wrong");
    expect(old?.closedWith).toEqual({
      code: 1000,
      reason: "a change from version 3 came on version ",
    });
    expect(harness.told).toEqual(["down", "reconnecting"]);
    expect(connection.status).toMatchObject({ attempt: 1, nextAt: environment.now() });
    expect(environment.sockets).toHaveLength(2);
    expect(environment.socket.parameters).toEqual({
      client: "tab-1",
      epoch: "e1",
      refuse: "close",
    });
  });

  test("a change in the first frame that does not apply causes one new attempt, and `connected` is not reported", () => {
    const harness = createHarness();
    harness.connection.reconnect();
    harness.told.length = 0;
    harness.onFrame = () => harness.connection.lost("wrong");
    accept(harness);
    expect(harness.told).toEqual(["frame", "reconnecting"]);
    expect(harness.environment.sockets).toHaveLength(2);
  });

  test("changes that repeatedly do not apply do not cause a reconnect loop", async () => {
    const harness = connect();
    harness.connection.lost("wrong");
    accept(harness);
    harness.connection.lost("wrong");
    expect(harness.environment.sockets).toHaveLength(2);
    expect(harness.connection.status).toMatchObject({ state: "reconnecting", attempt: 2 });
    await harness.environment.advance(600);
    accept(harness);
    await harness.environment.advance(10_000);
    harness.connection.lost("wrong");
    expect(harness.environment.sockets).toHaveLength(4);
  });

  test("lost() does nothing without a connection", () => {
    const { connection, environment } = waiting();
    const { status } = connection;
    connection.lost("wrong");
    expect(connection.status).toBe(status);
    expect(environment.sockets).toHaveLength(1);
  });

  test("connected stays connected on another welcome", () => {
    const harness = connect();
    harness.environment.socket.receive(welcome({ epoch: "e2" }));
    expect(harness.frames).toHaveLength(2);
    expect(harness.takeStates()).toEqual([]);
  });

  test("connected stays connected on another welcome in parts", async () => {
    const { connection, environment } = connect();
    const text = JSON.stringify(welcome());
    environment.socket.receive({ type: "part", index: 0, of: 2, text: text.slice(0, 10) });
    await environment.advance(1_000);
    environment.socket.receive({ type: "part", index: 1, of: 2, text: text.slice(10) });
    await environment.advance(20_000);
    expect(connection.status).toEqual({ state: "connected" });
  });

  test("connected → offline if the connection is dead and the browser reports no network", async () => {
    const { connection, environment } = connect();
    environment.page("offline");
    expect(connection.status).toEqual({ state: "connected" });
    await environment.advance(5_000);
    expect(connection.status).toEqual({ state: "offline" });
  });
});

describe("[C5] reconnecting", () => {
  test("reconnecting → connected on the next welcome", async () => {
    const harness = waiting();
    const { connection, environment } = harness;
    await environment.advance(299);
    expect(environment.sockets).toHaveLength(1);
    await environment.advance(1);
    expect(connection.status).toEqual({
      state: "reconnecting",
      attempt: 1,
      nextAt: environment.now(),
      problem: null,
    });
    accept(harness);
    expect(connection.status).toEqual({ state: "connected" });
    expect(harness.lines).toEqual([true, false, true]);
  });

  test("each failed attempt is counted, and the waits grow", async () => {
    const { connection, environment } = waiting();
    for (const [attempt, wait] of [
      [2, 600],
      [3, 1200],
      [4, 2400],
    ]) {
      await environment.advance(10_000);
      environment.socket.closeByRoom(1006);
      expect(connection.status).toEqual({
        state: "reconnecting",
        attempt,
        nextAt: environment.now() + (wait ?? 0),
        problem: null,
      });
    }
  });

  test("the attempt count restarts after a connection has been up for 10 s", async () => {
    const harness = waiting();
    await harness.environment.advance(300);
    accept(harness);
    await harness.environment.advance(9_999);
    harness.environment.socket.closeByRoom(1006);
    expect(harness.connection.status).toMatchObject({ attempt: 2 });
    await harness.environment.advance(600);
    accept(harness);
    await harness.environment.advance(10_000);
    harness.environment.socket.closeByRoom(1006);
    expect(harness.connection.status).toMatchObject({ attempt: 1 });
  });

  test("a temporary refusal is reported, and the room's `retryAfter` is the minimum wait", async () => {
    const harness = waiting();
    const { connection, environment } = harness;
    environment.luck = 0.5;
    await environment.advance(300);
    refuse(harness, 4200, { code: "room_full", retry: true, retryAfter: 20_000 });
    const problem = { code: "room_full", detail: "No." };
    expect(connection.status).toEqual({
      state: "reconnecting",
      attempt: 2,
      nextAt: environment.now() + 20_300,
      problem,
    });
    await environment.advance(20_300);
    expect(environment.sockets).toHaveLength(3);
    expect(connection.status).toMatchObject({ state: "reconnecting", problem });
    accept(harness);
    environment.socket.closeByRoom(1006);
    expect(connection.status).toMatchObject({ problem: null });
  });

  test.each([
    ["room_full", { retry: true }, "reconnecting"],
    ["invalid_user", {}, "closed"],
    ["of_tomorrow", {}, "closed"],
  ])(
    "the refusal %s determines the next state even if the connection breaks after it",
    (code, more, state) => {
      const harness = waiting();
      harness.connection.reconnect();
      refuse(harness, 1006, { code, ...more });
      expect(harness.connection.status).toMatchObject({ state, problem: { code } });
    },
  );

  test("a refusal that no close follows times out after 15 s and determines the next state", async () => {
    const harness = waiting();
    harness.connection.reconnect();
    const { socket } = harness.environment;
    socket.open();
    socket.receive({ type: "error", code: "invalid_user", detail: "No." });
    socket.receiveText("pong");
    await harness.environment.advance(15_000);
    expect(harness.connection.status).toEqual(
      closedBy(4000, "invalid_user", { code: "invalid_user", detail: "No." }),
    );
  });

  test.each(["online", "resume"] as const)(
    "on %s the next attempt is made at once, and the waits restart",
    async (event) => {
      const { connection, environment } = waiting();
      for (let failed = 0; failed < 5; failed++) {
        await environment.advance(10_000);
        environment.socket.closeByRoom(1006);
      }
      const before = environment.sockets.length;
      environment.page(event);
      expect(environment.sockets).toHaveLength(before + 1);
      expect(connection.status).toMatchObject({ attempt: 1, nextAt: environment.now() });
      environment.socket.closeByRoom(1006);
      expect(connection.status).toMatchObject({ nextAt: environment.now() + 600 });
    },
  );

  test("hiding the page changes nothing", async () => {
    const { connection, environment } = waiting();
    environment.page("hide");
    expect(environment.sockets).toHaveLength(1);
    await environment.advance(10_000);
    environment.socket.open();
    environment.socket.receive(welcome());
    environment.socket.takeSent();
    environment.page("hide");
    expect(environment.socket.takeSent()).toEqual([]);
    expect(connection.status.state).toBe("connected");
  });

  test("on resume a wait that the room asked for is kept", async () => {
    const { connection, environment } = connect();
    environment.socket.receive({
      type: "error",
      code: "rate_limited",
      detail: "Slower.",
      retryAfter: 5_000,
    });
    environment.socket.closeByRoom(4290, "rate_limited");
    await environment.advance(2_000);
    environment.page("resume");
    expect(environment.sockets).toHaveLength(1);
    expect(connection.status).toMatchObject({
      nextAt: environment.now() + 3_000,
      problem: { code: "rate_limited" },
    });
    await environment.advance(3_000);
    expect(environment.sockets).toHaveLength(2);
  });

  test("reconnect() makes the next attempt at once", () => {
    const { connection, environment } = waiting();
    connection.reconnect();
    expect(environment.sockets).toHaveLength(2);
    expect(connection.status).toMatchObject({ state: "reconnecting", nextAt: environment.now() });
  });

  test("reconnect() restarts the waits", async () => {
    const { connection, environment } = waiting();
    for (let failed = 0; failed < 5; failed++) {
      await environment.advance(10_000);
      environment.socket.closeByRoom(1006);
    }
    connection.reconnect();
    environment.socket.closeByRoom(1006);
    expect(connection.status).toMatchObject({ nextAt: environment.now() + 600 });
  });

  test("on offline a pending attempt continues", () => {
    const harness = waiting();
    harness.connection.reconnect();
    harness.environment.page("offline");
    expect(harness.environment.socket.closedWith).toBeNull();
    accept(harness);
    expect(harness.connection.status).toEqual({ state: "connected" });
  });

  test("reconnect() does not interrupt a pending attempt or a connection", () => {
    const harness = waiting();
    harness.connection.reconnect();
    harness.connection.reconnect();
    expect(harness.environment.sockets).toHaveLength(2);
    accept(harness);
    harness.connection.reconnect();
    expect(harness.environment.sockets).toHaveLength(2);
    expect(harness.connection.isUp).toBe(true);
  });

  test("reconnecting → offline if the browser reports no network", () => {
    const { connection, environment } = waiting();
    environment.page("offline");
    expect(connection.status).toEqual({ state: "offline" });
  });
});

describe("[C5] offline", () => {
  test("an attempt is made every 30 s, in case the browser is wrong", async () => {
    const harness = waiting();
    const { connection, environment } = harness;
    environment.page("offline");
    await environment.advance(29_999);
    expect(environment.sockets).toHaveLength(1);
    await environment.advance(1);
    expect(environment.sockets).toHaveLength(2);
    environment.socket.closeByRoom(1006);
    expect(connection.status).toEqual({ state: "offline" });
    await environment.advance(30_000);
    expect(environment.sockets).toHaveLength(3);
    accept(harness);
    expect(connection.status).toEqual({ state: "connected" });
  });

  test("offline → reconnecting at once on online", () => {
    const { connection, environment } = waiting();
    environment.page("offline");
    environment.page("online");
    expect(environment.sockets).toHaveLength(2);
    expect(connection.status).toMatchObject({ state: "reconnecting", nextAt: environment.now() });
  });

  test("offline → reconnecting at the next attempt if the browser did not report that the network is back", async () => {
    const { connection, environment } = waiting();
    environment.page("offline");
    environment.isNetworkUp = true;
    await environment.advance(30_000);
    expect(connection.status).toMatchObject({ state: "reconnecting", nextAt: environment.now() });
  });

  test("attempts count from 1 after a start without a network", () => {
    const { connection, environment } = createHarness();
    environment.isNetworkUp = false;
    connection.reconnect();
    environment.page("online");
    expect(connection.status).toMatchObject({ state: "reconnecting", attempt: 1 });
    expect(environment.sockets).toHaveLength(2);
  });

  test("on online an attempt that started without a network is replaced by a new one", async () => {
    const { environment } = waiting();
    environment.page("offline");
    await environment.advance(30_000);
    const { socket } = environment;
    environment.page("online");
    expect(socket.closedWith?.code).toBe(1000);
    expect(environment.sockets).toHaveLength(3);
  });

  test("offline → closed on disconnect()", () => {
    const { connection, environment } = waiting();
    environment.page("offline");
    connection.disconnect();
    expect(connection.status).toEqual(closedBy(1000, "disconnected"));
    expect(environment.timers).toBe(0);
  });
});

describe("[C5] disconnect", () => {
  test("connected → closed on disconnect(), without leaving the room", () => {
    const { connection, environment, lines } = connect();
    environment.socket.takeSent();
    connection.disconnect();
    expect(connection.status).toEqual(closedBy(1000, "disconnected"));
    expect(environment.socket.closedWith?.code).toBe(1000);
    expect(environment.socket.takeSent()).toEqual([]);
    expect(lines).toEqual([true, false]);
    expect(environment.timers).toBe(0);
    expect(environment.pageListeners).toBe(0);
  });

  test("connecting → closed on disconnect(), which drops the pending attempt", async () => {
    const { connection, environment } = createHarness();
    connection.reconnect();
    connection.disconnect();
    expect(environment.socket.closedWith?.code).toBe(1000);
    environment.socket.open();
    environment.socket.receive(welcome());
    await environment.advance(60_000);
    expect(connection.status).toEqual(closedBy(1000, "disconnected"));
    expect(environment.timers).toBe(0);
  });

  test("disconnect() keeps the reason of a connection that is already closed", () => {
    const { connection, environment } = connect();
    environment.socket.closeByRoom(4001, "kicked");
    connection.disconnect();
    expect(connection.status).toEqual(closedBy(4001, "kicked"));
  });

  test("a status listener may call disconnect()", async () => {
    const harness = connect();
    harness.onStatus = ({ state }) => {
      if (state === "reconnecting") harness.connection.disconnect();
    };
    harness.connection.lost("wrong");
    await harness.environment.advance(60_000);
    expect(harness.takeStates()).toEqual(["reconnecting", "closed"]);
    expect(harness.environment.sockets).toHaveLength(1);
    expect(harness.environment.timers).toBe(0);
  });
});

describe("[C5] leave", () => {
  test("connected → closed on leave(), which tells the room", () => {
    const { connection, environment } = connect();
    environment.socket.takeSent();
    connection.leave();
    expect(environment.socket.takeSent()).toEqual([{ type: "leave" }]);
    expect(environment.socket.closedWith?.code).toBe(1000);
    expect(connection.status).toEqual(closedBy(1000, "left"));
    expect(environment.timers).toBe(0);
  });

  test("connecting → closed on leave(): only `ping` is sent before the welcome", () => {
    const { connection, environment } = createHarness();
    connection.reconnect();
    environment.socket.open();
    environment.socket.takeSent();
    connection.leave();
    expect(environment.socket.takeSent()).toEqual([]);
    expect(environment.socket.closedWith?.code).toBe(1000);
    expect(connection.status).toEqual(closedBy(1000, "left"));
  });

  test("reconnecting → closed on leave()", async () => {
    const { connection, environment } = waiting();
    connection.leave();
    expect(connection.status).toEqual(closedBy(1000, "left"));
    expect(environment.timers).toBe(0);
    await environment.advance(60_000);
    expect(environment.sockets).toHaveLength(1);
  });
});

describe("[C5] closed", () => {
  test("closed → connecting on reconnect()", () => {
    const harness = connect();
    harness.environment.socket.closeByRoom(4001, "kicked");
    harness.takeStates();
    harness.connection.reconnect();
    expect(harness.takeStates()).toEqual(["connecting"]);
    accept(harness);
    expect(harness.takeStates()).toEqual(["connected"]);
    expect(harness.environment.pageListeners).toBe(1);
  });

  test("closed stays closed on online and on resume", () => {
    const { connection, environment } = connect();
    connection.disconnect();
    environment.page("online");
    environment.page("resume");
    expect(environment.sockets).toHaveLength(1);
  });
});
