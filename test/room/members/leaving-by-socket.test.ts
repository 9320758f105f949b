// Leaving by socket, and being removed: which sockets close with which code, who is told, and that the hook is called
// once.

import { describe, expect, test, vi } from "vitest";
import { gate, setScript } from "../../fixtures/scripts.ts";
import { at, expectEmpty, send } from "../../support/core/http.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { hear, told, userIds } from "../../support/membership.ts";
import { hibernate, hookCalled, isListed, newId, ring, rooms } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";

useFakeDate();

const start = (behaviour = "scripted") => rooms.joinOrCreateRoom(newId(), { behaviour });

describe("a session that sends leave", () => {
  test("[U4, U6] closes with 1000, and its user leaves at once", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    const [users, presence] = [hear(bob, "users"), hear(bob, "presence")];
    await bob.fence();
    expect(await ada.leave()).toEqual({ code: 1000, reason: "left" });
    expect(await users()).toEqual([{ leaves: ["ada"] }]);
    expect((await presence()).at(-1)).toEqual({ leaves: ["ada"] });
    pass(60_000);
    await ring(room.id);
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U4, U3] leaves its user in the room if other tabs are open", async () => {
    const room = await start();
    const tabs = [await connect(room.id, { id: "ada" }), await connect(room.id, { id: "ada" })];
    expect(await tabs[0]?.leave()).toMatchObject({ code: 1000 });
    expect(await userIds(room)).toEqual(["ada"]);
    expect(await room.getPresence()).toMatchObject({ ada: { status: "online" } });
    expect(told(room.id, "onLeave")).toEqual([]);
    expect(await tabs[1]?.leave()).toMatchObject({ code: 1000 });
    expect(await userIds(room)).toEqual([]);
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U4, U7] also removes a user who had joined by HTTP", async () => {
    const room = await start();
    await room.join({ id: "ada" });
    await (await connect(room.id, { id: "ada" })).leave();
    expect(await userIds(room)).toEqual([]);
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U4, S4] gets its earlier replies first, and later messages are ignored", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    await ada.fence(); // Date stands still: what follows waits in the window that this opens
    const change = (value: number) => [{ op: "add", path: "/n", value }];
    const replies = [1, 2].map((ref) => ada.next("reply", (reply) => reply.ref === ref + 100));
    ada.send(
      { type: "update", ref: 101, patch: change(1) },
      { type: "update", ref: 102, patch: change(2) },
      { type: "leave" },
      { type: "update", ref: 103, patch: change(3) },
    );
    expect(await Promise.all(replies)).toMatchObject([
      { ok: true, version: 1 },
      { ok: true, version: 2 },
    ]);
    expect(await ada.closed).toMatchObject({ code: 1000 });
    await bob.until(({ state }) => state["n"] === 2);
    expect(await room.getState()).toEqual({ n: 2 });
  });
});

describe("a user who is removed", () => {
  test("[U4, U8] over HTTP loses all sockets with 4001, and the hook is called once", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const tabs = [await connect(room.id, { id: "ada" }), await connect(room.id, { id: "ada" })];
    const [users, presence] = [hear(bob, "users"), hear(bob, "presence")];
    await bob.fence();
    await expectEmpty(await send("DELETE", at(room.id, "/users/ada")), 204);
    for (const { closed } of tabs) expect(await closed).toEqual({ code: 4001, reason: "kicked" });
    expect(await users()).toEqual([{ leaves: ["ada"] }]);
    expect((await presence()).at(-1)).toEqual({ leaves: ["ada"] });
    expect(await room.info()).toMatchObject({ users: 1, sockets: 1 });
    await expectEmpty(await send("DELETE", at(room.id, "/users/ada")), 204);
    pass(60_000);
    await ring(room.id);
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U4, U8, R6] while the room sleeps loses them as well", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada" });
    await hibernate(room.id);
    await rooms.leaveRoom(room.id, "ada");
    expect(await ada.closed).toMatchObject({ code: 4001 });
    await hibernate(room.id);
    expect(await room.info()).toMatchObject({ users: 0, sockets: 0 });
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U4] can come back as a new member", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada" });
    await ada.show({ mood: "sour" });
    pass(1000);
    await room.leave("ada");
    await ada.closed;
    const again = await connect(room.id, { id: "ada" });
    expect(again.welcome.user.joinedAt).not.toBe(ada.welcome.user.joinedAt);
    expect(again.presence).toEqual(await room.getPresence());
    expect(again.presence["ada"]).not.toHaveProperty("mood");
    expect(told(room.id, "onJoin")).toEqual(["ada", "ada"]);
  });

  test("[U4, R1] is out before the hook is called, and joins again only after it", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    const hold = gate();
    setScript(room.id, { onLeave: () => hold.promise });
    const leaving = room.leave("ada");
    await hookCalled(room.id, "onLeave");
    expect(await ada.closed).toMatchObject({ code: 4001 });
    const back = connect(room.id, { id: "ada" });
    hold.resolve();
    await leaving;
    expect((await back).users.map(({ id }) => id)).toEqual(["bob", "ada"]);
    await bob.fence();
    expect(bob.users).toEqual(await room.getUsers());
  });
});

describe("a room that stops", () => {
  test("[R7, U4] makes everybody leave, and then closes all sockets with 4002", async () => {
    const room = await start();
    const sessions = [
      await connect(room.id, { id: "ada" }),
      await connect(room.id, { id: "ada" }),
      await connect(room.id, { id: "bob" }),
    ];
    await room.join({ id: "cyn" });
    await (await connect(room.id, { id: "dot" })).close();
    await Promise.all(sessions.map((session) => session.fence()));
    const heard = sessions.map(({ messages }) => messages.length);
    await room.stop();
    for (const { closed } of sessions)
      expect(await closed).toEqual({ code: 4002, reason: "room_stopped" });
    // No other message is sent, because the close says it all.
    expect(sessions.map(({ messages }) => messages.length)).toEqual(heard);
    expect(told(room.id, "onLeave")).toEqual(["ada", "bob", "cyn", "dot"]);
    expect([await room.alive(), await isListed(room.id)]).toEqual([false, false]);
  });

  test("[R7, R1] handles no messages while it stops, and later joins start it anew", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada" });
    const bob = await connect(room.id, { id: "bob" });
    await Promise.all([ada.show({ typing: true }), bob.fence()]);
    await bob.until(({ presence }) => presence["ada"]?.typing === true);
    const hold = gate();
    setScript(room.id, { onLeave: () => hold.promise });
    const stopping = room.stop();
    await hookCalled(room.id, "onLeave");
    const heard = [ada, bob].map(({ messages }) => messages.length);
    expect(await ada.closed).toMatchObject({ code: 4002 });
    expect(await bob.closed).toMatchObject({ code: 4002 });
    const late = connect(room.id, { id: "cyn" });
    hold.resolve();
    await stopping;
    expect([ada, bob].map(({ messages }) => messages.length)).toEqual(heard);
    // A user who came in the meantime starts the room anew.
    const cyn = await late;
    expect(cyn.users.map(({ id }) => id)).toEqual(["cyn"]);
    expect(cyn.state).toEqual({});
    expect(told(room.id, "onLeave").toSorted()).toEqual(["ada", "bob"]);
    expect(await room.info()).toMatchObject({ users: 1, sockets: 1 });
  });

  test("[R7, U3] forgets its users, who join anew when they come back", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada" });
    await room.stop();
    await ada.closed;
    await connect(room.id, { id: "ada" }, { behaviour: "scripted" });
    expect(told(room.id, "onJoin")).toEqual(["ada", "ada"]);
    await hibernate(room.id);
    expect(await room.info()).toMatchObject({ users: 1, sockets: 1 });
  });

  test("[R7, S8] only after its state is saved keeps its sessions until then", async () => {
    const room = await start("saved");
    setScript(room.id, { saveRoomState: () => ({ error: "down" }) });
    const ada = await connect(room.id, { id: "ada" });
    await ada.merge({ n: 1 });
    await expect(room.stop()).rejects.toMatchObject({ code: "save_failed" });
    await ada.fence();
    setScript(room.id, {});
    pass(600_000);
    // The save runs outside the turns. Once it is done, the alarm continues with the stop.
    await vi.waitFor(async () => {
      await ring(room.id);
      expect(await room.alive()).toBe(false);
    });
    expect(await ada.closed).toMatchObject({ code: 4002 });
  });
});
