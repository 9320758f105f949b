// A write that fails. Everybody who waits for it is told, and nobody has seen anything of it. All sessions continue
// from what was committed, and so does the room.

import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { setScript } from "../../fixtures/scripts.ts";
import { useFakeDate } from "../../support/fake-date.ts";
import { breakWrites, evict, failure, failureCode, mendWrites } from "../../support/core/rooms.ts";
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
  slowly,
} from "../../support/core/sessions.ts";

useFakeDate();

let [id, room, ada, bob] = ["", {} as RoomHandle, {} as TestSession, {} as TestSession];

/** A room at version 1 with an open window. */
beforeEach(async () => {
  const gathered = await gather("swift", "ada", "bob");
  [id, room] = [gathered.id, gathered.room];
  [ada, bob] = gathered.sessions as [TestSession, TestSession];
  expectOk(await bob.update(set("n", 1)));
});

/** Everybody still has version 1, nobody was welcomed again, and the room accepts changes again. */
async function expectToGoOn(...sessions: TestSession[]): Promise<void> {
  await mendWrites(id, "changes");
  expect(await room.getState()).toEqual({ n: 1 });
  expect(expectOk(await ada.update(set("n", 2))).version).toBe(2);
  for (const session of sessions) {
    await session.fence();
    expect([session.state, session.version]).toEqual([{ n: 2 }, 2]);
    expect(messagesOf(session, "welcome")).toHaveLength(1);
  }
}

describe("a commit that fails", () => {
  test("[S4] is reported to the writer with the id of its log line, and shown to nobody", async () => {
    await breakWrites(id, "changes");
    const reply = expectFailed(await ada.update(set("secret", 1)), "commit_failed");
    expect(reply.instance).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.detail).not.toMatch(/disk|secret/);
    expect(await room.getState()).toEqual({ n: 1 });
    await expectToGoOn(ada, bob);
    expect(ada.frames.concat(bob.frames).join()).not.toContain("secret");
    expect(await journalOf(id)).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  test("[S4] fails everything in its window alike: updates by socket, over HTTP and by actions", async () => {
    const letGo = await hold(room);
    await breakWrites(id, "changes");
    const replies = [ada.update(set("a", 1)), bob.update(set("b", 1)), ada.merge({ c: 1 })];
    replies.push(bob.act("rename", { title: "Bridge" }));
    const calls = [failure(room.patchState([{ op: "add", path: "/d", value: 1 }]))];
    calls.push(failure(room.act("rename", { title: "Tower" })));
    await letGo(ada, bob);
    const errors = [...(await Promise.all(replies)), ...(await Promise.all(calls))];
    for (const error of errors) expect(error).toMatchObject({ code: "commit_failed" });
    const instances = new Set(errors.map((error) => "instance" in error && error.instance));
    expect([...instances]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    await expectToGoOn(ada, bob);
  });

  test("[S4] fails action results that only show its changes, by socket and over HTTP", async () => {
    const letGo = await hold(room);
    await breakWrites(id, "changes");
    const replies = [ada.update(set("n", 7)), bob.act("look")];
    const call = failureCode(room.act("look"));
    await letGo(ada, bob);
    for (const reply of await Promise.all(replies)) expectFailed(reply, "commit_failed");
    expect(await call).toBe("commit_failed");
    await expectToGoOn(ada, bob);
  });

  const refusals: [string, () => Promise<unknown>][] = [
    ["a test in a patch, by socket", () => bob.update([{ op: "test", path: "/n", value: 1 }])],
    ["a version, by socket", () => bob.update(set("n", 8), 1)],
    ["an action, by socket", () => bob.act("play")],
    ["a version, over HTTP", () => failure(room.patchState(patch, { ifVersion: 1 }))],
    ["a test in a patch, over HTTP", () => failure(room.patchState(patch))],
    ["an action, over HTTP", () => failure(room.act("play"))],
  ];
  const patch = [{ op: "test", path: "/n", value: 1 } as const];

  test.for(refusals)(
    "[S4, S6, S7] fails requests that were refused because of it: %s",
    async ([, ask]) => {
      const letGo = await hold(room);
      setScript(id, { play: (_, { n }) => ({ error: `n is ${String(n)}` }) });
      await breakWrites(id, "changes");
      const reply = ada.update(set("n", 7));
      const refused = ask();
      await letGo(ada, bob);
      expectFailed(await reply, "commit_failed");
      expect(await refused).toMatchObject({ code: "commit_failed" });
      await expectToGoOn(ada, bob);
    },
  );

  test("[S4] fails an update function that waited behind it", async () => {
    const letGo = await hold(room);
    await breakWrites(id, "changes");
    const reply = ada.update(set("n", 7));
    const seen: unknown[] = [];
    const call = failureCode(
      room.updateState((state) => {
        seen.push(state);
        return { n: 8 };
      }),
    );
    await letGo(ada);
    expectFailed(await reply, "commit_failed");
    expect(await call).toBe("commit_failed");
    expect(seen).not.toContainEqual({ n: 7 });
    await expectToGoOn(ada, bob);
  });

  test("[S4] while a slow action runs is reported to the writers before it, and to the action", async () => {
    const letGo = await hold(room);
    const { began, end } = slowly(id, (state) => ({ state: { ...state, slow: true } }));
    await breakWrites(id, "changes");
    const before = ada.update(set("n", 7));
    const slow = bob.act("play");
    const after = ada.act("look");
    await letGo(ada, bob);
    await began();
    expectFailed(await before, "commit_failed"); // the action is still running
    await mendWrites(id, "changes");
    end();
    expectFailed(await slow, "commit_failed");
    expect(expectOk(await after).result).toMatchObject({ version: 1, state: { n: 1 } });
    await breakWrites(id, "changes");
    await expectToGoOn(ada, bob);
  });

  test("[S4, W5] does not affect events, presence and their replies", async () => {
    const letGo = await hold(room);
    await breakWrites(id, "changes");
    const large = "x".repeat(200_000);
    const update = ada.update(set("n", 7));
    const replies = [ada.broadcast("small"), ada.show({ cursor: 1 }), ada.touch()];
    // These exceed what may wait in a window, so one of them ends it.
    for (let n = 0; n < 4; n++) replies.push(ada.broadcast(`large ${n}`, large));
    await letGo(ada);
    expectFailed(await update, "commit_failed");
    for (const reply of await Promise.all(replies)) expectOk(reply);
    await expectToGoOn(ada, bob);
    expect(messagesOf(bob, "event").map(({ event }) => event)).toEqual([
      "small",
      ...[0, 1, 2, 3].map((n) => `large ${n}`),
      "fence",
      "fence",
    ]);
    expect(bob.presence["ada"]?.cursor).toBe(1);
  });

  test("[S4, W1] welcomes a tab that opens in the meantime with the committed state", async () => {
    const letGo = await hold(room);
    await breakWrites(id, "changes");
    const update = ada.update(set("n", 7));
    await arrived(ada);
    const coming = connect(id, { id: "bob" });
    await letGo(ada);
    const tab = await coming;
    expectFailed(await update, "commit_failed");
    expect(messagesOf(tab, "welcome")[0]).toMatchObject({ version: 1, state: { n: 1 } });
    await mendWrites(id, "changes");
    expectOk(await ada.update(set("n", 2)));
    for (const session of [ada, bob, tab]) {
      await session.fence();
      expect([session.state, session.users]).toEqual([{ n: 2 }, await room.getUsers()]);
    }
  });

  test("[S4, U2] is visible to a hook that runs in the meantime, whose join still succeeds and is answered after it", async () => {
    const letGo = await hold(room);
    const seen: unknown[] = [];
    setScript(id, { onJoin: ({ state }) => void seen.push(state) });
    await breakWrites(id, "changes");
    const update = ada.update(set("n", 7));
    await arrived(ada);
    const coming = room.join({ id: "carol" });
    await letGo(ada);
    expectFailed(await update, "commit_failed");
    expect(await coming).toMatchObject({ id: "carol" });
    expect(seen).toEqual([{ n: 7 }]);
    expect((await room.getUsers()).map(({ id: userId }) => userId)).toContain("carol");
    await expectToGoOn(ada, bob);
  });

  test("[S4] shows nothing of it to concurrent reads", async () => {
    const letGo = await hold(room);
    await breakWrites(id, "changes");
    const update = ada.update(set("n", 7));
    await arrived(ada);
    const reads = [room.getState(), room.getState()].map((read) =>
      read.catch((error: unknown) => Object(error).code),
    );
    await letGo(ada);
    expectFailed(await update, "commit_failed");
    // A read returns either the committed state or an error.
    for (const read of await Promise.all(reads))
      expect([{ n: 1 }, "commit_failed"]).toContainEqual(read);
    await expectToGoOn(ada, bob);
  });

  test("[S4, R6] does no lasting harm if it happens repeatedly, asleep or awake", async () => {
    for (let round = 0; round < 5; round++) {
      await breakWrites(id, "changes");
      const replies = await Promise.all([ada.update(set("n", 7)), bob.update(set("n", 8))]);
      for (const reply of replies) expectFailed(reply, "commit_failed");
      if (round % 2 === 1) await evict(id);
      await mendWrites(id, "changes");
      await ada.fence();
    }
    await breakWrites(id, "changes");
    expectFailed(await ada.update(set("n", 7)), "commit_failed");
    await expectToGoOn(ada, bob);
    expect(changesTo(ada).at(-1)).toEqual([1, 2]);
  });
});
