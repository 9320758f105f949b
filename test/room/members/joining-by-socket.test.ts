// Joining by socket. The first socket of a user joins, further ones attach, and a refusal leaves nothing behind.

import { describe, expect, test } from "vitest";
import { callsOf, gate, hang, setScript, type Script } from "../../fixtures/scripts.ts";
import { useFakeDate, pass, isoNow } from "../../support/fake-date.ts";
import { hear, told, userIds } from "../../support/membership.ts";
import {
  hookCalled,
  isListed,
  newId,
  nothingStored,
  rooms,
  stored,
} from "../../support/core/rooms.ts";
import { connect, refusal } from "../../support/core/socket-client.ts";

useFakeDate();

const start = (behaviour = "scripted") => rooms.joinOrCreateRoom(newId(), { behaviour });

describe("a user who connects by socket", () => {
  test("[U2, U3] joins: onJoin is called once, and everybody gets the resulting entry", async () => {
    const room = await start();
    setScript(room.id, { onJoin: (_, user) => ({ ok: { role: `role of ${user.id}` } }) });
    const bob = await connect(room.id, { id: "bob" });
    pass(1000);
    const ada = await connect(room.id, { id: "ada", name: "Ada" });
    const entry = {
      id: "ada",
      name: "Ada",
      joinedAt: isoNow(),
      seq: 2,
      meta: { role: "role of ada" },
    };
    expect(ada.welcome.user).toEqual(entry);
    expect(ada.users).toEqual([expect.objectContaining({ id: "bob" }), entry]);
    expect(await room.getUsers()).toEqual(ada.users);
    await bob.fence();
    expect(bob.users).toEqual(ada.users);
    expect(told(room.id, "onJoin")).toEqual(["bob", "ada"]);
    expect(await room.info()).toMatchObject({ users: 2, sockets: 2 });
  });

  test("[R3] starts an absent room with the behaviour they name", async () => {
    const id = newId();
    const ada = await connect(id, { id: "ada" }, { behaviour: "loaded" });
    expect(callsOf(id)).toEqual([{ hook: "loadRoomState" }, { hook: "onJoin", user: "ada" }]);
    expect(await rooms.room(id).info()).toMatchObject({ behaviour: "loaded", sockets: 1 });
    expect(await isListed(id)).toBe(true);
    expect(ada.users.map((user) => user.id)).toEqual(["ada"]);
    const other = newId();
    await connect(other, { id: "ada" });
    expect(await rooms.room(other).info()).toMatchObject({ behaviour: "default" });
  });

  test("[R2] can join a running room with its behaviour, or without naming one", async () => {
    const room = await start();
    await connect(room.id, { id: "ada" }, { behaviour: "scripted" });
    await connect(room.id, { id: "bob" });
    expect(await room.info()).toMatchObject({ behaviour: "scripted", users: 2 });
  });

  test("[U3] joins once with several tabs at the same time", async () => {
    const id = newId();
    const tabs = await Promise.all([1, 2, 3].map(() => connect(id, { id: "ada" })));
    expect(told(id, "onJoin")).toEqual(["ada"]);
    expect(new Set(tabs.map(({ welcome }) => welcome.session)).size).toBe(3);
    expect(await rooms.room(id).info()).toMatchObject({ users: 1, sockets: 3 });
  });
});

describe("a further socket of a user who is present", () => {
  test("[U3] attaches without a hook, a new entry or a message about users", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const first = await connect(room.id, { id: "ada", name: "Ada" });
    await bob.fence();
    const users = hear(bob, "users");
    pass(60_000);
    const second = await connect(room.id, { id: "ada", name: "Somebody else" });
    expect(second.welcome.user).toEqual(first.welcome.user);
    expect(second.users).toEqual(first.users);
    expect(told(room.id, "onJoin")).toEqual(["bob", "ada"]);
    expect(await users()).toEqual([]);
  });

  test("[U3] attaches even if the hook would refuse the user by now", async () => {
    const room = await start();
    await connect(room.id, { id: "ada" });
    setScript(room.id, { onJoin: () => ({ error: "closed" }) });
    await connect(room.id, { id: "ada" });
    const { problem } = await refusal(room.id, { id: "bob" });
    expect(problem).toMatchObject({ code: "join_refused", reason: "closed" });
  });

  test("[U3, U7] of a user who joined by HTTP attaches, and its end does not make them leave", async () => {
    const room = await start();
    const entry = await room.join({ id: "ada" });
    const ada = await connect(room.id, { id: "ada" });
    expect(ada.welcome.user).toEqual(entry);
    expect(told(room.id, "onJoin")).toEqual(["ada"]);
    await ada.close();
    expect(await room.info()).toMatchObject({ users: 1, sockets: 0 });
    expect(await room.getPresence()).toEqual({});
    pass(24 * 3_600_000);
    expect(await userIds(room)).toEqual(["ada"]);
    expect(told(room.id, "onLeave")).toEqual([]);
  });

  test("[U3] is not affected by a join over HTTP, which calls the hook and replaces the entry", async () => {
    const room = await start();
    const ada = await connect(room.id, { id: "ada", name: "Ada" });
    const bob = await connect(room.id, { id: "bob" });
    await ada.fence();
    const users = [hear(ada, "users"), hear(bob, "users")];
    pass(1000);
    const entry = await room.join({ id: "ada", name: "Countess" });
    for (const news of users) expect(await news()).toEqual([{ updates: [entry] }]);
    expect(told(room.id, "onJoin")).toEqual(["ada", "bob", "ada"]);
    expect(ada.users.map(({ id }) => id)).toEqual(["bob", "ada"]);
    expect(await room.getUsers()).toEqual(ada.users);
    expect(await room.info()).toMatchObject({ users: 2, sockets: 2 });
  });

  test("[U3, U7] can go without ending the stay of a user who joined again by HTTP", async () => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    await room.join({ id: "ada" });
    const presence = hear(bob, "presence");
    await ada.close();
    expect(await presence()).toEqual([{ leaves: ["ada"] }]);
    pass(3_600_000);
    expect(await userIds(room)).toContain("ada");
  });
});

describe("a user who is refused", () => {
  const refusals: [string, Script, { status: number; code: string; reason?: string }][] = [
    [
      "by onJoin",
      { onJoin: () => ({ error: "banned" }) },
      { status: 403, code: "join_refused", reason: "banned" },
    ],
    [
      "by a hook that throws",
      {
        onJoin: () => {
          throw new Error("secret: no");
        },
      },
      { status: 500, code: "hook_failed" },
    ],
    ["by a hook that hangs", { onJoin: hang }, { status: 504, code: "call_timeout" }],
  ];

  test.for(refusals)("[U2, R3] %s does not start a room", async ([, script, refused]) => {
    const id = newId();
    setScript(id, script);
    const { problem } = await refusal(id, { id: "ada" }, { behaviour: "scripted" });
    expect(problem).toMatchObject(refused);
    expect(await stored(id)).toEqual(nothingStored);
    expect(await isListed(id)).toBe(false);
  });

  test.for(refusals)("[U2] %s changes nothing in a running room", async ([, script, refused]) => {
    const room = await start();
    const bob = await connect(room.id, { id: "bob" });
    await bob.fence();
    setScript(room.id, script);
    const before = [await stored(room.id), await room.info(), await room.getPresence()];
    pass(60_000);
    const { problem } = await refusal(room.id, { id: "ada" });
    expect(problem).toMatchObject(refused);
    expect([await stored(room.id), await room.info(), await room.getPresence()]).toEqual(before);
    const { length } = bob.messages;
    await bob.fence();
    const types = bob.messages.slice(length).map(({ type }) => type);
    expect(types.toSorted()).toEqual(["event", "reply"]); // from the fence itself
  });

  test("[R3] for an unknown behaviour does not start a room", async () => {
    const id = newId();
    const { problem } = await refusal(id, { id: "ada" }, { behaviour: "no-such-behaviour" });
    expect(problem).toMatchObject({ status: 400, code: "unknown_behaviour" });
    expect(await stored(id)).toEqual(nothingStored);
  });

  test.for([[{ id: "" }], [{ id: "x".repeat(129) }], [{ name: "Ada" }], [{ id: 7 }]])(
    "[U1] as %j is invalid, and does not start a room",
    async ([user]) => {
      const id = newId();
      const { problem } = await refusal(id, user);
      expect(problem).toMatchObject({ status: 400, code: "invalid_user" });
      expect(await stored(id)).toEqual(nothingStored);
    },
  );

  test("[U2, R1] is admitted once the hook resolves, and not by a second socket in the meantime", async () => {
    const room = await start();
    const { promise, resolve } = gate();
    setScript(room.id, { onJoin: () => promise.then(() => ({ ok: "in" })) });
    const coming = Promise.all([connect(room.id, { id: "ada" }), connect(room.id, { id: "ada" })]);
    await hookCalled(room.id, "onJoin");
    resolve();
    const [first, second] = await coming;
    expect(first.welcome.user).toEqual(second.welcome.user);
    expect(told(room.id, "onJoin")).toEqual(["ada"]);
  });
});

describe("maxUsers", () => {
  test("[U9] counts members, and not their tabs", async () => {
    const id = newId();
    const full = { status: 409, code: "room_full" };
    await connect(id, { id: "ada" }, { behaviour: "small" });
    await connect(id, { id: "ada" });
    await connect(id, { id: "ada" });
    const bob = await connect(id, { id: "bob" });
    await connect(id, { id: "bob" });
    expect((await refusal(id, { id: "cyn" })).problem).toMatchObject(full);
    expect(await rooms.room(id).info()).toMatchObject({ users: 2, sockets: 5 });
    expect(told(id, "onJoin")).toEqual(["ada", "bob"]);
    await bob.leave();
    expect((await refusal(id, { id: "cyn" })).problem).toMatchObject(full);
    await rooms.leaveRoom(id, "bob");
    await connect(id, { id: "cyn" });
  });

  test("[U9, U6] counts users who are away, whose place is kept", async () => {
    const room = await start("small");
    await connect(room.id, { id: "ada" });
    const bob = await connect(room.id, { id: "bob" });
    await bob.close();
    expect((await refusal(room.id, { id: "cyn" })).problem).toMatchObject({ code: "room_full" });
    await connect(room.id, { id: "bob" });
  });
});
