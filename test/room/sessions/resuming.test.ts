// Resuming. A client with a version gets the changes since then as one patch. If the journal cannot provide them, the
// client gets the whole state.

import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject, RoomHandle } from "collab-room";
import { setScript } from "../../fixtures/scripts.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import type { Known } from "../../support/replica.ts";
import { evict, newId, rooms } from "../../support/core/rooms.ts";
import type { TestSession } from "../../support/session.ts";
import { connect, refusal } from "../../support/core/socket-client.ts";
import { gather, hold, journalOf, knownBy, set } from "../../support/core/sessions.ts";

useFakeDate();

let [id, room, ada] = ["", {} as RoomHandle, {} as TestSession];

/** A room at version 3. */
beforeEach(async () => {
  const gathered = await gather("swift", "ada");
  [id, room] = [gathered.id, gathered.room];
  [ada] = gathered.sessions as [TestSession];
  for (const [key, value] of Object.entries({ title: "Bridge", tags: ["a"], n: 0 }))
    await ada.update(set(key, value));
});

/** Resume from what is known. The session itself checks that the result is the room's state. */
async function resume(known: Known): Promise<TestSession> {
  const session = await connect(id, { id: "ada" }, { resume: known });
  const { version } = await room.info();
  expect([session.state, session.version]).toEqual([await room.getState(), version]);
  return session;
}

async function expectResumed(known: Known, patch: unknown = expect.any(Array)): Promise<void> {
  const { welcome } = await resume(known);
  expect(welcome).toMatchObject({ resumed: true, patch });
  expect("state" in welcome).toBe(false);
}

async function expectWhole(known: Known): Promise<void> {
  const { welcome } = await resume(known);
  expect(welcome).toMatchObject({ resumed: false, state: await room.getState() });
  expect("patch" in welcome).toBe(false);
}

describe("a client that resumes", () => {
  test("[W1] at the current version gets an empty patch", async () => {
    await expectResumed(knownBy(ada), []);
  });

  test("[W1] after one change gets that change", async () => {
    const known = knownBy(ada);
    await ada.close();
    await room.patchState([{ op: "replace", path: "/title", value: "Tower" }]);
    await expectResumed(known, [{ op: "replace", path: "/title", value: "Tower" }]);
  });

  test("[W1] after many changes gets them in one patch, in order", async () => {
    const known = knownBy(ada);
    for (let n = 1; n <= 9; n++)
      await room.patchState([
        { op: "add", path: "/tags/-", value: n },
        { op: "replace", path: "/n", value: n },
      ]);
    await room.patchState([{ op: "remove", path: "/title" }]);
    await expectResumed(known);
  });

  test("[W1] after a window gets what is left of its changes", async () => {
    const known = knownBy(ada);
    const letGo = await hold(room);
    const writes = Array.from({ length: 50 }, (_, n) => ada.update(set("n", n + 1)));
    await letGo(ada);
    await Promise.all(writes);
    expect((await journalOf(id)).at(-1)).toEqual([3, 53]);
    await expectResumed(known);
  });

  test("[W1, E7] after changes larger than the state gets the state, marked as resumed", async () => {
    const known = knownBy(ada);
    for (const text of ["x", "y"]) await room.updateState(() => ({ text: text.repeat(10_000) }));
    await room.updateState(() => ({ short: true }));
    const { welcome } = await resume(known);
    expect(welcome).toMatchObject({ resumed: true, state: { short: true } });
    expect("patch" in welcome).toBe(false);
  });

  test("[W1, R6] gets the same after the room has slept or has lost its sockets", async () => {
    const known = knownBy(ada);
    await room.patchState([{ op: "replace", path: "/n", value: 1 }]);
    await evict(id);
    await expectResumed(known);
    await evict(id);
    await expectResumed(known);
  });

  test("[W1, W2] together with others gets its own patch, and then the same changes", async () => {
    const known = knownBy(ada);
    await room.patchState([{ op: "replace", path: "/n", value: 1 }]);
    const later: Known = { ...known, version: 4, state: { ...known.state, n: 1 } };
    await room.patchState([{ op: "replace", path: "/n", value: 2 }]);
    pass(1000);
    const letGo = await hold(room);
    const coming = [known, known, later, undefined].map((had, n) =>
      connect(id, { id: `user${n}` }, had && { resume: had }),
    );
    const write = room.patchState([{ op: "replace", path: "/n", value: 3 }]);
    await letGo(ada);
    const sessions = await Promise.all(coming);
    await write;
    for (const session of [ada, ...sessions]) {
      await session.fence();
      expect(session.state).toEqual(await room.getState());
    }
    expect(sessions.map(({ welcome }) => welcome.resumed)).toEqual([true, true, true, false]);
  });

  test("[W1, W2] and writes at once does not miss a change", async () => {
    const known = knownBy(ada);
    await room.patchState([{ op: "replace", path: "/n", value: 1 }]);
    const back = await resume(known);
    await Promise.all([back.update(set("x", 1)), ada.update(set("y", 1))]);
    await Promise.all([back.fence(), ada.fence()]);
    for (const { state } of [ada, back]) expect(state).toEqual(await room.getState());
  });
});

describe("the whole state goes to a client that", () => {
  test("[W1] names another epoch", async () => {
    await expectWhole({ ...knownBy(ada), epoch: crypto.randomUUID() });
    await expectWhole({ ...knownBy(ada), epoch: '"}' });
  });

  test("[W1] names a future version", async () => {
    await expectWhole({ ...knownBy(ada), version: 4 });
    await expectWhole({ ...knownBy(ada), version: Number.MAX_SAFE_INTEGER });
  });

  test("[W1] names a version inside a window, which no client can have", async () => {
    const letGo = await hold(room);
    const writes = [1, 2, 3].map((n) => ada.update(set("n", n)));
    await letGo(ada);
    await Promise.all(writes);
    expect((await journalOf(id)).at(-1)).toEqual([3, 6]);
    await expectWhole({ ...knownBy(ada), version: 5 });
  });

  test("[W1, R8] comes from before a purge", async () => {
    const known = knownBy(ada);
    await room.stop({ purge: true });
    await rooms.joinOrCreateRoom(id, { behaviour: "swift" });
    for (let n = 1; n <= 5; n++) await room.patchState([{ op: "add", path: "/n", value: n }]);
    await expectWhole(known);
  });

  test("[W1, R5] comes from before a start that loaded another state", async () => {
    const gathered = await gather("loaded", "ada");
    [id, room] = [gathered.id, gathered.room];
    const [session] = gathered.sessions as [TestSession];
    await session.update(set("n", 1));
    const known = knownBy(session);
    await room.stop();
    setScript(id, { loadRoomState: () => ({ ok: { loaded: true } }) });
    await rooms.joinOrCreateRoom(id, { behaviour: "loaded" });
    expect((await room.info()).epoch).toBe(known.epoch);
    await expectWhole(known);
  });

  test("[W1] has a version from before a change that was too large for the journal", async () => {
    const gathered = await gather("large", "ada");
    [id, room] = [gathered.id, gathered.room];
    const known = knownBy(gathered.sessions[0] as TestSession);
    await room.patchState([{ op: "add", path: "/text", value: "x".repeat(3_000_000) }]);
    await expectWhole(known);
    const { version } = await room.info();
    await expectResumed({ epoch: known.epoch, version, state: await room.getState() }, []);
  });
});

describe("a stop and a start", () => {
  test("[W1, R7, R8] keep the journal, so that a client resumes", async () => {
    const known = knownBy(ada);
    await room.patchState([{ op: "replace", path: "/n", value: 1 }]);
    await room.stop();
    await rooms.joinOrCreateRoom(id, { behaviour: "swift" });
    await room.patchState([{ op: "replace", path: "/n", value: 2 }]);
    await expectResumed(known);
  });
});

describe("the resume position", () => {
  test("[W1] needs both a version and an epoch", async () => {
    const strange: JsonObject[] = [
      { since: "1" },
      { since: "-1", epoch: "e" },
      { since: "1.5", epoch: "e" },
      { since: "x", epoch: "e" },
      { since: "1", epoch: "e".repeat(65) },
    ];
    for (const query of strange) {
      const refused = refusal(newId(), { id: "ada" }, { query: query as Record<string, string> });
      expect((await refused).problem.code).toBe("invalid_request");
    }
  });
});
