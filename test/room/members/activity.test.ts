// What sessions do keeps the room alive, and a room with users never stops. The idle timeout starts when the last one
// has left.

import { describe, expect, test } from "vitest";
import { isoNow, pass, useFakeDate } from "../../support/fake-date.ts";
import { hibernate, newId, ring, rooms } from "../../support/core/rooms.ts";
import { expectOk, type TestSession } from "../../support/session.ts";
import { connect } from "../../support/core/socket-client.ts";

useFakeDate();

const minute = 60_000;

describe("lastActivityAt", () => {
  const signs: [string, (session: TestSession) => Promise<unknown>][] = [
    ["an update", (ada) => ada.merge({ n: 1 }).then(expectOk)],
    ["an update without effect", (ada) => ada.merge({}).then(expectOk)],
    ["an action", (ada) => ada.act("nothing").then(expectOk)],
    ["presence", (ada) => ada.show({ cursor: { x: 1 } }).then(expectOk)],
    ["a broadcast", (ada) => ada.broadcast("wave").then(expectOk)],
    ["a touch", (ada) => ada.touch().then(expectOk)],
    ["leaving", (ada) => ada.leave()],
  ];

  test.for(signs)("[T1] is updated by %s of a session", async ([, act]) => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const ada = await connect(room.id, { id: "ada" });
    pass(5 * minute);
    await act(ada);
    expect(await room.info()).toMatchObject({ lastActivityAt: isoNow() });
  });

  test("[T1] is updated by a socket that joins or attaches", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    for (const _ of ["joins", "attaches"]) {
      pass(5 * minute);
      await connect(room.id, { id: "ada" });
      expect(await room.info()).toMatchObject({ lastActivityAt: isoNow() });
    }
  });

  const noSigns: [string, (session: TestSession) => Promise<unknown>][] = [
    ["a ping", (ada) => ada.ping()],
    ["an update that fails", (ada) => ada.update([{ op: "remove", path: "/none" }])],
    ["invalid presence", (ada) => ada.show({ typing: "yes" })],
    ["a bad message", async (ada) => (ada.sendRaw("no JSON"), ada.next("error"))],
  ];

  test.for(noSigns)("[T1] is not updated by %s", async ([, act]) => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const ada = await connect(room.id, { id: "ada" });
    const { lastActivityAt } = await room.info();
    pass(5 * minute);
    await act(ada);
    expect(await room.info()).toMatchObject({ lastActivityAt });
  });
});

describe("a room with an open socket", () => {
  test("[T2] never stops, asleep or awake, until its last user has left and the timeout has passed", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief" });
    const ada = await connect(room.id, { id: "ada" });
    for (let round = 0; round < 3; round++) {
      pass(60 * minute);
      await ring(room.id);
      expect(await room.alive()).toBe(true);
      await hibernate(room.id);
    }
    await ada.leave();
    pass(minute - 1);
    await ring(room.id);
    expect(await room.alive()).toBe(true);
    pass(1);
    await ring(room.id);
    expect(await room.alive()).toBe(false);
  });
});
