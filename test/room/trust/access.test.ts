// What a token allows (rules A3, A7, B2, L1): over HTTP and on sockets, for its user and for others, in rooms that
// exist and in rooms that do not.

import { describe, expect, test } from "vitest";
import type { Scope } from "collab-room";
import { setScript } from "../../fixtures/scripts.ts";
import { claims, id, room, useGuardedRoom } from "../../support/core/guarded-room.ts";
import { at, expectEmpty, expectJson, expectProblem } from "../../support/core/http.ts";
import { evict, newId, rooms } from "../../support/core/rooms.ts";
import { come, refused, sendAs } from "../../support/core/token-clients.ts";
import { passUntil, useFakeDate } from "../../support/fake-date.ts";
import { expectFailed, expectOk } from "../../support/session.ts";

useFakeDate();

useGuardedRoom();

const reader = (sub = "ada") => claims(sub, "room:read");
const writer = (sub = "ada") => claims(sub, "room:read", "room:write", "presence:write");
const admin = (sub = "root") => claims(sub, "room:admin");

/** A token without scopes, which only names its user. */
const nameless = (sub = "ada") => ({ sub });

describe("a user who may only read", () => {
  test.each<[string, string, unknown]>([
    ["PUT", "/state", {}],
    ["PATCH", "/state", { a: 1 }],
    ["POST", "/actions/rename", { title: "x" }],
    ["POST", "/broadcast", { event: "e" }],
    ["PUT", "/presence/ada", { data: {} }],
    ["PATCH", "/users/ada", { scopes: ["room:admin"] }],
    ["DELETE", "", undefined],
    ["PUT", "", { behaviour: "guarded" }],
  ])("[A3] cannot %s %s over HTTP, and nothing changes", async (method, rest, json) => {
    const type =
      method === "PATCH" && rest === "/state" ? "application/merge-patch+json" : undefined;
    await room.join({ id: "ada" });
    const before = [await room.getState(), await room.getUser("ada"), await room.getPresence()];
    const response = await sendAs(reader(), method, at(id, rest), {
      ...(json !== undefined && { json }),
      ...(type && { type }),
    });
    await expectProblem(response, 403, "forbidden");
    expect([await room.getState(), await room.getUser("ada"), await room.getPresence()]).toEqual(
      before,
    );
  });

  test("[A3] cannot write on a socket", async () => {
    const ada = await come(id, reader());
    expectFailed(await ada.merge({ a: 1 }), "forbidden");
    expectFailed(await ada.act("rename", { title: "x" }), "forbidden");
    expectFailed(await ada.broadcast("e"), "forbidden");
    expectFailed(await ada.show({ cursor: 1 }), "forbidden");
    expect(await room.getState()).toEqual({});
  });
});

describe("a user", () => {
  test("[A7, U1] joins as the user of the token, with the fields that the request adds", async () => {
    const token = { ...writer(), name: "Ada", color: "#ff0000" };
    const json = { id: "ada", name: "Eve", shade: 3 };
    const response = await sendAs(token, "POST", at(id, "/users"), { json });
    expect(await expectJson(response, 201)).toMatchObject({
      id: "ada",
      name: "Ada",
      color: "#ff0000",
      shade: 3,
    });
    const other = await sendAs(writer("bob"), "POST", at(id, "/users"), { json: {} });
    expect(await expectJson(other, 201)).toMatchObject({ id: "bob" });
    const cyd = await come(
      id,
      { ...writer("cyd"), name: "Cyd" },
      { id: "cyd", name: "Eve", shade: 4 },
    );
    expect(cyd.welcome.user).toMatchObject({ id: "cyd", name: "Cyd", shade: 4 });
  });

  test("[A7] cannot join as another user, by body or by query", async () => {
    const response = await sendAs(writer(), "POST", at(id, "/users"), { json: { id: "bob" } });
    await expectProblem(response, 403, "forbidden");
    expect(await refused(id, writer(), { id: "bob" })).toMatchObject({
      status: 403,
      problem: { code: "forbidden" },
    });
    expect(await room.getUsers()).toEqual([]);
  });

  test("[A3] can leave, touch and hold presence for themselves, and for nobody else", async () => {
    await Promise.all(
      ["ada", "bob"].map((sub) => sendAs(writer(sub), "POST", at(id, "/users"), { json: {} })),
    );
    const data = { json: { data: { cursor: 1 } } };
    await expectEmpty(await sendAs(writer(), "PUT", at(id, "/presence/ada"), data), 204);
    await expectEmpty(
      await sendAs(writer(), "POST", at(id, "/touch"), { json: { userId: "ada" } }),
      204,
    );
    for (const response of [
      await sendAs(writer(), "PUT", at(id, "/presence/bob"), data),
      await sendAs(writer(), "POST", at(id, "/touch"), { json: { userId: "bob" } }),
      await sendAs(writer(), "DELETE", at(id, "/users/bob")),
      await sendAs(writer(), "DELETE", at(id, "/users/ada?kick=true")),
    ])
      await expectProblem(response, 403, "forbidden");
    await expectEmpty(await sendAs(writer(), "DELETE", at(id, "/users/ada")), 204);
    expect((await room.getUsers()).map((user) => user.id)).toEqual(["bob"]);
  });
});

test.each<[string, string, unknown, Scope]>([
  ["DELETE", "/users/ada", undefined, "room:read"],
  ["PUT", "/presence/ada", { data: {} }, "presence:write"],
  ["POST", "/touch", { userId: "ada" }, "room:read"],
  ["POST", "/users", {}, "room:read"],
])("[A3] who may not %s %s for themselves is told the required scope", async (...given) => {
  const [method, path, json, scope] = given;
  const sent = json === undefined ? {} : { json };
  const response = await sendAs(claims("ada", "room:create"), method, at(id, path), sent);
  const { detail } = await expectProblem(response, 403, "forbidden");
  expect(detail).toBe(`This needs the scope ${scope}; the caller has room:create.`);
});

test("[A3] who is an administrator can join, touch, hold presence for and remove others", async () => {
  const json = { id: "bob" };
  await expectJson(await sendAs(admin(), "POST", at(id, "/users"), { json }), 201);
  const data = { json: { data: { cursor: 1 } } };
  await expectEmpty(await sendAs(admin(), "PUT", at(id, "/presence/bob"), data), 204);
  await expectEmpty(
    await sendAs(admin(), "POST", at(id, "/touch"), { json: { userId: "bob" } }),
    204,
  );
  await expectEmpty(await sendAs(admin(), "DELETE", at(id, "/users/bob")), 204);
  const cyd = await come(id, admin(), { id: "cyd" });
  expect(cyd.welcome.user.id).toBe("cyd");
});

describe("a room that does not exist", () => {
  test("[L1] is started by a user with room:create, and by no other", async () => {
    const fresh = newId();
    const may = (...scopes: Scope[]) => ({ sub: "ada", scopes: { [fresh]: scopes } });
    const start = (token: object) =>
      sendAs(token as never, "POST", at(fresh, "/users"), { json: {} });
    await expectProblem(await start(may("room:read", "room:write")), 403, "forbidden");
    expect(await refused(fresh, may("room:read", "room:write"))).toMatchObject({ status: 403 });
    expect(await rooms.getRoom(fresh)).toBeNull();
    await expectJson(await start(may("room:read", "room:create")), 201);
  });

  test("[L1, R7] exists once its state is stored, and is started again by users who may enter it", async () => {
    await room.updateState(() => ({ kept: true }));
    await room.stop();
    const ada = await come(id, writer(), undefined, { behaviour: "guarded" });
    expect(ada.state).toEqual({ kept: true });
  });
});

describe("a token without scopes", () => {
  test("[A7, B2] gives the scopes that authorize returns, on sockets and over HTTP", async () => {
    setScript(id, {
      authorize: ({ caller }, user) => {
        expect(caller.scopes).toEqual([]);
        return user.id === "ada"
          ? { ok: { scopes: ["room:read", "room:write"] } }
          : { error: "unknown" };
      },
    });
    await expectProblem(await sendAs(nameless(), "GET", at(id, "/state")), 403, "forbidden");
    const ada = await come(id, nameless());
    expect(ada.scopes).toEqual(["room:read", "room:write"]);
    expectOk(await ada.merge({ a: 1 }));
    await evict(id);
    await expectJson(await sendAs(nameless(), "GET", at(id, "/state")), 200);
    await expectProblem(await sendAs(nameless(), "DELETE", at(id)), 403, "forbidden");
    expect(await refused(id, nameless("eve"))).toMatchObject({
      status: 403,
      problem: { code: "not_authorized", reason: "unknown" },
    });
  });

  test("[A7] admits nobody if nothing else gives them scopes", async () => {
    expect(await refused(id, nameless())).toMatchObject({ problem: { code: "forbidden" } });
    const response = await sendAs(nameless(), "POST", at(id, "/users"), { json: {} });
    await expectProblem(response, 403, "forbidden");
    expect(await room.getUsers()).toEqual([]);
  });

  test("[A7, L1] starts a room only if authorize returns room:create", async () => {
    const fresh = newId();
    const join = () => sendAs(nameless(), "POST", at(fresh, "/users"), { json: {} });
    const behaviour = { behaviour: "guarded" };
    setScript(fresh, { authorize: () => ({ ok: { scopes: ["room:read"] } }) });
    expect(await refused(fresh, nameless(), undefined, behaviour)).toMatchObject({ status: 403 });
    expect(await rooms.getRoom(fresh)).toBeNull();
    setScript(fresh, { authorize: () => ({ ok: { scopes: ["room:read", "room:create"] } }) });
    const ada = await come(fresh, nameless(), undefined, behaviour);
    expect(ada.scopes).toEqual(["room:read", "room:create"]);
    await expectJson(await join(), 200);
  });
});

describe("requests over HTTP", () => {
  test("[L1] are limited per user, and refused with the time to wait", async () => {
    const ask = (token: object) => sendAs(token as never, "GET", at(id, "/presence"));
    const responses = await Promise.all(Array.from({ length: 230 }, () => ask(reader())));
    const refusals = responses.filter(({ status }) => status === 429);
    expect(refusals.length).toBeGreaterThan(0);
    expect(responses.length - refusals.length).toBeGreaterThanOrEqual(200);
    const [first] = refusals as [Response];
    expect(Number(first.headers.get("retry-after"))).toBeGreaterThan(0);
    await expectProblem(first, 429, "rate_limited");
    await expectJson(await ask(reader("bob")), 200);
    await expectJson(await ask(admin("ada")), 200);
    passUntil(Date.now() + 1000);
    await expectJson(await ask(reader()), 200);
  });

  test("[L1] are limited for all users together", async () => {
    const ask = (n: number) => sendAs(reader(`user-${n % 40}`), "GET", at(id, "/presence"));
    const statuses = (await Promise.all(Array.from({ length: 2200 }, (_, n) => ask(n)))).map(
      ({ status }) => status,
    );
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(100);
  });
});
