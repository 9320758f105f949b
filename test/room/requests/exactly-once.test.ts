// A client with a name sends requests again, and each of them takes effect once (rule X1).

import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { CollabError } from "../../../src/protocol/errors.ts";
import { passUntil, useFakeDate } from "../../support/fake-date.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import { setScript } from "../../fixtures/scripts.ts";
import {
  breakWrites,
  crash,
  evict,
  hibernate,
  mendWrites,
  newId,
  rooms,
  rowsWritten,
  sql,
} from "../../support/core/rooms.ts";
import { knownBy } from "../../support/core/sessions.ts";
import { connect, refusal } from "../../support/core/socket-client.ts";

useFakeDate();

const ada = { id: "ada" };

/** A running room with an array to push to. */
async function listRoom(behaviour = "scripted"): Promise<string> {
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour });
  await room.updateState(() => ({ list: [] }));
  return id;
}

/** A socket of ada's client. */
const come = (
  id: string,
  client = "tab-1",
  options: { resume?: TestSession; user?: JsonObject } = {},
): Promise<TestSession> =>
  connect(id, options.user ?? ada, {
    query: { client },
    ...(options.resume && { resume: knownBy(options.resume) }),
  });

const push = (value: number): JsonObject[] => [{ op: "add", path: "/list/-", value }];

const pushed = (session: TestSession, seq: number, value = seq) =>
  session.ask({ type: "update", patch: push(value), seq });

const act = (session: TestSession, seq: number, name: string, payload: JsonObject = {}) =>
  session.ask({ type: "action", name, payload, seq });

const listOf = async (id: string): Promise<unknown> => (await rooms.room(id).getState())["list"];

/** What a welcome says about the client's requests. */
const told = ({ welcome: { seq, refused } }: TestSession) => ({ seq, refused });

describe("a request that is sent again", () => {
  test("[X1] gets its reply again on the same socket, and is not carried out again", async () => {
    const id = await listRoom();
    const session = await come(id);
    expect(told(session)).toEqual({ seq: 0, refused: undefined });
    expect(await pushed(session, 1)).toMatchObject({ ok: true, version: 2 });
    expect(await pushed(session, 1)).toMatchObject({ ok: true, version: 2 });
    expect(await pushed(session, 2)).toMatchObject({ ok: true, version: 3 });
    expect(await listOf(id)).toEqual([1, 2]);
  });

  test("[X1] in the same window waits for the same commit", async () => {
    const id = await listRoom();
    const session = await come(id);
    const message = { type: "update", patch: push(1), seq: 1 } as const;
    session.send({ ...message, ref: "a" }, { ...message, ref: "b" }, { ...message, ref: "c" });
    const replies = [
      await session.next("reply"),
      await session.next("reply"),
      await session.next("reply"),
    ];
    expect(replies).toEqual(
      ["a", "b", "c"].map((ref) => ({ type: "reply", ref, ok: true, version: 2 })),
    );
    expect(await listOf(id)).toEqual([1]);
  });

  test("[X1] gets its reply on the next socket if the first was cut before the reply", async () => {
    const id = await listRoom();
    const first = await come(id);
    first.send({ type: "update", ref: 1, patch: push(1), seq: 1 });
    first.hangUp();
    await expect.poll(() => listOf(id)).toEqual([1]);
    const second = await come(id, "tab-1", { resume: first });
    expect(second.welcome.resumed).toBe(true);
    expect(told(second)).toEqual({ seq: 1, refused: undefined });
    expect(await pushed(second, 1)).toMatchObject({ ok: true, version: 2 });
    expect(await listOf(id)).toEqual([1]);
  });

  test("[X1] is recognised after a restart between commit and reply, because it is stored with the change", async () => {
    const id = await listRoom();
    const first = await come(id);
    await pushed(first, 1);
    await pushed(first, 2);
    await crash(id);
    const second = await come(id);
    expect(told(second)).toEqual({ seq: 2, refused: undefined });
    expect(await pushed(second, 2)).toMatchObject({ ok: true, version: 3 });
    expect(await pushed(second, 1)).toMatchObject({ ok: true, version: 2 });
    expect(await pushed(second, 3)).toMatchObject({ ok: true, version: 4 });
    expect(await listOf(id)).toEqual([1, 2, 3]);
  });

  test("[X1] is recognised after the room has slept, on the socket that stayed open", async () => {
    const id = await listRoom();
    const session = await come(id);
    const reply = await pushed(session, 1);
    await hibernate(id);
    expect(await pushed(session, 1)).toEqual({ ...reply, ref: expect.any(Number) });
    expect(await listOf(id)).toEqual([1]);
  });

  test("[X1, E2] reports dropped operations again", async () => {
    const id = await listRoom();
    const session = await come(id);
    await pushed(session, 1);
    const { version } = session;
    const gone = [{ op: "remove", path: "/list/0" }];
    expectOk(await session.ask({ type: "update", patch: gone, base: version, seq: 2 }));
    const again = { type: "update", patch: gone, base: version, seq: 3 } as const;
    const reply = await session.ask(again);
    expect(reply).toMatchObject({ ok: true, dropped: [0] });
    await pushed(session, 4); // an update without effect is stored with the client's next change
    await evict(id);
    expect(await session.ask(again)).toEqual({ ...reply, ref: expect.any(Number) });
  });

  test("[X1, S7] runs an action once, and repeats its result, even if the action changed nothing", async () => {
    const id = await listRoom();
    let runs = 0;
    setScript(id, {
      play: (_room, state, input) => {
        runs++;
        return Object(input).change
          ? { state: { ...state, runs }, result: { runs } }
          : { result: runs };
      },
    });
    const session = await come(id);
    const first = await act(session, 1, "play", { change: true });
    const second = await act(session, 2, "play");
    expect([first, second]).toMatchObject([{ result: { runs: 1 } }, { result: 2 }]);
    await crash(id);
    const later = await come(id);
    expect(told(later)).toEqual({ seq: 2, refused: undefined });
    expect(await act(later, 1, "play", { change: true })).toMatchObject({ result: { runs: 1 } });
    expect(await act(later, 2, "play")).toMatchObject({ result: 2 });
    expect(runs).toBe(2);
  });

  test("[X1] repeats a large result in full", async () => {
    const id = await listRoom();
    const result = "€".repeat(60_000);
    setScript(id, {
      play: (_room, state, input) => ({ state: { ...state, input: input as string }, result }),
    });
    const session = await come(id);
    await act(session, 1, "play");
    await crash(id);
    const later = await come(id);
    expect(told(later)).toEqual({ seq: 1, refused: undefined });
    expect(await act(later, 1, "play")).toMatchObject({ ok: true, version: 2, result });
  });
});

describe("refused requests", () => {
  test("[X1] are listed in the welcome, and stay refused", async () => {
    const id = await listRoom();
    const first = await come(id);
    expect(
      await first.ask({ type: "update", merge: { a: 1 }, ifVersion: 9, seq: 1 }),
    ).toMatchObject({
      ok: false,
      code: "version_conflict",
    });
    await pushed(first, 2);
    expect(await act(first, 3, "refuse")).toMatchObject({ ok: false, reason: "not_today" });
    await evict(id);
    const second = await come(id);
    // A refusal before a change is stored in its row. A refusal after it is lost with the memory.
    expect(told(second)).toEqual({ seq: 2, refused: [1] });
    const again = await second.ask({ type: "update", merge: { a: 1 }, ifVersion: 2, seq: 1 });
    expect(again).toMatchObject({ ok: false, code: "version_conflict" });
    expect(await act(second, 3, "refuse")).toMatchObject({ ok: false, reason: "not_today" });
    expect(await listOf(id)).toEqual([2]);
  });

  test("[X1] get the same answer while the room is in memory", async () => {
    const id = await listRoom();
    const first = await come(id);
    const conflict = { type: "update", merge: { a: 1 }, ifVersion: 2, seq: 1 } as const;
    expect(await first.ask(conflict)).toMatchObject({ code: "version_conflict" });
    await rooms.room(id).patchState([{ op: "add", path: "/b", value: 1 }]);
    const second = await come(id);
    expect(told(second)).toEqual({ seq: 1, refused: [1] });
    expect(await second.ask(conflict)).toMatchObject({ code: "version_conflict" });
    expect(await rooms.room(id).getState()).toEqual({ list: [], b: 1 });
  });

  test("[X1] that may succeed later are not remembered, and can be sent again with their number", async () => {
    const id = await listRoom();
    setScript(id, { play: () => new Promise<never>(() => {}) });
    const session = await come(id);
    expect(await act(session, 1, "play")).toMatchObject({ code: "call_timeout" });
    await pushed(session, 2);
    setScript(id, { play: () => ({ result: "done" }) });
    expect(await act(session, 1, "play")).toMatchObject({ ok: true, result: "done" });
    await evict(id);
    expect(await act(session, 1, "play")).toMatchObject({ ok: true, result: "done" });
  });

  test("[X1, S4] whose commit failed are not remembered", async () => {
    const id = await listRoom();
    const session = await come(id);
    await breakWrites(id, "changes");
    expect(await pushed(session, 1)).toMatchObject({ ok: false, code: "commit_failed" });
    await mendWrites(id, "changes");
    expect(await pushed(session, 1)).toMatchObject({ ok: true, version: 2 });
    expect(await pushed(session, 1)).toMatchObject({ ok: true, version: 2 });
    expect(await listOf(id)).toEqual([1]);
  });
});

describe("one client, one socket", () => {
  test("[X1, S4] a refusal that may reveal staged changes waits for the commit, also when it is sent again", async () => {
    const id = await listRoom();
    const session = await come(id);
    await breakWrites(id, "changes");
    const conflict = { type: "update", merge: { a: 1 }, ifVersion: 1, seq: 2 } as const;
    session.send(
      { type: "update", ref: "a", patch: push(1), seq: 1 },
      { ...conflict, ref: "b" },
      { ...conflict, ref: "c" },
    );
    const replies = await Promise.all(
      ["a", "b", "c"].map((ref) => session.next("reply", (reply) => reply.ref === ref)),
    );
    await mendWrites(id, "changes");
    for (const reply of replies) expectFailed(reply, "commit_failed");
  });

  test("[X1, B5] an action that only schedules is committed together with its answer", async () => {
    const id = await listRoom();
    setScript(id, {
      play: (room) => {
        room.schedule("nothing", {}, room.now + 60_000);
        return { result: "asked" };
      },
    });
    const session = await come(id);
    await breakWrites(id, "schedules");
    expectFailed(await act(session, 1, "play", {}), "commit_failed");
    await mendWrites(id, "schedules");
    expect(await act(session, 1, "play", {})).toMatchObject({ ok: true, result: "asked" });
    await evict(id);
    expect(await act(session, 1, "play", {})).toMatchObject({ ok: true, result: "asked" });
    expect(await sql(id, "SELECT count(*) AS n FROM schedules")).toEqual([{ n: 1 }]);
  });

  test("[X1, W4] a second socket replaces the first", async () => {
    const id = await listRoom();
    const [first, other] = [await come(id), await come(id, "tab-2")];
    await pushed(first, 1);
    const second = await come(id);
    expect(await first.closed).toEqual({ code: 4203, reason: "replaced" });
    expect(told(second)).toEqual({ seq: 1, refused: undefined });
    await second.fence(other);
    expect(await rooms.room(id).getUser("ada")).toMatchObject({ sessions: 2 });
    expect(await pushed(second, 2)).toMatchObject({ ok: true });
  });

  test("[X1, L1] a replacing socket does not count towards the socket limits", async () => {
    const id = await listRoom();
    const tabs = await Promise.all(Array.from({ length: 32 }, (_, tab) => come(id, `tab-${tab}`)));
    expect((await refusal(id, ada, { query: { client: "tab-32" } })).problem.code).toBe(
      "room_full",
    );
    await come(id, "tab-7");
    expect(await tabs[7]?.closed).toEqual({ code: 4203, reason: "replaced" });
  });

  test("[X1] clients of one user number their requests independently", async () => {
    const id = await listRoom();
    const [first, second] = [await come(id, "tab-1"), await come(id, "tab-2")];
    await pushed(first, 1, 10);
    await pushed(second, 1, 20);
    await evict(id);
    await pushed(second, 1, 30);
    expect(await listOf(id)).toEqual([10, 20]);
  });

  test("[X1] another user's client name is refused before the upgrade, also after a sleep", async () => {
    const id = await listRoom();
    const session = await come(id);
    const bob = { id: "bob" };
    const taken = { status: 409, problem: { code: "client_taken" } };
    expect(await refusal(id, bob, { query: { client: "tab-1" } })).toMatchObject(taken);
    await pushed(session, 1);
    await session.close();
    expect(await refusal(id, bob, { query: { client: "tab-1" } })).toMatchObject(taken);
    await evict(id);
    expect(await refusal(id, bob, { query: { client: "tab-1" } })).toMatchObject(taken);
    expect((await rooms.room(id).getUsers()).map((user) => user.id)).not.toContain("bob");
  });
});

describe("the `seq` in the welcome", () => {
  test("[X1] is missing for a client without a name", async () => {
    const id = await listRoom();
    const session = await connect(id, ada);
    expect(session.welcome).not.toHaveProperty("seq");
  });

  test("[X1] is null for a client whose requests the room may have forgotten", async () => {
    const id = await listRoom();
    const first = await come(id);
    await pushed(first, 1);
    await first.close();
    const known = first;
    // After two more snapshots, the journal of that time is gone.
    const room = rooms.room(id);
    for (let n = 0; n < 6; n++)
      await room.updateState((state) => ({ ...state, big: `${n}`.repeat(200_000) }));
    await evict(id);
    const second = await come(id, "tab-1", { resume: known });
    expect(second.welcome.resumed).toBe(false);
    expect(told(second)).toEqual({ seq: null, refused: undefined });
    // It continues with new numbers.
    expect(await pushed(second, 2)).toMatchObject({ ok: true });
    expect(await listOf(id)).toEqual([1, 2]);
    // The room cannot be sure about a new client either, unless that client resumes.
    expect(told(await come(id, "tab-2"))).toEqual({ seq: null, refused: undefined });
    expect(told(await come(id, "tab-3", { resume: second }))).toEqual({
      seq: 0,
      refused: undefined,
    });
  });

  test("[X1] is null for a client from before a purge", async () => {
    const id = await listRoom();
    const first = await come(id);
    await pushed(first, 1);
    await rooms.room(id).stop({ purge: true });
    await first.closed;
    await listRoom();
    const second = await come(id, "tab-1", { resume: first });
    expect(told(second)).toEqual({ seq: null, refused: undefined });
    expect(told(await come(id, "tab-2"))).toEqual({ seq: 0, refused: undefined });
  });

  test("[X1, R8] is null for a client from an earlier epoch that has no version", async () => {
    const id = await listRoom();
    const before = await come(id);
    await pushed(before, 1);
    await before.close();
    await rooms.room(id).stop({ purge: true });
    const fresh = { query: { client: "tab-1", epoch: before.welcome.epoch } };
    expect((await connect(id, ada, fresh)).welcome.seq).toBeNull();
  });

  test("[X1, L1] comes with the unhandled numbers below it, which can be sent again", async () => {
    const id = await listRoom("slow");
    const session = await come(id);
    const asked = Array.from({ length: 30 }, (_, n) => n + 1);
    const replies = await Promise.all(
      asked.map((seq) => session.ask({ type: "update", patch: push(seq), seq })),
    );
    const refused = replies.flatMap((reply, n) => (reply.ok ? [] : [n + 1]));
    expect(refused.length).toBeGreaterThan(5);
    for (const reply of replies)
      if (!reply.ok) expect(reply).toMatchObject({ code: "rate_limited", retry: true });
    passUntil(Date.now() + 60_000);
    await pushed(session, 31);
    const again = await come(id, "tab-1", { resume: session });
    expect(again.welcome).toMatchObject({ seq: 31, missing: refused });
    await pushed(again, refused[0] as number);
    expect((await come(id, "tab-1", { resume: again })).welcome).toMatchObject({
      missing: refused.slice(1),
    });
  });

  test("[X1] does not let a number whose answer is gone be carried out again", async () => {
    const id = await listRoom();
    const session = await come(id);
    await pushed(session, 1);
    const room = rooms.room(id);
    for (let n = 0; n < 6; n++)
      await room.updateState((state) => ({ ...state, big: `${n}`.repeat(200_000) }));
    await pushed(session, 2);
    expect(await pushed(session, 1)).toMatchObject({ ok: false, code: "request_forgotten" });
    await evict(id);
    expect(await pushed(session, 1)).toMatchObject({ ok: false, code: "request_forgotten" });
    expect(await listOf(id)).toEqual([1, 2]);
  });

  test("[X1, W1] in another welcome on an open socket says what has survived", async () => {
    const id = await listRoom();
    const session = await come(id);
    for (const seq of [1, 2, 3]) await pushed(session, seq);
    // The last change is lost.
    await sql(id, "UPDATE changes SET patch = CAST('?' AS BLOB) WHERE version = 4");
    await sql(
      id,
      "CREATE TRIGGER full BEFORE INSERT ON changes BEGIN SELECT RAISE(ABORT, 'secret: full'); END",
    );
    expect(await pushed(session, 4)).toMatchObject({ code: "commit_failed" });
    await session.next("welcome");
    await sql(id, "DROP TRIGGER full");
    expect(told(session)).toEqual({ seq: 2, refused: undefined });
    // Lost requests are carried out when they are sent again, and those that survived are not.
    for (const seq of [2, 3, 4]) expect(await pushed(session, seq)).toMatchObject({ ok: true });
    expect(await listOf(id)).toEqual([1, 2, 3, 4]);
  });

  test("[X1, R7] is kept by a room that was stopped and keeps its state", async () => {
    const id = await listRoom();
    const first = await come(id);
    await pushed(first, 1);
    await rooms.room(id).stop();
    const second = await connect(id, ada, { behaviour: "scripted", query: { client: "tab-1" } });
    expect(told(second)).toEqual({ seq: 1, refused: undefined });
    await pushed(second, 1);
    expect(await listOf(id)).toEqual([1]);
  });
});

describe("invalid input", () => {
  test("[X1, W3] a number without a client name is a bad message", async () => {
    const id = await listRoom();
    const session = await connect(id, ada);
    const reply = await pushed(session, 1);
    expect(reply).toMatchObject({ ok: false, code: "bad_message" });
    expect(reply).toHaveProperty("detail", expect.stringContaining('"client"'));
    expect(await listOf(id)).toEqual([]);
  });

  test.each([0, -1, 1.5, "1", null, 2 ** 53])(
    "[X1, W3] the number %j is a bad message",
    async (seq) => {
      const id = await listRoom();
      const session = await come(id);
      session.sendRaw(JSON.stringify({ type: "update", ref: 1, patch: push(1), seq }));
      expect(await session.next("reply")).toMatchObject({ ok: false, code: "bad_message" });
      expect(await listOf(id)).toEqual([]);
    },
  );

  test.each(["", "a b", "ä", "x".repeat(65), "a.b"])(
    "[X1] the client name %j is refused",
    async (client) => {
      const id = await listRoom();
      const refused = await refusal(id, ada, { query: { client } });
      expect(refused).toMatchObject({ status: 400, problem: { code: "invalid_request" } });
    },
  );
});

describe("the cost of remembering", () => {
  test("[X1] is not a single additional row", async () => {
    const id = await listRoom();
    const [named, plain] = [await come(id), await connect(id, { id: "bob" })];
    const cost = async (run: () => Promise<unknown>): Promise<number> => {
      const before = await rowsWritten(id);
      await run();
      return (await rowsWritten(id)) - before;
    };
    await pushed(named, 1);
    const without = await cost(() => plain.update(push(7)));
    expect(await cost(() => pushed(named, 2))).toBe(without);
    expect(await cost(() => act(named, 3, "nothing"))).toBe(1);
    expect(await cost(() => act(named, 4, "refuse"))).toBe(0);
    expect(await cost(() => pushed(named, 2))).toBe(0);
  });

  test("[X1] is bounded per row, whatever the answers are", async () => {
    const id = await listRoom("swift");
    const result = "x".repeat(200_000);
    setScript(id, {
      play: (_room, state, input) => ({ state: { ...state, input: input as string }, result }),
    });
    const session = await come(id);
    for (let seq = 1; seq <= 24; seq++) expectOk(await act(session, seq, "play", { n: seq }));
    const [row] = await sql(
      id,
      "SELECT (SELECT max(length(requests)) FROM changes) AS beside, (SELECT sum(length(data)) FROM requests) AS apart",
    );
    expect(Number(row?.["beside"] ?? 0)).toBeLessThan(64 * 1024);
    expect(Number(row?.["apart"])).toBeLessThan(4.5 * 1024 * 1024);
    await evict(id);
    expect(await act(session, 24, "play", { n: 24 })).toMatchObject({ ok: true, result });
    expect(await act(session, 1, "play", { n: 1 })).toMatchObject({ code: "request_forgotten" });
  });
});

test("[X1] the error of a repeated refusal is the documented one", () => {
  expect(new CollabError("request_forgotten")).toMatchObject({ status: 409, retryable: false });
  expect(new CollabError("client_taken")).toMatchObject({ status: 409, retryable: false });
});
