// Tokens: a fresh one for each attempt, another one if the service refuses it, and a new one before it expires.

import { describe, expect, test } from "vitest";
import {
  accept,
  connect,
  createHarness,
  refuse,
  type Harness,
} from "../support/connection-harness.ts";

/** Tokens `t1`, `t2`, … */
function counting(): () => string {
  let count = 0;
  return () => `t${++count}`;
}

async function connectWith(
  token: () => string | Promise<string>,
  more: object = {},
): Promise<Harness> {
  const harness = createHarness({ token });
  harness.connection.reconnect();
  await harness.environment.advance(0);
  accept(harness, more);
  harness.environment.socket.takeSent();
  harness.takeStates();
  return harness;
}

const bearerOf = ({ environment }: Harness): string | undefined =>
  environment.socket.protocols[1]?.replace("bearer.", "");

const never = (): Promise<string> => new Promise(() => {});

describe("[C5] a token for each attempt", () => {
  test.each([
    ["sync", () => "t"],
    ["async", () => Promise.resolve("t")],
  ])("the token function may be %s", async (_, token) => {
    const harness = await connectWith(token);
    expect(bearerOf(harness)).toBe("t");
    expect(harness.connection.isUp).toBe(true);
  });

  test("each attempt gets a fresh token", async () => {
    const harness = await connectWith(counting());
    expect(bearerOf(harness)).toBe("t1");
    harness.environment.socket.closeByRoom(1006);
    await harness.environment.advance(300);
    expect(bearerOf(harness)).toBe("t2");
  });

  test("the resume position is read only once the token has arrived", async () => {
    const harness = createHarness({ token: () => Promise.resolve("t") });
    harness.connection.reconnect();
    harness.resume = { client: "later" };
    await harness.environment.advance(0);
    expect(harness.environment.socket.parameters["client"]).toBe("later");
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("signed out");
      },
      "signed out",
    ],
    ["rejects", () => Promise.reject(new Error("signed out")), "signed out"],
    ["returns nothing", () => null as unknown as string, "it must give a token as a string"],
    ["returns an empty string", () => "", "it must give a token as a string"],
    [
      "returns a string that cannot be sent in a header",
      () => "a b",
      "it must give a token as a string",
    ],
  ])("connecting → needs-token if the token function %s", async (_, token, reason) => {
    const { connection, environment } = createHarness({ token });
    connection.reconnect();
    await environment.advance(0);
    expect(connection.status).toEqual({
      state: "needs-token",
      problem: { code: "token_required", detail: expect.stringContaining(reason) },
    });
    expect(environment.sockets).toHaveLength(0);
    expect(environment.timers).toBe(0);
  });

  test("connecting → offline if the token function fails without a network", async () => {
    const { connection, environment } = createHarness({
      token: () => Promise.reject(new Error("unreachable")),
    });
    environment.isNetworkUp = false;
    connection.reconnect();
    await environment.advance(0);
    expect(connection.status).toEqual({ state: "offline" });
  });

  test("reconnecting → needs-token if the token function fails after a dropped connection", async () => {
    let isSignedIn = true;
    const harness = await connectWith(() => {
      if (isSignedIn) return "t";
      throw new Error("signed out");
    });
    isSignedIn = false;
    harness.environment.socket.closeByRoom(1006);
    await harness.environment.advance(300);
    expect(harness.connection.status.state).toBe("needs-token");
  });

  test("a token function that hangs does not block reconnect(), and its late token is not used", async () => {
    const answers: ((token: string) => void)[] = [];
    const harness = createHarness({
      token: () => new Promise<string>((resolve) => answers.push(resolve)),
    });
    harness.connection.reconnect();
    harness.connection.reconnect();
    expect(answers).toHaveLength(2);
    answers[1]?.("t2");
    await harness.environment.advance(0);
    answers[0]?.("t1");
    await harness.environment.advance(0);
    expect(harness.environment.sockets).toHaveLength(1);
    expect(bearerOf(harness)).toBe("t2");
  });

  test("a token function that fails late does not end a later attempt", async () => {
    let fail: (error: Error) => void = () => {};
    let calls = 0;
    const harness = createHarness({
      token: () =>
        ++calls === 1 ? new Promise<string>((_, reject) => void (fail = reject)) : "t2",
    });
    harness.connection.reconnect();
    harness.connection.reconnect();
    await harness.environment.advance(0);
    fail(new Error("late"));
    await harness.environment.advance(0);
    expect(harness.connection.status.state).toBe("connecting");
  });

  test("a token function that hangs is abandoned after 15 s and called again", async () => {
    let calls = 0;
    const { connection, environment } = createHarness({
      token: () => {
        calls++;
        return never();
      },
    });
    connection.reconnect();
    await environment.advance(15_000);
    expect(connection.status.state).toBe("reconnecting");
    await environment.advance(300);
    expect(calls).toBe(2);
  });

  test("no socket is opened if the connection is closed while a token is requested", async () => {
    const { connection, environment } = createHarness({ token: () => Promise.resolve("t") });
    connection.reconnect();
    connection.disconnect();
    await environment.advance(0);
    expect(environment.sockets).toHaveLength(0);
    expect(environment.timers).toBe(0);
  });
});

describe("[C5] a token that is refused", () => {
  test.each([
    [4100, "of_tomorrow"],
    [4101, "token_required"],
    [4102, "invalid_token"],
    [4109, "token_expired"],
    [4110, "of_tomorrow"],
  ])(
    "connecting → reconnecting at once on code %i with a fresh token, then needs-token",
    async (closeCode, code) => {
      const harness = createHarness({ token: counting() });
      harness.connection.reconnect();
      await harness.environment.advance(0);
      refuse(harness, closeCode, { code });
      const problem = { code, detail: "No." };
      expect(harness.connection.status).toMatchObject({ state: "reconnecting", problem });
      await harness.environment.advance(0);
      expect(bearerOf(harness)).toBe("t2");
      refuse(harness, closeCode, { code });
      expect(harness.connection.status).toEqual({ state: "needs-token", problem });
      expect(harness.environment.timers).toBe(0);
      await harness.environment.advance(600_000);
      expect(harness.environment.sockets).toHaveLength(2);
    },
  );

  test("connected → reconnecting at once when the token has expired, then connected with a fresh token", async () => {
    const harness = await connectWith(counting());
    await harness.environment.advance(20_000);
    harness.environment.socket.receiveText("pong");
    harness.environment.socket.closeByRoom(4109, "token_expired");
    await harness.environment.advance(0);
    expect(bearerOf(harness)).toBe("t2");
    accept(harness);
    expect(harness.takeStates()).toEqual(["reconnecting", "connected"]);
  });

  test("a welcome resets the count of refused tokens", async () => {
    const harness = await connectWith(counting());
    harness.environment.socket.closeByRoom(4109, "token_expired");
    await harness.environment.advance(0);
    accept(harness);
    harness.environment.socket.closeByRoom(4109, "token_expired");
    expect(harness.connection.status.state).toBe("reconnecting");
  });

  test("sessions that end at once with an expired token do not cause a reconnect loop", async () => {
    const harness = await connectWith(counting());
    harness.environment.socket.closeByRoom(4109, "token_expired");
    await harness.environment.advance(0);
    accept(harness);
    harness.environment.socket.closeByRoom(4109, "token_expired");
    await harness.environment.advance(599);
    expect(harness.environment.sockets).toHaveLength(2);
    await harness.environment.advance(1);
    expect(harness.environment.sockets).toHaveLength(3);
  });

  test("reconnect() allows two new tokens again", async () => {
    const harness = createHarness({ token: counting() });
    harness.connection.reconnect();
    for (const state of ["reconnecting", "needs-token"]) {
      await harness.environment.advance(0);
      refuse(harness, 4102, { code: "invalid_token" });
      expect(harness.connection.status.state).toBe(state);
    }
    harness.connection.reconnect();
    await harness.environment.advance(0);
    refuse(harness, 4102, { code: "invalid_token" });
    expect(harness.connection.status.state).toBe("reconnecting");
  });

  test("connecting → needs-token at once if there is no token function", () => {
    const harness = createHarness();
    harness.connection.reconnect();
    refuse(harness, 4101, { code: "token_required" });
    expect(harness.connection.status).toEqual({
      state: "needs-token",
      problem: { code: "token_required", detail: "No." },
    });
  });

  test("a refusal of the token determines the next state even if the connection breaks after it", () => {
    const harness = createHarness();
    harness.connection.reconnect();
    refuse(harness, 1006, { code: "token_expired" });
    expect(harness.connection.status.state).toBe("needs-token");
  });
});

describe("[C5] needs-token", () => {
  async function needsToken(): Promise<Harness> {
    const tokens = [new Error("signed out"), "t2"];
    const harness = createHarness({
      token: () => {
        const next = tokens.shift();
        if (typeof next === "string") return next;
        throw next;
      },
    });
    harness.connection.reconnect();
    await harness.environment.advance(0);
    harness.takeStates();
    return harness;
  }

  test("needs-token → connecting on reconnect(), which asks for a token again", async () => {
    const harness = await needsToken();
    harness.connection.reconnect();
    await harness.environment.advance(0);
    expect(bearerOf(harness)).toBe("t2");
    accept(harness);
    expect(harness.takeStates()).toEqual(["connecting", "connected"]);
  });

  test.each(["online", "resume"] as const)("needs-token → connecting on %s", async (event) => {
    const harness = await needsToken();
    harness.environment.page(event);
    await harness.environment.advance(0);
    expect(bearerOf(harness)).toBe("t2");
    expect(harness.takeStates()).toEqual(["connecting"]);
  });

  test("needs-token → closed on disconnect()", async () => {
    const { connection, environment } = await needsToken();
    connection.disconnect();
    expect(connection.status).toMatchObject({ state: "closed", reason: "disconnected" });
    expect(environment.pageListeners).toBe(0);
  });
});

describe("[C5] renewal", () => {
  const at = (harness: Harness, ms: number): string =>
    new Date(harness.environment.now() + ms).toISOString();

  /** A connection whose token expires in `ms`. */
  async function endingIn(ms: number, token: () => string | Promise<string> = counting()) {
    const { environment } = createHarness();
    return connectWith(token, { expiresAt: new Date(environment.now() + ms).toISOString() });
  }

  /** Let time pass on a connection that answers pings, and take everything else that is sent. */
  async function pass({ environment }: Harness, ms: number): Promise<readonly unknown[]> {
    const { socket } = environment;
    const sent: unknown[] = [];
    for (let left = ms; left > 0; left -= 500) {
      await environment.advance(Math.min(left, 500));
      const taken = socket.takeSent();
      if (taken.includes("ping")) socket.receiveText("pong");
      sent.push(...taken.filter((each) => each !== "ping"));
    }
    return sent;
  }

  test.each([
    [3_600_000, 2_700_000],
    [40_000, 30_000],
    [24_000, 14_000],
    [12_000, 6_000],
  ])("a token that expires in %i ms is renewed after %i ms", async (life, wait) => {
    const harness = await endingIn(life);
    expect(await pass(harness, wait - 500)).toEqual([]);
    expect(await pass(harness, 500)).toEqual([{ type: "auth", token: "t2", ref: "token-1" }]);
  });

  test("the reply to a renewal determines when the next one is due", async () => {
    const harness = await endingIn(40_000);
    await pass(harness, 30_000);
    const { frames } = harness;
    harness.environment.socket.receive({
      type: "reply",
      ref: "token-1",
      ok: true,
      expiresAt: at(harness, 80_000),
    });
    expect(frames).toHaveLength(1);
    expect(await pass(harness, 59_500)).toEqual([]);
    expect(await pass(harness, 500)).toEqual([{ type: "auth", token: "t3", ref: "token-2" }]);
  });

  test("other messages in the frame of the reply are passed on", async () => {
    const harness = await endingIn(40_000);
    await pass(harness, 30_000);
    const scopes = { type: "scopes", scopes: ["room:read"] };
    const other = { type: "reply", ref: "of-another", ok: true };
    harness.environment.socket.receive(scopes, { type: "reply", ref: "token-1", ok: true }, other);
    expect(harness.frames.at(-1)).toEqual([scopes, other]);
  });

  test("a token that no longer expires is not renewed", async () => {
    const harness = await endingIn(40_000);
    await pass(harness, 30_000);
    harness.environment.socket.receive({
      type: "reply",
      ref: "token-1",
      ok: true,
      expiresAt: null,
    });
    expect(await pass(harness, 600_000)).toEqual([]);
  });

  test.each([
    ["is refused", (harness: Harness) => refuseRenewal(harness), counting()],
    ["gets no reply", () => {}, counting()],
  ])("a renewal that %s is tried again before the token expires", async (_, answer, token) => {
    const harness = await endingIn(40_000, token);
    await pass(harness, 30_000);
    answer(harness);
    expect(await pass(harness, 5_000)).toEqual([{ type: "auth", token: "t3", ref: "token-2" }]);
  });

  function refuseRenewal({ environment }: Harness): void {
    environment.socket.receive({
      type: "reply",
      ref: "token-1",
      ok: false,
      code: "auth_unavailable",
      detail: "Later.",
    });
  }

  test.each([
    ["fails", () => Promise.reject(new Error("down"))],
    ["hangs", never],
  ])("a token function that %s is called again before the token expires", async (_, broken) => {
    let calls = 0;
    const harness = await endingIn(40_000, () => (++calls === 2 ? broken() : `t${calls}`));
    expect(await pass(harness, 34_500)).toEqual([]);
    expect(calls).toBe(2);
    expect(await pass(harness, 500)).toEqual([{ type: "auth", token: "t3", ref: "token-1" }]);
    expect(harness.connection.isUp).toBe(true);
  });

  test("a token that is about to expire is renewed at most once a second", async () => {
    const harness = await endingIn(2_500);
    expect(await pass(harness, 1_000)).toEqual([]);
    expect(await pass(harness, 2_000)).toHaveLength(2);
  });

  test("a token that seems to have expired because the clocks differ is renewed every 30 s", async () => {
    const harness = await endingIn(-3_600_000);
    expect(await pass(harness, 29_500)).toEqual([]);
    expect(await pass(harness, 30_500)).toHaveLength(2);
  });

  test("another welcome sets a new expiry of the token", async () => {
    const harness = await endingIn(40_000);
    accept(harness, { expiresAt: at(harness, 400_000) });
    harness.environment.socket.takeSent();
    expect(await pass(harness, 60_000)).toEqual([]);
  });

  test("nothing is renewed without a connection, and a late token is not sent", async () => {
    const answers: ((token: string) => void)[] = [];
    let calls = 0;
    const harness = await endingIn(40_000, () =>
      ++calls === 2 ? new Promise<string>((resolve) => answers.push(resolve)) : `t${calls}`,
    );
    await pass(harness, 30_000);
    harness.environment.socket.closeByRoom(1006);
    await harness.environment.advance(300);
    accept(harness);
    harness.environment.socket.takeSent();
    answers[0]?.("late");
    await harness.environment.advance(0);
    expect(harness.environment.socket.takeSent()).toEqual([]);
    harness.connection.disconnect();
    expect(harness.environment.timers).toBe(0);
  });

  test("a connection without a token renews nothing", async () => {
    const harness = connect();
    harness.environment.socket.takeSent();
    harness.environment.socket.receive({ type: "reply", ref: "token-1", ok: true });
    expect(harness.frames).toHaveLength(2);
    expect(harness.environment.timers).toBe(1);
  });
});
