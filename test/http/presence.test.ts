// Presence without a socket, over HTTP: servers and agents hold it for users of a room until its ttl ends or
// the user leaves. Refusals are in presence-refused.test.ts.

import { beforeEach, describe, expect, test } from "vitest";
import { isoNow, pass, useFakeDate } from "../support/fake-date.ts";
import { at, expectEmpty, expectJson, send, taggedVersion } from "../support/http.ts";
import { hold, join, online, putPresence, seen } from "../support/presence.ts";
import { crash, evict, newId, ring, sql, stored } from "../support/rooms.ts";

useFakeDate();

const timerOf = async (id: string): Promise<unknown> =>
  (await sql(id, "SELECT at FROM timers WHERE name = 'presence'"))[0]?.["at"];

/** A room that Ada is in. */
let id: string;
beforeEach(async () => {
  id = newId();
  await join(id, { id: "ada" });
});

describe("held presence", () => {
  test("[P4, P1] is visible immediately, with defaults for missing members", async () => {
    await hold(id, {});
    expect(await seen(id)).toEqual({ ada: online });
  });

  test("[P1] has the members that were sent, including the application's own", async () => {
    const data = {
      name: "Ada",
      color: "#f00",
      avatarUrl: "https://example.org/ada.png",
      cursor: { x: 1.5, y: -2, on: ["a", { b: null }] },
      mood: "calm",
      tool: { size: 3 },
    };
    await hold(id, data);
    expect(await seen(id)).toEqual({ ada: { ...data, typing: false, status: "online" } });
  });

  test("[P1] ignores members that are null", async () => {
    await hold(id, { name: null, cursor: null, typing: null, status: null, tool: { size: null } });
    expect(await seen(id)).toEqual({ ada: { ...online, tool: {} } });
  });

  test("[P4] is replaced completely by the next one", async () => {
    await hold(id, { name: "Ada", tool: { pen: true, size: 3 }, typing: true });
    await hold(id, { tool: { pen: false } });
    expect(await seen(id)).toEqual({ ada: { ...online, tool: { pen: false } } });
  });

  test("[P4] belongs to one user; a user without it is not listed", async () => {
    await join(id, { id: "bob" });
    await join(id, { id: "eve" });
    await hold(id, { name: "Bob" }, undefined, "bob");
    await hold(id, { name: "Ada" });
    expect(await seen(id)).toEqual({
      ada: { ...online, name: "Ada" },
      bob: { ...online, name: "Bob" },
    });
  });

  test("[P1, P3] with status idle has idleSince and is not typing", async () => {
    await hold(id, { status: "idle", typing: true, cursor: { x: 1 } });
    const idleSince = isoNow();
    pass(1000);
    const idle = { ...online, status: "idle", idleSince, cursor: { x: 1 } };
    expect(await seen(id)).toEqual({ ada: idle });
    await hold(id, { status: "online" });
    expect(await seen(id)).toEqual({ ada: online });
  });

  test("[P3] stops typing 5 s after it was set", async () => {
    await hold(id, { typing: true });
    pass(4999);
    expect(await seen(id)).toEqual({ ada: { ...online, typing: true } });
    pass(1);
    expect(await seen(id)).toEqual({ ada: online });
  });

  test("[P2] is not part of the state and does not change the version", async () => {
    await hold(id, { mood: "calm" });
    const state = await send("GET", at(id, "/state"));
    expect(taggedVersion(state)).toBe(0);
    expect(await state.text()).toBe("{}");
    expect(JSON.stringify(await (await send("GET", at(id, "/users"))).json())).not.toMatch("calm");
  });

  test("[T1] counts as activity of the room; reading it does not", async () => {
    pass(1000);
    await hold(id, {});
    const lastActivityAt = isoNow();
    pass(1000);
    await seen(id);
    expect(await expectJson(await send("GET", at(id)), 200)).toMatchObject({ lastActivityAt });
  });

  test("[P4, P1] works for user ids with a meaning to JavaScript or to a URL", async () => {
    for (const userId of ["__proto__", "constructor", "a/b", "100%", "é🦊"]) {
      await join(id, { id: userId });
      await hold(id, { name: userId }, undefined, userId);
    }
    const names = Object.entries(await seen(id)).map(([key, { name }]) => [key, name]);
    expect(names.toSorted()).toEqual(
      ["100%", "__proto__", "a/b", "constructor", "é🦊"].map((userId) => [userId, userId]),
    );
  });

  test("[S9, P1] treats keys with a meaning to JavaScript as plain data", async () => {
    const data = '{"__proto__":{"admin":true},"constructor":{"__proto__":1},"toString":"x"}';
    const body = `{"data":${data}}`;
    await expectEmpty(await putPresence(id, { body, type: "application/json" }), 204);
    const text = await (await send("GET", at(id, "/presence"))).text();
    expect(text).toContain(
      '"__proto__":{"admin":true},"constructor":{"__proto__":1},"toString":"x"',
    );
  });
});

describe("the ttl of held presence", () => {
  test("[P4] is 30 s by default", async () => {
    await hold(id, {});
    expect(await timerOf(id)).toBe(Date.now() + 30_000);
  });

  test("[P4, T3] ends it once, and the room is not woken again", async () => {
    await hold(id, { mood: "calm" }, 7000);
    pass(6999);
    await ring(id);
    expect(await seen(id)).toMatchObject({ ada: { mood: "calm" } });
    pass(1);
    await ring(id);
    expect(await seen(id)).toEqual({});
    expect(await timerOf(id)).toBeUndefined();
    expect(await expectJson(await send("GET", at(id)), 200)).toMatchObject({ users: 1 });
    expect(JSON.stringify((await stored(id)).tables)).not.toContain("calm");
  });

  test("[P4] starts again when the same presence is held again", async () => {
    const data = { mood: "calm" };
    await hold(id, data, 10_000);
    pass(9000);
    await hold(id, data, 10_000);
    pass(9999);
    await ring(id);
    expect(await seen(id)).toEqual({ ada: { ...online, ...data } });
    pass(1);
    await ring(id);
    expect(await seen(id)).toEqual({});
  });

  test("[P4] may become shorter", async () => {
    await hold(id, {}, 60_000);
    await hold(id, {}, 1000);
    expect(await timerOf(id)).toBe(Date.now() + 1000);
    pass(1000);
    await ring(id);
    expect(await seen(id)).toEqual({});
  });

  test("[P4, T3] is separate for each user", async () => {
    await join(id, { id: "bob" });
    await hold(id, {}, 2000);
    await hold(id, {}, 5000, "bob");
    pass(2000);
    await ring(id);
    expect(Object.keys(await seen(id))).toEqual(["bob"]);
    expect(await timerOf(id)).toBe(Date.now() + 3000);
    pass(3000);
    await ring(id);
    expect(await seen(id)).toEqual({});
  });

  test("[P4] may be from 1 ms to a year", async () => {
    for (const ttl of [1, 365 * 24 * 3_600_000]) {
      await hold(id, {}, ttl);
      expect((await sql(id, "SELECT data FROM members"))[0]?.["data"]).toContain(
        `"until":${Date.now() + ttl}`,
      );
    }
  });

  test("[U7, P4] does not renew a lease: when the lease ends, the presence ends too", async () => {
    await join(id, { id: "bob", ttl: 2000 });
    pass(1000);
    await hold(id, {}, 60_000, "bob");
    pass(1000);
    await ring(id);
    expect(await seen(id)).toEqual({});
    expect(await expectJson(await send("GET", at(id)), 200)).toMatchObject({ users: 1 });
  });
});

describe("held presence later", () => {
  test.each([
    ["an eviction", evict],
    ["a crash", crash],
  ])("[P4, R6] survives %s and still ends in time", async (_, interrupt) => {
    await hold(id, { name: "Ada", status: "idle" }, 10_000);
    const before = await seen(id);
    pass(1000);
    await interrupt(id);
    expect(await seen(id)).toEqual(before);
    pass(9000);
    await interrupt(id);
    await ring(id);
    expect(await seen(id)).toEqual({});
  });

  test("[P3, R6] stops typing in time even if the object has crashed", async () => {
    await hold(id, { typing: true });
    await crash(id);
    expect(await seen(id)).toEqual({ ada: { ...online, typing: true } });
    pass(5000);
    await crash(id);
    expect(await seen(id)).toEqual({ ada: online });
  });

  test("[P4, U4] ends when the user leaves and does not return with them", async () => {
    await hold(id, { mood: "calm" });
    await expectEmpty(await send("DELETE", at(id, "/users/ada")), 204);
    expect(await seen(id)).toEqual({});
    await join(id, { id: "ada" });
    expect(await seen(id)).toEqual({});
    pass(30_000);
    await ring(id);
    expect(await seen(id)).toEqual({});
  });

  test("[P4, U3] stays when the user joins again", async () => {
    await hold(id, { mood: "calm" });
    await join(id, { id: "ada", name: "Ada" }, 200);
    await evict(id);
    expect(await seen(id)).toMatchObject({ ada: { mood: "calm" } });
    pass(30_000);
    await ring(id);
    expect(await seen(id)).toEqual({});
  });

  test("[P4, R7] ends when the room stops", async () => {
    await hold(id, {});
    await expectEmpty(await send("DELETE", at(id)), 204);
    await join(id, { id: "ada" });
    expect(await seen(id)).toEqual({});
  });
});
