// A session's own presence: its initial value, what a merge patch may contain, and what everybody is told.

import { describe, expect, test } from "vitest";
import { isoNow, pass, useFakeDate } from "../../../support/fake-date.ts";
import { hear } from "../../../support/membership.ts";
import { newId, rooms, stored } from "../../../support/core/rooms.ts";
import { expectFailed, expectOk } from "../../../support/session.ts";
import { connect } from "../../../support/core/socket-client.ts";

useFakeDate();

/** Ada, and bob who sees her. */
async function two(user: Record<string, string> = {}) {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
  const bob = await connect(room.id, { id: "bob" });
  const ada = await connect(room.id, { id: "ada", ...user });
  await bob.fence();
  pass(1000);
  return { room, ada, bob, news: hear(bob, "presence") };
}

const defaults = { name: "Anonymous", color: "#6366F1", typing: false, status: "online" };

describe("presence", () => {
  test("[P1] starts with the defaults", async () => {
    const { ada, bob, room } = await two();
    expect(ada.welcome.presence).toEqual({ ada: defaults, bob: defaults });
    expect(bob.presence["ada"]).toEqual(defaults);
    expect(await room.getPresence()).toEqual(bob.presence);
  });

  test("[P1] starts with name, color and avatarUrl from the user's entry", async () => {
    const said = { name: "Ada", color: "#000000", avatarUrl: "https://example.com/a.png" };
    const { bob } = await two({ ...said, email: "not for all" });
    expect(bob.presence["ada"]).toEqual({ ...defaults, ...said });
  });

  test("[P1, P2] is changed by merge patches, and others receive the difference", async () => {
    const { ada, bob, news, room } = await two();
    expectOk(await ada.show({ name: "Ada", cursor: { x: 1, y: 2 }, app: { tool: "pen" } }));
    expect(await news()).toEqual([
      { updates: { ada: { name: "Ada", cursor: { x: 1, y: 2 }, app: { tool: "pen" } } } },
    ]);
    expectOk(await ada.show({ cursor: { y: 3 }, app: { tool: null, size: 4 }, name: null }));
    expect(await news()).toEqual([
      { updates: { ada: { name: "Anonymous", cursor: { y: 3 }, app: { tool: null, size: 4 } } } },
    ]);
    expectOk(await ada.show({ name: "Anonymous" }));
    expect(await news()).toEqual([]);
    expect(bob.presence).toEqual(ada.presence);
    expect(bob.presence).toEqual(await room.getPresence());
  });

  test.for<Record<string, never>>([
    { idleSince: isoNow() },
    { idleSince: null },
    { typing: "yes" },
    { typing: 1 },
    { status: "away" },
    { status: "busy" },
    { status: true },
    { name: 7 },
    { color: ["red"] },
    { avatarUrl: {} },
    { app: "x".repeat(2048) },
    { app: "é".repeat(1100) },
    { app: JSON.parse(`${"[".repeat(17)}${"]".repeat(17)}`) as unknown },
  ] as never[])("[P1] is not changed by %j", async (data) => {
    const { ada, bob, news, room } = await two();
    expectOk(await ada.show({ mood: "fine" }));
    await news();
    const before = [await room.getPresence(), await room.info()];
    expectFailed(await ada.show({ cursor: { x: 1 }, ...data }), "invalid_presence");
    expect(await news()).toEqual([]);
    expect(await room.getPresence()).toEqual(before[0]);
    expect(bob.presence).toEqual(before[0]);
    ada.send({ type: "presence", data });
    expect(await ada.next("error")).toMatchObject({ code: "invalid_presence" });
  });

  test("[P1] may have exactly 2 KiB", async () => {
    const { ada, bob } = await two();
    const app = "x".repeat(2048 - JSON.stringify({ app: "" }).length);
    expectOk(await ada.show({ app }));
    expectFailed(await ada.show({ app: `${app}x` }), "invalid_presence");
    await bob.until(({ presence }) => presence["ada"]?.["app"] === app);
  });

  test("[P1] may have keys with a special meaning elsewhere", async () => {
    const { ada, bob } = await two();
    const odd = JSON.parse('{"__proto__":{"x":1},"constructor":2}');
    expectOk(await ada.show(odd));
    await bob.fence();
    expect(JSON.stringify(bob.presence["ada"])).toContain('"__proto__":{"x":1},"constructor":2');
  });

  test("[P2] is updated once per window, with the last of many cursor moves", async () => {
    const { ada, bob, news } = await two();
    await bob.fence(); // Date stands still: the window that this opens ends when a timer rings
    const moves = Array.from({ length: 90 }, (_, x) => ({
      type: "presence" as const,
      data: { cursor: { x } },
    }));
    ada.send(...moves);
    await bob.until(({ presence }) => JSON.stringify(presence["ada"]?.cursor) === '{"x":89}');
    expect(await news()).toEqual([{ updates: { ada: { cursor: { x: 89 } } } }]);
  });

  test("[P2] is neither in the state nor in the storage, except for what others see of away users", async () => {
    const { ada, bob, room } = await two();
    const storedText = async (): Promise<string> =>
      JSON.stringify(await stored(room.id), (_, part: unknown) =>
        part instanceof ArrayBuffer ? Buffer.from(part).toString() : part,
      );
    expectOk(await ada.show({ cursor: "here-i-am", mood: "secretive" }));
    await bob.fence();
    expect(await storedText()).not.toMatch(/here-i-am|secretive|typing/);
    await ada.close();
    await bob.fence();
    expect(await room.getState()).toEqual({});
    expect(await room.info()).toMatchObject({ version: 0 });
    expect(await storedText()).toContain("secretive");
    expect(await storedText()).not.toContain("here-i-am");
    await connect(room.id, { id: "ada" });
    expect(await storedText()).not.toMatch(/here-i-am|secretive|typing/);
  });
});

describe("status", () => {
  test("[P1, P3] idle has a time, which stays until idle ends", async () => {
    const { ada, bob, news } = await two();
    await ada.show({ status: "idle" });
    const idleSince = isoNow();
    expect(await news()).toEqual([{ updates: { ada: { status: "idle", idleSince } } }]);
    pass(5000);
    await ada.show({ status: "idle" });
    await ada.show({ mood: "bored" });
    await ada.show({ cursor: null, typing: false });
    await bob.fence();
    expect(bob.presence["ada"]).toMatchObject({ status: "idle", idleSince, mood: "bored" });
    await ada.show({ status: "online" });
    await bob.fence();
    expect(bob.presence["ada"]).toEqual({ ...defaults, mood: "bored" });
  });

  test.for([{ cursor: { x: 1 } }, { typing: true }, { status: null }])(
    "[P3] idle ends with %j",
    async (data) => {
      const { ada, bob } = await two();
      await ada.show({ status: "idle" });
      await ada.show(data);
      await bob.fence();
      expect(bob.presence["ada"]).toMatchObject({ status: "online" });
      expect(bob.presence["ada"]).not.toHaveProperty("idleSince");
    },
  );

  test("[P3] idle ends typing", async () => {
    const { ada, bob, news } = await two();
    await ada.show({ typing: true });
    expect(await news()).toEqual([{ updates: { ada: { typing: true } } }]);
    await ada.show({ status: "idle" });
    await bob.fence();
    expect(bob.presence["ada"]).toMatchObject({ status: "idle", typing: false });
    await ada.show({ status: "online" });
    await bob.fence();
    expect(bob.presence["ada"]).toMatchObject({ status: "online", typing: false });
  });
});
