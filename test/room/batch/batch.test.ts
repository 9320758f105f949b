// A batch takes everything that waits for a flush once, as one value, and everybody who depends on the commit learns
// its outcome.

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
  test("[W2] contains everything that waited, in order, and is taken once", () => {
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

  test("[S4] counts the waiting characters until they are taken", () => {
    const { batch, ada } = create();
    expect(batch.characters).toBe(0);
    batch.addReply(ada, "12345");
    batch.addEvent(event("e"), null);
    expect(batch.characters).toBe(5 + JSON.stringify(event("e")).length);
    batch.take(null, noPeople);
    expect(batch.characters).toBe(0);
  });

  test("[W4] contains nothing for a session that has ended in the meantime", () => {
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

  test("[P2, R6] saves the attachment of each changed session once", () => {
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
  test("[S4, P2] is as urgent as the most urgent item, and is returned once", () => {
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

  test("[W1, W5] is made by events and newcomers, while a reply goes with the flush that it waits for", () => {
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

  test("[S4] is satisfied by a flush that was made for another reason", () => {
    const { batch } = create();
    batch.requestFlush("change");
    batch.take(null, noPeople);
    expect(batch.takeRequest()).toBeNull();
  });
});

describe("a caller that awaits the commit", () => {
  test("[S4] resumes when the batch is taken, together with all others", async () => {
    const { batch } = create();
    const order: string[] = [];
    const waiting = [1, 2].map((n) => batch.whenCommitted().then(() => order.push(`waited ${n}`)));
    await Promise.resolve();
    order.push("taken");
    batch.take(change, noPeople);
    await Promise.all(waiting);
    expect(order).toEqual(["taken", "waited 1", "waited 2"]);
  });

  test("[S4] waits for the next commit if it asks after one", async () => {
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

  test("[S4] gets the commit's error, whether it asks before or after the failure", async () => {
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

describe("a read that waits for the next commit", () => {
  test("[S4] runs when the batch is taken, and not before", async () => {
    const { batch } = create();
    const reads: string[] = [];
    const reading = batch.readCommitted(() => reads.push("read"));
    await Promise.resolve();
    expect(reads).toEqual([]);
    batch.take(change, noPeople);
    expect(reads).toEqual(["read"]); // while nothing else can be staged
    expect(await reading).toBe(1);
  });

  test("[S4] fails on its own", async () => {
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
  test("[S4] turns the replies that depend on it into failures, and leaves the others alone", () => {
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

  test("[S4, W5] keeps the events, users and newcomers, which do not depend on it", () => {
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
