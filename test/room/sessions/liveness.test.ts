// Dead sockets. From time to time the room asks silent clients for a sign of life, and ends the sessions of those that
// do not answer.

import { describe, expect, test } from "vitest";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { hear, told } from "../../support/membership.ts";
import { alarmOf, hibernate, newId, ring, rooms, sql } from "../../support/core/rooms.ts";
import { messagesOf } from "../../support/core/sessions.ts";
import { connect } from "../../support/core/socket-client.ts";
import type { TestSession } from "../../support/session.ts";

useFakeDate();

const silence = 150_000;
const interval = 300_000;
const answerTime = 60_000;

/** Bob, who keeps pinging, and Ada, who acknowledges nothing. */
async function start() {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
  const bob = await connect(room.id, { id: "bob" });
  const ada = await connect(room.id, { id: "ada" }, { acks: false });
  return { room, bob, ada };
}

const timers = async (id: string): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await sql(id, "SELECT name, at FROM timers")).map(({ name, at }) => [
      String(name),
      Number(at),
    ]),
  );

/** Let time pass in which only Bob says anything, and ring the alarm. */
async function passSilently(id: string, bob: TestSession, ms: number): Promise<void> {
  pass(ms);
  await bob.ping();
  await ring(id);
}

/** Ask Ada for a sign of life. @returns the number of the mark */
async function asked(id: string, bob: TestSession, ada: TestSession): Promise<number> {
  const before = messagesOf(ada, "mark").length;
  await passSilently(id, bob, interval);
  await ada.until((session) => messagesOf(session, "mark").length > before);
  return messagesOf(ada, "mark").at(-1)?.n ?? -1;
}

describe("the room looks for dead sockets", () => {
  test("[U8, T3] with a timer that rings every five minutes while any are open", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const ada = await connect(room.id, { id: "ada" });
    const opened = Date.now();
    expect(await timers(room.id)).toMatchObject({ liveness: opened + interval });
    expect(await alarmOf(room.id)).toBeLessThanOrEqual(opened + interval);
    pass(interval - 1000);
    await ada.ping();
    pass(1000);
    await ring(room.id);
    expect(await timers(room.id)).toMatchObject({ liveness: Date.now() + interval });
    await ada.close();
    pass(interval);
    await ring(room.id);
    expect(await timers(room.id)).not.toHaveProperty("liveness");
  });
});

const lastWords: [string, (ada: TestSession) => Promise<unknown>][] = [
  ["has never sent anything", async () => {}],
  ["has pinged", (ada) => ada.ping()],
  ["has sent a message", (ada) => ada.touch()],
];

describe.for(lastWords)("a client that %s and then falls silent", ([, speak]) => {
  test("[U8] is asked for a sign of life, and closed if it gives none within a minute", async () => {
    const { room, bob, ada } = await start();
    await speak(ada);
    const presence = hear(bob, "presence");
    await asked(room.id, bob, ada);
    expect(await timers(room.id)).toMatchObject({ liveness: Date.now() + answerTime });
    await passSilently(room.id, bob, answerTime);
    expect(await ada.closed).toEqual({ code: 4202, reason: "silent" });
    expect(await presence()).toEqual([{ updates: { ada: { status: "away" } } }]);
    expect(await room.info()).toMatchObject({ users: 2, sockets: 1 });
    expect(await timers(room.id)).toMatchObject({ liveness: Date.now() + interval });
    await passSilently(room.id, bob, 10_000);
    await bob.fence();
    expect(bob.users).toEqual(await room.getUsers());
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U8, R6] is closed after a minute even if the room has slept in between", async () => {
    const { room, bob, ada } = await start();
    await speak(ada);
    await asked(room.id, bob, ada);
    await hibernate(room.id);
    await passSilently(room.id, bob, answerTime);
    expect(await ada.closed).toMatchObject({ code: 4202 });
  });
});

test.for(lastWords.slice(1))(
  "[U8] a client that %s in the last 150 s is not asked",
  async ([, speak]) => {
    const { room, bob, ada } = await start();
    pass(interval - silence);
    await speak(ada);
    await passSilently(room.id, bob, silence);
    expect(messagesOf(ada, "mark")).toEqual([]);
    expect(await timers(room.id)).toMatchObject({ liveness: Date.now() + interval });
  },
);

const answers: [string, (ada: TestSession, n: number) => Promise<unknown> | void][] = [
  ["acknowledges the mark", (ada, n) => ada.send({ type: "ack", n })],
  ["sends a message", (ada) => ada.touch()],
  ["sends an invalid message", (ada) => ada.sendRaw("?")],
  ["pings", (ada) => ada.ping()],
];

describe.for(answers)("a client that is asked and %s", ([, answer]) => {
  test("[U8] stays, and is asked again when it is silent again", async () => {
    const { room, bob, ada } = await start();
    for (let round = 0; round < 3; round++) {
      const n = await asked(room.id, bob, ada);
      await answer(ada, n);
      await passSilently(room.id, bob, answerTime);
      expect(await room.info()).toMatchObject({ sockets: 2 });
    }
    expect(messagesOf(ada, "mark")).toHaveLength(3);
    await asked(room.id, bob, ada);
    await passSilently(room.id, bob, answerTime);
    expect(await ada.closed).toMatchObject({ code: 4202 });
  });

  test("[U8, R6] stays even if the room has slept before and after", async () => {
    const { room, bob, ada } = await start();
    const n = await asked(room.id, bob, ada);
    await hibernate(room.id);
    await answer(ada, n);
    await room.info();
    await hibernate(room.id);
    await passSilently(room.id, bob, answerTime);
    expect(await room.info()).toMatchObject({ sockets: 2 });
  });
});

describe("clients that acknowledge", () => {
  test("[U8] stay forever, even without pings", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const ada = await connect(room.id, { id: "ada" });
    for (let round = 1; round <= 4; round++) {
      pass(interval);
      await ring(room.id);
      await ada.until((session) => messagesOf(session, "mark").length === round);
      await room.info();
      pass(answerTime);
      await ring(room.id);
      if (round % 2 === 0) await hibernate(room.id);
    }
    expect(await room.info()).toMatchObject({ users: 1, sockets: 1 });
    expect(told(room.id, "onLeave")).toEqual([]);
  });
});
