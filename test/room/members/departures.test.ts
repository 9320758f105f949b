// Leaving and `onLeave` from the room's point of view. Users are gone at once, whatever their hooks do. Only the
// callers of that leave, and joins of the same user, wait for a hook.

import { describe, expect, test } from "vitest";
import { callsOf, gate, hang, setScript } from "../../fixtures/scripts.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { told, userIds } from "../../support/membership.ts";
import {
  breakWrites,
  failureCode,
  hookCalled,
  mendWrites,
  newId,
  ring,
  rooms,
  stored,
} from "../../support/core/rooms.ts";
import { gather } from "../../support/core/sessions.ts";
import { connect } from "../../support/core/socket-client.ts";
import { expectOk } from "../../support/session.ts";
import { set } from "../../support/session-helpers.ts";

useFakeDate();

/** A room with users, each of whose hooks lasts until it is released. */
async function start(...users: string[]) {
  const { id, room } = await gather("patient");
  for (const userId of users) await room.join({ id: userId });
  const gates = new Map(users.map((userId) => [userId, gate()]));
  setScript(id, { onLeave: (_, user) => gates.get(user.id)?.promise });
  return { id, room, letGo: (userId: string) => gates.get(userId)?.resolve() };
}

/** Whether some work has ended by the time the room has handled everything before it. */
async function hasEnded(id: string, work: Promise<unknown>): Promise<boolean> {
  const pending = {};
  for (let trip = 0; trip < 3; trip++) await stored(id);
  return (await Promise.race([work, Promise.resolve(pending)])) !== pending;
}

describe("users who leave together", () => {
  test("[B6, U4] delay nobody, however long their hooks take, and are reported once each, in order", async () => {
    const { id, room, sessions } = await gather("patient", "zoe");
    const [zoe] = sessions;
    const users = Array.from({ length: 100 }, (_, n) => `user-${n}`);
    for (const userId of users) await room.join({ id: userId }, { ttl: 1000 });
    const { promise, resolve } = gate();
    setScript(id, { onLeave: () => promise });
    pass(1000);
    await ring(id);
    await hookCalled(id, "onLeave", 32);
    expect(await userIds(room)).toEqual(["zoe"]);
    expectOk(await zoe!.update(set("n", 1)));
    await room.join({ id: "bob" });
    await room.updateState((state) => ({ ...state, m: 2 }));
    expect(await room.getState()).toEqual({ n: 1, m: 2 });
    expect(told(id, "onLeave")).toEqual(users.slice(0, 32));
    resolve();
    await hookCalled(id, "onLeave", 100);
    expect(told(id, "onLeave")).toEqual(users);
  });
});

describe("the onLeave hook", () => {
  test("[B6] is awaited by the caller of leave, and not by others", async () => {
    const { id, room, letGo } = await start("ada", "bob");
    const [ada, bob] = [room.leave("ada"), room.leave("bob")];
    await hookCalled(id, "onLeave", 2);
    expect(await userIds(room)).toEqual([]);
    expect([await hasEnded(id, ada), await hasEnded(id, bob)]).toEqual([false, false]);
    letGo("bob");
    await bob;
    expect(await hasEnded(id, ada)).toBe(false);
    letGo("ada");
    await ada;
  });

  test("[B6, U4] is awaited by another call that removes the same user", async () => {
    const { id, room, letGo } = await start("ada");
    const first = room.leave("ada");
    await hookCalled(id, "onLeave");
    const second = room.leave("ada");
    expect(await hasEnded(id, second)).toBe(false);
    letGo("ada");
    await Promise.all([first, second]);
    expect(told(id, "onLeave")).toEqual(["ada"]);
  });

  test.for<[string, (id: string) => Promise<unknown>]>([
    ["by RPC", (id) => rooms.room(id).join({ id: "ada" })],
    ["by socket", (id) => connect(id, { id: "ada" })],
  ])("[B6, U3] ends before onJoin of the same user is called, %s", async ([, join]) => {
    const { id, room, letGo } = await start("ada");
    const leaving = room.leave("ada");
    await hookCalled(id, "onLeave");
    const joining = join(id);
    expect(await hasEnded(id, joining)).toBe(false);
    // The waiting join does not hold the turn.
    await room.join({ id: "bob" });
    await room.updateState(() => ({ n: 1 }));
    expect(told(id, "onJoin")).toEqual(["ada", "bob"]);
    letGo("ada");
    await Promise.all([leaving, joining]);
    const hooks = callsOf(id).map(({ hook, user }) => `${hook} ${user}`);
    expect(hooks.filter((call) => call.startsWith("on"))).toEqual([
      "onJoin ada",
      "onLeave ada",
      "onJoin bob",
      "onJoin ada",
    ]);
    expect(await userIds(room)).toEqual(["bob", "ada"]);
  });

  test("[B6, R7] is awaited by the caller of stop, although the room is gone at once", async () => {
    const { id, room, letGo } = await start("ada", "bob");
    const stopping = room.stop();
    await hookCalled(id, "onLeave", 2);
    expect(await room.alive()).toBe(false);
    letGo("ada");
    expect(await hasEnded(id, stopping)).toBe(false);
    letGo("bob");
    await stopping;
  });

  test("[B6, R1] that hangs is abandoned, and the user can come back", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    await room.join({ id: "ada" });
    setScript(room.id, { onLeave: hang });
    await room.leave("ada");
    await room.join({ id: "ada" });
    expect(await userIds(room)).toEqual(["ada"]);
  });

  test("[B6, A6] is not called for a leave that could not be written", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    await room.join({ id: "ada" });
    for (const depart of [() => room.leave("ada"), () => room.stop()]) {
      await breakWrites(room.id, "members");
      expect(await failureCode(depart())).toBe("internal");
      await mendWrites(room.id, "members");
      expect(await userIds(room)).toEqual(["ada"]);
    }
    expect(told(room.id, "onLeave")).toEqual([]);
    await room.leave("ada");
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });
});
