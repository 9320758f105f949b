// Changes as listeners receive them: every one, in order and without a gap, whoever made it and however. The changes of
// one window are one row and one frame.

import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { at, expectJson, send, taggedVersion } from "../../support/core/http.ts";
import { evict, rowsWritten } from "../../support/core/rooms.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import { connect } from "../../support/core/socket-client.ts";
import {
  arrived,
  changesTo,
  gather,
  hold,
  journalOf,
  messagesOf,
  set,
} from "../../support/core/sessions.ts";

useFakeDate();

let [id, room, ada, bob] = ["", {} as RoomHandle, {} as TestSession, {} as TestSession];

beforeEach(async () => {
  const gathered = await gather("swift", "ada", "bob");
  [id, room] = [gathered.id, gathered.room];
  [ada, bob] = gathered.sessions as [TestSession, TestSession];
});

/** A range of versions, one by one. */
const steps = (to: number): [number, number][] => Array.from({ length: to }, (_, n) => [n, n + 1]);

describe("a change", () => {
  test("[W2] is sent to every listener, however it was made", async () => {
    const json = "application/json";
    const writers: [state: object, write: () => Promise<unknown>][] = [
      [{ a: 1 }, () => ada.update(set("a", 1))],
      [{ a: 1, b: { c: 1 } }, () => bob.merge({ b: { c: 1 } })],
      [{ a: 1, b: { c: 1 }, title: "x" }, () => ada.act("rename", { title: "x" })],
      [{ title: "y" }, () => room.updateState(() => ({ title: "y" }))],
      [{ title: "z" }, () => room.act("rename", { title: "z" })],
      [{}, () => room.patchState([{ op: "remove", path: "/title" }])],
      [{ m: 1 }, () => ask("PATCH", "application/merge-patch+json", { m: 1 })],
      [{}, () => ask("PATCH", "application/json-patch+json", [{ op: "remove", path: "/m" }])],
      [{ whole: true }, () => ask("PUT", json, { whole: true })],
    ];
    const ask = async (method: string, type: string, body: unknown) =>
      expectJson(await send(method, at(id, "/state"), { json: body, type }), 200);
    for (const [index, [state, write]] of writers.entries()) {
      await write();
      await Promise.all([ada.fence(), bob.fence()]);
      for (const session of [ada, bob])
        expect([session.state, session.version]).toEqual([state, index + 1]);
      expect(await room.getState()).toEqual(state);
    }
    expect(changesTo(ada)).toEqual(steps(writers.length));
    expect(changesTo(bob)).toEqual(steps(writers.length));
  });

  test("[W2] comes before its reply in the same frame, and the reply has its version", async () => {
    expect(expectOk(await ada.update(set("a", 1))).version).toBe(1);
    expect(expectOk(await ada.act("rename", { title: "x" }))).toMatchObject({
      version: 2,
      result: "renamed",
    });
    for (const frame of ada.frames.filter((text) => text.includes('"reply"')))
      expect(JSON.parse(frame).map(({ type }: { type: string }) => type)).toEqual([
        "change",
        "reply",
      ]);
    expect(messagesOf(bob, "reply")).toEqual([]);
  });

  test("[W2, S9] may contain keys with a special meaning in JavaScript", async () => {
    expectOk(await ada.update([{ op: "add", path: "/__proto__", value: { x: 1 } }]));
    ada.sendRaw('{"type":"update","ref":"raw","merge":{"constructor":{"__proto__":null,"y":2}}}');
    expectOk(await ada.next("reply"));
    const text = '{"__proto__":{"x":1},"constructor":{"y":2}}';
    expect(JSON.stringify(await room.getState())).toBe(text);
    await bob.fence();
    expect(JSON.stringify(bob.state)).toBe(text);
  });

  test("[S3] without effect keeps the version, writes nothing and is not sent", async () => {
    await ada.update(set("n", 1));
    await Promise.all([ada.fence(), bob.fence()]);
    const rows = await rowsWritten(id);
    expect(expectOk(await ada.update([])).version).toBe(1);
    expect(expectOk(await ada.update(set("n", 1))).version).toBe(1);
    expect(expectOk(await bob.merge({ n: 1, gone: null })).version).toBe(1);
    expect(expectOk(await bob.act("nothing")).version).toBe(1);
    expect(await room.updateState((state) => state)).toEqual({ version: 1 });
    await Promise.all([ada.fence(), bob.fence()]);
    expect(changesTo(bob)).toEqual(steps(1));
    expect(await rowsWritten(id)).toBe(rows);
  });

  test("[S5] whose patch does not apply changes nothing, and the next message is handled", async () => {
    const replies = [
      ada.update([
        { op: "add", path: "/a", value: 1 },
        { op: "remove", path: "/none" },
      ]),
      ada.update([{ op: "bogus" }]),
      ada.update(set("b", 1)),
    ];
    expectFailed((await replies[0])!, "patch_failed");
    expectFailed((await replies[1])!, "malformed");
    expect(expectOk((await replies[2])!).version).toBe(1);
    expect(ada.state).toEqual({ b: 1 });
  });

  test("[S6] with an outdated version is a conflict, and with the current one it is made", async () => {
    expectOk(await ada.update(set("n", 1), 0));
    const conflict = expectFailed(await bob.update(set("n", 2), 0), "version_conflict");
    expect(conflict.detail).toContain("version 1");
    expectFailed(await bob.merge({ n: 2 }, 2), "version_conflict");
    expect(expectOk(await bob.merge({ n: 2 }, 1)).version).toBe(2);
    expect(await room.getState()).toEqual({ n: 2 });
  });

  test("[S6] can expect a version that is not committed yet", async () => {
    await ada.update(set("n", 0));
    const letGo = await hold(room);
    const first = bob.update(set("n", 1), 1);
    const second = ada.update(set("n", 2), 2);
    const late = bob.update(set("n", 3), 2);
    await letGo(ada, bob);
    expect([expectOk(await first).version, expectOk(await second).version]).toEqual([2, 3]);
    expect(expectFailed(await late, "version_conflict").detail).toContain("version 3");
    expect(await room.getState()).toEqual({ n: 2 });
  });
});

describe("a window", () => {
  test("[W2, S10] begins with one change that goes at once, and the others are one row and one frame", async () => {
    pass(1000); // the sessions have joined, and all is quiet
    const before = bob.frames.length;
    ada.send(
      ...Array.from({ length: 20 }, (_, n) => {
        return { type: "update", ref: `r${n}`, patch: set(`k${n}`, n) } as const;
      }),
    );
    await ada.next("reply", ({ ref }) => ref === "r19");
    await bob.until(({ version }) => version === 20);
    expect(await journalOf(id)).toEqual([
      [0, 1],
      [1, 20],
    ]);
    expect(changesTo(bob)).toEqual([
      [0, 1],
      [1, 20],
    ]);
    expect(bob.frames.length - before).toBe(2);
    const replies = messagesOf(ada, "reply").map((reply) => [reply.ref, expectOk(reply).version]);
    expect(replies).toEqual(Array.from({ length: 20 }, (_, n) => [`r${n}`, n + 1]));
  });

  test("[W2] lists how many operations each version has, unless each has one", async () => {
    const replaceN = (value: number) => ({ op: "replace", path: "/n", value });
    await ada.update(set("n", 0));
    const letGo = await hold(room);
    const writes = [
      bob.update([replaceN(1)]), // overwritten below, so nothing is left of it
      ada.update([replaceN(2), ...set("title", "x")]),
      bob.update(set("b", 1)),
    ];
    await letGo(ada, bob);
    const versions = (await Promise.all(writes)).map((reply) => expectOk(reply).version as number);
    const sizes = messagesOf(ada, "change").map((change) => change.sizes);
    expect(sizes[0]).toBeUndefined();
    const [overwritten, two, one] = versions.map((version) => (sizes[1] ?? [])[version - 2]);
    expect({ overwritten, two, one }).toEqual({ overwritten: 0, two: 2, one: 1 });
  });

  test("[W2, S10] is shared by all writers: sockets, actions and HTTP", async () => {
    await ada.update(set("n", 0));
    const letGo = await hold(room);
    const writes = [
      bob.update(set("b", 1)),
      ada.act("rename", { title: "x" }),
      bob.merge({ b: null }),
      room.patchState([{ op: "add", path: "/c", value: 1 }]),
      room.act("rename", { title: "y" }),
    ];
    await letGo(ada, bob);
    const versions = (await Promise.all(writes)).map((written) => Object(written).version);
    expect(versions).toEqual(expect.arrayContaining([2, 3, 4, 5, 6]));
    expect(await journalOf(id)).toEqual([
      [0, 1],
      [1, 6],
    ]);
    for (const session of [ada, bob]) {
      await session.fence();
      expect(session.state).toEqual({ n: 0, title: "y", c: 1 });
    }
  });

  test("[S4] hides its changes from readers until they are committed", async () => {
    await ada.update(set("n", 0));
    const letGo = await hold(room);
    const update = bob.update(set("n", 1));
    await arrived(bob);
    const read = send("GET", at(id, "/state"));
    await letGo(bob);
    const response = await read;
    const version = taggedVersion(response);
    const state = await expectJson(response, 200);
    expect([
      [1, { n: 0 }],
      [2, { n: 1 }],
    ]).toContainEqual([version, state]);
    // By then that version is in the journal, in a row that ends with it.
    expect((await journalOf(id)).map(([, to]) => to)).toContain(version);
    expect(expectOk(await update).version).toBe(2);
    expect(await room.getState()).toEqual({ n: 1 });
  });

  test("[S1, S4] ends before an update function runs, because its input must be committed", async () => {
    await ada.update(set("n", 0));
    const letGo = await hold(room);
    const update = bob.update(set("n", 1));
    const rows: unknown[] = [];
    const updating = room.updateState(async (state) => {
      rows.push(await journalOf(id), state);
      return { n: 2 };
    });
    await letGo(bob);
    expectOk(await update);
    expect(await updating).toEqual({ version: 3 });
    expect(rows).toEqual([
      [
        [0, 1],
        [1, 2],
      ],
      { n: 1 },
    ]);
  });

  test("[W2, S3] whose changes cancel out leaves the state as it was, and keeps the versions", async () => {
    await ada.update(set("n", 0));
    const letGo = await hold(room);
    const replies = [bob.update(set("n", 1)), ada.update(set("n", 0))];
    await letGo(ada, bob);
    const versions = (await Promise.all(replies)).map((reply) => expectOk(reply).version);
    expect(versions).toEqual([2, 3]);
    await bob.fence();
    expect([bob.state, bob.version]).toEqual([{ n: 0 }, 3]);
    await evict(id);
    expect([await room.getState(), (await room.info()).version]).toEqual([{ n: 0 }, 3]);
  });

  test("[W2] accepts a hundred updates in one frame close to the size limit", async () => {
    const value = "x".repeat(2000);
    ada.send(
      ...Array.from({ length: 100 }, (_, n) => {
        return { type: "update", ref: n, patch: set(`k${n}`, value) } as const;
      }),
    );
    await ada.next("reply", ({ ref }) => ref === 99);
    for (const reply of messagesOf(ada, "reply")) expectOk(reply);
    expect(Object.keys(await room.getState())).toHaveLength(100);
  });
});

describe("a room that sleeps between changes", () => {
  test("[W2, R6] continues for all listeners, and calls no hook", async () => {
    for (let n = 1; n <= 6; n++) {
      expect(expectOk(await (n % 2 ? ada : bob).update(set("n", n))).version).toBe(n);
      await evict(id);
    }
    const carol = await connect(id, { id: "carol" });
    expect(carol.welcome).toMatchObject({ version: 6, state: { n: 6 } });
    await Promise.all([ada.fence(), bob.fence()]);
    for (const session of [ada, bob]) {
      expect(changesTo(session)).toEqual(steps(6));
      expect(session.state).toEqual({ n: 6 });
      expect(messagesOf(session, "welcome")).toHaveLength(1);
    }
  });
});
