// A reader that is too slow: who does not say how far it has read is closed once 4 MiB are on their way,
// and may come back; who says so is not, however much there is to read.

import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { evict, newId, rooms, sql, stubOf } from "../support/rooms.ts";
import { expectOk, type TestSession } from "../support/session.ts";
import type { SessionAttachment } from "../../src/model/session-attachment.ts";
import { connect } from "../support/socket-client.ts";
import { knownBy, messagesOf, set } from "../support/sessions.ts";

let [id, room] = ["", {} as RoomHandle];

beforeEach(async () => {
  id = newId();
  room = await rooms.joinOrCreateRoom(id, { behaviour: "swift" });
});

const quarter = "x".repeat(250_000);

/** Send this many events of a quarter of a million characters to all. */
async function pour(times: number): Promise<void> {
  for (let n = 0; n < times; n++) await room.broadcast("drop", quarter);
}

/** The last mark that came to a session. */
const lastMark = (session: TestSession): number => messagesOf(session, "mark").at(-1)?.n ?? 0;

describe("a client that does not acknowledge", () => {
  test("[W3] is marked every quarter of a MiB, and closed with 4291 after more than 4 MiB", async () => {
    const deaf = await connect(id, { id: "deaf" }, { acks: false });
    const ada = await connect(id, { id: "ada" });
    await pour(16);
    await ada.fence();
    expect(messagesOf(deaf, "mark").length).toBeGreaterThanOrEqual(8);
    expect((await room.info()).sockets).toBe(2);
    await pour(4);
    expect(await deaf.closed).toEqual({ code: 4291, reason: "too_slow" });
    expect((await room.info()).sockets).toBe(1);
    await ada.fence();
    expect(messagesOf(ada, "event").filter(({ event }) => event === "drop")).toHaveLength(20);
  });

  test("[W3, W1] may resume where it was", async () => {
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

  test("[W3] is not closed for changes that it reads late, once it says so", async () => {
    const late = await connect(id, { id: "late" }, { acks: false });
    for (let round = 0; round < 4; round++) {
      await pour(12);
      await late.until(({ messages }) => messages.length > 12 * (round + 1));
      late.send({ type: "ack", n: lastMark(late) });
    }
    await late.fence();
  });

  test("[W3, R6] is closed when the room sleeps in between, too", async () => {
    const deaf = await connect(id, { id: "deaf" }, { acks: false });
    for (let round = 0; round < 4; round++) {
      await pour(5);
      await evict(id);
    }
    expect((await deaf.closed).code).toBe(4291);
  });

  test("[L1, U8] is closed by what a room says as it wakes, and its user is away", async () => {
    await connect(id, { id: "deaf" }, { acks: false });
    const ada = await connect(id, { id: "ada" });
    await ada.fence();
    // As far behind as may be; and as if ada had typed long ago, which is news to all.
    await runInDurableObject(stubOf(id), (_, ctx) => {
      for (const socket of ctx.getWebSockets()) {
        const attachment = socket.deserializeAttachment() as SessionAttachment;
        const { presence, flow } = attachment;
        socket.serializeAttachment({
          ...attachment,
          ...(attachment.userId === "ada" && { presence: { ...presence, typingUntil: 1 } }),
          ...(attachment.userId === "deaf" && { flow: { ...flow, sent: 4 * 1024 * 1024 } }),
        });
      }
    });
    await evict(id);
    await ada.fence();
    expect(messagesOf(ada, "welcome")).toHaveLength(1);
    expect(await room.info()).toMatchObject({ users: 2, sockets: 1 });
    expect(await room.getPresence()).toMatchObject({ deaf: { status: "away" } });
    const [deaf] = await sql(id, "SELECT data FROM members WHERE data LIKE '%deaf%'");
    expect(JSON.parse(String(deaf?.["data"]))).toHaveProperty("awayUntil");
  });

  test("[W3] may be behind by twice the state that a behaviour allows", async () => {
    id = newId();
    room = await rooms.joinOrCreateRoom(id, { behaviour: "large" });
    const deaf = await connect(id, { id: "deaf" }, { acks: false });
    await pour(24); // 6 MB, where a state may have 8 MiB
    await deaf.fence();
  });
});

describe("a client that acknowledges", () => {
  test("[W3] may be sent as much as there is", async () => {
    const ada = await connect(id, { id: "ada" });
    await pour(60);
    await ada.fence();
    expect(lastMark(ada)).toBeGreaterThan(14_000_000);
  });

  test("[W3, R6] is not closed for what it had acknowledged before the room slept", async () => {
    const ada = await connect(id, { id: "ada" }, { acks: false });
    await pour(15);
    await ada.fence();
    ada.send({ type: "ack", n: lastMark(ada) });
    await ada.fence(); // taken
    await evict(id);
    await pour(8);
    await ada.fence();
    expect((await room.info()).sockets).toBe(1);
  });

  test("[W3, R6] goes on counting after a sleep: its old marks stay good, larger ones are not", async () => {
    const ada = await connect(id, { id: "ada" }, { acks: false });
    await pour(4);
    await ada.fence();
    const old = lastMark(ada);
    await evict(id);
    ada.send({ type: "ack", n: old });
    await pour(4);
    await ada.fence();
    expect(lastMark(ada)).toBeGreaterThan(old);
    ada.send({ type: "ack", n: old });
    await ada.fence();
    expect(messagesOf(ada, "error")).toEqual([]);
    ada.send({ type: "ack", n: lastMark(ada) + 1 });
    expect((await ada.next("error")).code).toBe("bad_message");
    await ada.fence();
  });

  test("[W3, W1] is marked for a welcome that is large, and reads on", async () => {
    await room.updateState(() => ({ text: "x".repeat(1_000_000) }));
    const ada = await connect(id, { id: "ada" });
    await ada.next("mark");
    await ada.fence();
  });
});
