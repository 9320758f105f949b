// Readers that are too slow. A client that does not acknowledge is closed once 4 MiB are in transit, and may come back.
// A client that acknowledges is not closed, however much there is to read.

import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import {
  initialFlow,
  pack,
  unpack,
  type SessionAttachment,
} from "../../../src/model/session-attachment.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { platform } from "../../support/core/platform.ts";
import { hibernate, newId, rooms, sql } from "../../support/core/rooms.ts";
import { knownBy, messagesOf, set } from "../../support/core/sessions.ts";
import { connect } from "../../support/core/socket-client.ts";
import { sessionByHand } from "../../support/room-by-hand.ts";
import { expectOk, type TestSession } from "../../support/session.ts";

useFakeDate();

let [id, room] = ["", {} as RoomHandle];

beforeEach(async () => {
  id = newId();
  room = await rooms.joinOrCreateRoom(id, { behaviour: "swift" });
});

const mebibyte = 1024 * 1024;
const quarter = "x".repeat(250_000);

/** Send this many events of 250,000 characters to everybody. */
async function pour(times: number): Promise<void> {
  for (let n = 0; n < times; n++) await room.broadcast("drop", quarter);
}

const marksOf = (session: TestSession): number[] => messagesOf(session, "mark").map(({ n }) => n);

/** The last mark that a session received. */
const lastMark = (session: TestSession): number => marksOf(session).at(-1) ?? -1;

/** Change the socket attachments of a room that is about to sleep. */
const changeAttachments = (change: (attachment: SessionAttachment) => object): Promise<void> =>
  platform.object(id).look(({ sockets }) => {
    for (const socket of sockets) {
      const attachment = socket.attachment as SessionAttachment;
      socket.attachment = { ...attachment, ...change(attachment) };
    }
  });

describe("a client that does not acknowledge", () => {
  test("[W3, L1] gets a mark every quarter of a MiB, and is closed with 4291 after more than 4 MiB", async () => {
    const deaf = await connect(id, { id: "deaf" }, { acks: false });
    const ada = await connect(id, { id: "ada" });
    await pour(16);
    await ada.fence();
    expect(marksOf(deaf).length).toBeGreaterThanOrEqual(8);
    expect((await room.info()).sockets).toBe(2);
    await pour(4);
    expect(await deaf.closed).toEqual({ code: 4291, reason: "too_slow" });
    expect((await room.info()).sockets).toBe(1);
    await ada.fence();
    expect(messagesOf(ada, "event").filter(({ event }) => event === "drop")).toHaveLength(20);
  });

  test("[W3, W1] can resume where it was", async () => {
    const deaf = await connect(id, { id: "deaf" }, { acks: false });
    expectOk(await deaf.update(set("n", 1)));
    await pour(20);
    await deaf.closed;
    await room.updateState(() => ({ n: 2 }));
    const back = await connect(id, { id: "deaf" }, { resume: knownBy(deaf) });
    expect(back.welcome).toMatchObject({ resumed: true, version: 2 });
    expect(back.state).toEqual({ n: 2 });
    await pour(20);
    await back.fence();
  });

  test("[W3] is not closed for changes that it reads late, once it acknowledges them", async () => {
    const late = await connect(id, { id: "late" }, { acks: false });
    for (let round = 0; round < 4; round++) {
      await pour(12);
      await late.until(({ messages }) => messages.length > 12 * (round + 1));
      late.send({ type: "ack", n: lastMark(late) });
    }
    await late.fence();
  });

  test("[W3, R6] is closed even if the room sleeps in between", async () => {
    const deaf = await connect(id, { id: "deaf" }, { acks: false });
    for (let round = 0; round < 4; round++) {
      await pour(5);
      await hibernate(id);
    }
    expect((await deaf.closed).code).toBe(4291);
  });

  test("[L1, U8] is closed by what a waking room sends, and its user is away", async () => {
    await connect(id, { id: "deaf" }, { acks: false });
    const ada = await connect(id, { id: "ada" });
    await ada.fence();
    // It is as far behind as allowed, and ada's expired typing is news for everybody.
    await changeAttachments(({ userId, presence, flow }) =>
      userId === "ada"
        ? { presence: pack({ ...unpack<object>(presence), typingUntil: 1 }) }
        : { flow: { ...flow, sent: flow.acked + 4 * mebibyte } },
    );
    await hibernate(id);
    await ada.fence();
    expect(messagesOf(ada, "welcome")).toHaveLength(1);
    expect(await room.info()).toMatchObject({ users: 2, sockets: 1 });
    expect(await room.getPresence()).toMatchObject({ deaf: { status: "away" } });
    const [deaf] = await sql(id, "SELECT data FROM members WHERE data LIKE '%deaf%'");
    expect(JSON.parse(String(deaf?.["data"]))).toHaveProperty("awayUntil");
  });

  test("[W3] may be behind by twice the state size that the behaviour allows", async () => {
    id = newId();
    room = await rooms.joinOrCreateRoom(id, { behaviour: "large" });
    const deaf = await connect(id, { id: "deaf" }, { acks: false });
    await pour(60); // 15 MB, where a state may have 8 MiB
    await deaf.fence();
    expect(marksOf(deaf).length).toBeLessThanOrEqual(16);
  });
});

describe("a client that acknowledges", () => {
  test("[W3] may be sent any amount", async () => {
    const ada = await connect(id, { id: "ada" });
    await pour(60);
    await ada.fence();
    expect(marksOf(ada).length).toBeGreaterThanOrEqual(25);
  });

  test("[W3, R6] is not closed for what it had acknowledged before the room slept", async () => {
    const ada = await connect(id, { id: "ada" }, { acks: false });
    await pour(15);
    await ada.fence();
    ada.send({ type: "ack", n: lastMark(ada) });
    await ada.fence(); // the acknowledgement has arrived
    await hibernate(id);
    await pour(8);
    await ada.fence();
    expect((await room.info()).sockets).toBe(1);
  });

  test("[W3, R6] can acknowledge after a sleep what was sent before it", async () => {
    const ada = await connect(id, { id: "ada" }, { acks: false });
    await pour(15);
    await ada.fence();
    await hibernate(id);
    ada.send({ type: "ack", n: lastMark(ada) });
    await pour(8);
    await ada.fence();
    expect(messagesOf(ada, "error")).toEqual([]);
  });
});

describe("marks", () => {
  test("[W3, L1] are random: neither their order nor what was sent reveals the next one", async () => {
    const [ada, bob] = [await connect(id, { id: "ada" }), await connect(id, { id: "bob" })];
    await pour(40);
    await Promise.all([ada.fence(), bob.fence()]);
    const marks = [...marksOf(ada), ...marksOf(bob)];
    expect(new Set(marks).size).toBe(marks.length);
    expect(marks.filter((n) => n > 2 ** 40)).not.toEqual([]);
    expect(marks.every((n) => Number.isSafeInteger(n))).toBe(true);
    expect(marksOf(ada)).not.toEqual(marksOf(ada).toSorted((a, b) => a - b));
  });

  test("[W3, L1] of another session, or guessed, acknowledge nothing", async () => {
    const [ada, deaf] = [
      await connect(id, { id: "ada" }),
      await connect(id, { id: "ada" }, { acks: false }),
    ];
    for (let round = 1; round <= 4; round++) {
      await pour(4);
      await ada.fence();
      deaf.send({ type: "ack", n: lastMark(ada) });
      deaf.send({ type: "ack", n: 4 * round * 250_000 });
    }
    await deaf.until((session) => messagesOf(session, "error").length === 8);
    await pour(4);
    expect((await deaf.closed).code).toBe(4291);
  });

  test("[W3] can be acknowledged once, each together with earlier ones", async () => {
    const ada = await connect(id, { id: "ada" }, { acks: false });
    await pour(8);
    await ada.fence();
    const [first, second, third] = marksOf(ada) as [number, number, number];
    ada.send({ type: "ack", n: second });
    await ada.fence();
    expect(messagesOf(ada, "error")).toEqual([]);
    for (const n of [first, second]) {
      ada.send({ type: "ack", n });
      expect(await ada.next("error")).toMatchObject({ code: "bad_message" });
    }
    ada.send({ type: "ack", n: third });
    await ada.fence();
    expect(messagesOf(ada, "error")).toHaveLength(2);
  });

  test("[W3, U8] that nobody acknowledges stay few enough for the socket attachment", () => {
    const { session, socket } = sessionByHand();
    for (let n = 0; n < 1000; n++) {
      session.probe();
      session.heard();
      session.send("x");
    }
    const { flow } = socket.attachment as SessionAttachment;
    expect(flow.marks.length).toBeLessThanOrEqual(32);
    expect(session.acknowledge(flow.marks.at(-1)?.n ?? -1)).toBe(true);
  });

  test("[T5, N4] sent by a clock that was ahead count as sent now at the latest", () => {
    const now = 1_000_000;
    const flow = { sent: 9, acked: 0, marks: [{ n: 1, at: 9, sentAt: now + 3_600_000 }] };
    const { session, socket } = sessionByHand({ flow }, { now });
    session.saveAttachment();
    expect(socket.attachment).toMatchObject({ flow: { marks: [{ n: 1, sentAt: now }] } });
  });
});

describe("a welcome of any size", () => {
  test("[W3, W1, N3] counts as read, so that a newcomer is never too slow for it", async () => {
    id = newId();
    room = await rooms.joinOrCreateRoom(id, { behaviour: "large" });
    await room.updateState(() => ({ text: "x".repeat(6_000_000) }));
    const deaf = await connect(id, { id: "deaf" }, { acks: false });
    await room.updateState((state) => ({ ...state, n: 1 }));
    await deaf.fence();
    expect(deaf.state["n"]).toBe(1);
    expect(marksOf(deaf)).toEqual([]);
  });

  test("[W3, N3] leaves the whole limit for what follows, and no more", () => {
    const { session } = sessionByHand();
    session.sendWelcome(["x".repeat(20 * mebibyte)]);
    expect([session.unread, session.isTooSlow]).toEqual([0, false]);
    for (let n = 0; n < 16; n++) session.send("x".repeat(mebibyte / 4));
    expect(session.isTooSlow).toBe(false);
    session.send("x");
    expect(session.isTooSlow).toBe(true);
  });
});

describe("all sessions together", () => {
  const limit = 64 * mebibyte;
  const acknowledgeTime = 5000;

  /** Forty users, each this far behind with a mark of this age. */
  async function fallBehind(unread: (n: number) => number, age: number) {
    const sessions: TestSession[] = [];
    for (let n = 0; n < 40; n++)
      sessions.push(await connect(id, { id: String(n) }, { acks: false }));
    await changeAttachments(({ userId }) => ({
      flow: {
        ...initialFlow,
        sent: unread(Number(userId)),
        marks: [{ n: 1, at: 1, sentAt: Date.now() - age }],
      },
    }));
    await hibernate(id);
    return sessions;
  }

  test("[N4, L1] may have 64 MiB unread, and beyond that the slowest are closed first", async () => {
    const sessions = await fallBehind((n) => limit / 40 + 1000 * n, acknowledgeTime + 1);
    await room.broadcast("hello");
    await sessions[39]?.closed;
    const { sockets } = await room.info();
    expect(sockets).toBeLessThan(40);
    for (const session of sessions.slice(sockets))
      expect(await session.closed).toEqual({ code: 4291, reason: "too_slow" });
    await sessions[0]?.fence(...sessions.slice(1, sockets));
  });

  test("[N4] are not counted while they have time to acknowledge", async () => {
    const sessions = await fallBehind((n) => limit / 40 + 1000 * n, 0);
    await room.broadcast("hello");
    await sessions[0]?.fence(...sessions.slice(1));
    pass(acknowledgeTime + 1);
    await room.broadcast("hello");
    await sessions[39]?.closed;
  });
});
