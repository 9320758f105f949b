// What waits for a flush is taken once, as one value; whoever depends on the commit is told how it ended.

import { describe, expect, test } from "vitest";
import { CollabError } from "../../../src/protocol/errors.ts";
import type { Change } from "../../../src/protocol/history.ts";
import type { RoomMessage } from "../../../src/protocol/messages.ts";
import { BatchBuilder, noPeople } from "../../../src/room/batch/batch.ts";
import { sessionByHand } from "../../support/room-by-hand.ts";

const change: Change = { from: 0, to: 1, patch: "[]" };
const failed = new CollabError("commit_failed", { instance: "log-1" });

const event = (name: string): RoomMessage => ({
  type: "event",
  event: name,
  payload: null,
  from: null,
  session: null,
});

const empty = {
  change: null,
  people: noPeople,
  events: [],
  replies: new Map(),
  newcomers: new Map(),
};

const create = () => {
  const { session: ada } = sessionByHand({ id: "s-ada", userId: "ada" });
  const { session: bob } = sessionByHand({ id: "s-bob", userId: "bob" });
  return { batch: new BatchBuilder(), ada, bob };
};

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ["ok", value],
    (error: unknown) => (error instanceof CollabError ? error.info : error),
  );

describe("a batch", () => {
  test("[W2] has everything that waited, in order, and is taken once", () => {
    const { batch, ada, bob } = create();
    batch.addEvent(event("first"), null);
    batch.addNewcomer(bob);
    batch.addEvent(event("second"), ada);
    batch.addReply(ada, "one");
    batch.addReply(ada, "two", 7);
    const people = { ...noPeople, presence: '{"type":"presence","leaves":["eve"]}' };
    expect(batch.take(change, people)).toEqual({
      change,
      people,
      events: [
        { text: JSON.stringify(event("first")), except: null },
        { text: JSON.stringify(event("second")), except: ada },
      ],
      replies: new Map([
        [
          ada,
          [
            { text: "one", pendingRef: undefined },
            { text: "two", pendingRef: 7 },
          ],
        ],
      ]),
      newcomers: new Map([[bob, 1]]), // with the number of events before it
    });
    expect(batch.take(null, noPeople)).toEqual(empty);
  });

  test("[S4] counts the characters that wait, until they are taken", () => {
    const { batch, ada } = create();
    expect(batch.characters).toBe(0);
    batch.addReply(ada, "12345");
    batch.addEvent(event("e"), null);
    expect(batch.characters).toBe(5 + JSON.stringify(event("e")).length);
    batch.take(null, noPeople);
    expect(batch.characters).toBe(0);
  });

  test("[W4] has nothing for a session that has ended meanwhile", () => {
    const { batch, ada, bob } = create();
    for (const session of [ada, bob]) {
      batch.addNewcomer(session);
      batch.addReply(session, "hello");
      batch.markUnsaved(session);
    }
    batch.forget(ada);
    const { replies, newcomers } = batch.take(null, noPeople);
    expect([[...replies.keys()], [...newcomers.keys()]]).toEqual([[bob], [bob]]);
  });

  test("[P2, R6] saves the attachments of sessions that have changed, once each", () => {
    const batch = new BatchBuilder();
    const hands = [
      sessionByHand({ id: "a" }),
      sessionByHand({ id: "b" }),
      sessionByHand({ id: "c" }),
    ];
    const [changed, gone, other] = hands as [
      (typeof hands)[0],
      (typeof hands)[0],
      (typeof hands)[0],
    ];
    batch.markUnsaved(changed.session);
    batch.markUnsaved(changed.session);
    batch.markUnsaved(gone.session);
    batch.forget(gone.session);
    expect(hands.map(({ socket }) => socket.attachment)).toEqual([null, null, null]);
    batch.take(null, noPeople);
    expect(changed.socket.attachment).toMatchObject({ id: "a" });
    expect([gone.socket.attachment, other.socket.attachment]).toEqual([null, null]);
    changed.socket.attachment = null;
    batch.take(null, noPeople);
    expect(changed.socket.attachment).toBeNull();
  });
});

describe("a request for a flush", () => {
  test("[S4, P2] is as urgent as the most urgent thing that waits, and is answered once", () => {
    const { batch } = create();
    expect(batch.takeRequest()).toBeNull();
    batch.requestFlush("signal");
    expect([batch.takeRequest(), batch.takeRequest()]).toEqual([
      { urgency: "signal", writer: null },
      null,
    ]);
    batch.requestFlush("signal");
    batch.requestFlush("change");
    batch.requestFlush("signal");
    expect([batch.takeRequest(), batch.takeRequest()]).toEqual([
      { urgency: "change", writer: null },
      null,
    ]);
  });

  test("[W1, W5] comes with events and newcomers; a reply goes with the flush it waits for", () => {
    const { batch, ada } = create();
    batch.addReply(ada, "text", 1);
    expect(batch.takeRequest()).toBeNull();
    batch.addEvent(event("e"), null);
    expect(batch.takeRequest()).toEqual({ urgency: "change", writer: ada });
    batch.addNewcomer(ada);
    expect(batch.takeRequest()).toEqual({ urgency: "welcome", writer: null });
    batch.requestFlush("signal");
    batch.addNewcomer(ada);
    batch.requestFlush("signal");
    expect(batch.takeRequest()).toEqual({ urgency: "welcome", writer: null });
  });

  test("[S4] is met by a flush that was made for something else", () => {
    const { batch } = create();
    batch.requestFlush("change");
    batch.take(null, noPeople);
    expect(batch.takeRequest()).toBeNull();
  });
});

describe("a commit that is awaited", () => {
  test("[S4] is over for all who wait when the batch is taken", async () => {
    const { batch } = create();
    const order: string[] = [];
    const waiting = [1, 2].map((n) => batch.whenCommitted().then(() => order.push(`waited ${n}`)));
    await Promise.resolve();
    order.push("taken");
    batch.take(change, noPeople);
    await Promise.all(waiting);
    expect(order).toEqual(["taken", "waited 1", "waited 2"]);
  });

  test("[S4] is the next one for who asks after it", async () => {
    const { batch } = create();
    const first = batch.whenCommitted();
    batch.take(change, noPeople);
    await first;
    let isOver = false;
    const second = batch.whenCommitted().then(() => (isOver = true));
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(isOver).toBe(false);
    batch.take(change, noPeople);
    await second;
  });

  test("[S4] that fails fails for all who wait and all who ask later, with the same error", async () => {
    const { batch } = create();
    const work = [batch.whenCommitted(), batch.readCommitted(() => "never read")].map(codeOf);
    expect(batch.failure).toBeNull();
    batch.reject(failed);
    expect(batch.failure).toBe(failed);
    work.push(codeOf(batch.whenCommitted()), codeOf(batch.readCommitted(() => "never read")));
    const { info } = failed;
    expect(await Promise.all(work)).toEqual([info, info, info, info]);
  });
});

describe("a read with the next commit", () => {
  test("[S4] is made when the batch is taken: before, nothing is read", async () => {
    const { batch } = create();
    const reads: string[] = [];
    const reading = batch.readCommitted(() => reads.push("read"));
    await Promise.resolve();
    expect(reads).toEqual([]);
    batch.take(change, noPeople);
    expect(reads).toEqual(["read"]); // while nothing else can be staged
    expect(await reading).toBe(1);
  });

  test("[S4] that fails fails alone", async () => {
    const { batch } = create();
    const broken = new RangeError("broken");
    const work = [
      batch.readCommitted(() => {
        throw broken;
      }),
      batch.readCommitted(() => Promise.reject(broken)),
      batch.readCommitted(async () => "read"),
    ].map(codeOf);
    batch.take(change, noPeople);
    expect(await Promise.all(work)).toEqual([broken, broken, ["ok", "read"]]);
  });
});

describe("a commit that fails", () => {
  test("[S4] turns the replies that depend on it into failures, and leaves the others", () => {
    const { batch, ada } = create();
    batch.addReply(ada, "independent");
    batch.addReply(ada, "depends", "r-1");
    batch.reject(failed);
    const replies = batch.take(null, noPeople).replies.get(ada) ?? [];
    expect(replies.map(({ pendingRef }) => pendingRef)).toEqual([undefined, undefined]);
    expect(replies[0]?.text).toBe("independent");
    expect(JSON.parse(replies[1]?.text ?? "")).toMatchObject({
      type: "reply",
      ref: "r-1",
      ok: false,
      code: "commit_failed",
      instance: "log-1",
    });
  });

  test("[S4, W5] keeps what does not depend on it: events, users, newcomers", () => {
    const { batch, ada } = create();
    batch.addEvent(event("e"), null);
    batch.users.remove("eve");
    batch.addNewcomer(ada);
    batch.reject(failed);
    expect(batch.take(null, noPeople)).toMatchObject({
      change: null,
      events: [{ text: JSON.stringify(event("e")) }],
      newcomers: new Map([[ada, 1]]),
    });
    expect(batch.users.take()).toEqual(new Map([["eve", "leave"]]));
  });
});
