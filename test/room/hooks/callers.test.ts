// Hooks and actions learn who made the call, and how (rules B1, A5). Whatever a payload says, the caller is the one who
// was authenticated.

import { beforeEach, describe, expect, test } from "vitest";
import type { Caller, RoomContext, RoomHandle, Scope } from "collab-room";
import { setScript } from "../../fixtures/scripts.ts";
import { at, expectJson, send } from "../../support/core/http.ts";
import { evict, newId, ring, rooms } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { expectOk } from "../../support/session.ts";

useFakeDate();

type Told = { readonly hook: string; readonly user: string; readonly caller: Caller };

const all: readonly Scope[] = [
  "room:read",
  "room:act",
  "room:write",
  "room:create",
  "presence:write",
  "room:admin",
];

/** A caller without a user and a session, such as the Worker itself. */
const nobody = (door: Caller["door"]): Caller => ({
  door,
  user: null,
  scopes: all,
  hasOwnScopes: true,
  expiresAt: null,
  session: null,
  request: door === "http" || door === "socket" ? expect.any(String) : null,
});

let id: string;
let room: RoomHandle;
let told: Told[];

beforeEach(async () => {
  id = newId();
  told = [];
  const note =
    (hook: string) =>
    ({ caller }: RoomContext, user: unknown): void => {
      const { id: userId = "" } = Object(user) as { id?: string };
      told.push({ hook, user: userId, caller });
    };
  setScript(id, {
    onJoin: note("onJoin"),
    onLeave: note("onLeave"),
    play(context, _state, input) {
      note("play")(context, input);
      return { result: context.caller.user?.id ?? null };
    },
  });
  room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
});

const toldTo = (hook: string): readonly Caller[] =>
  told.filter((call) => call.hook === hook).map(({ caller }) => caller);

describe("[B1, A5] onJoin", () => {
  test("receives the way in: HTTP, the Worker, a socket", async () => {
    await expectJson(await send("POST", at(id, "/users"), { json: { id: "ada" } }), 201);
    await room.join({ id: "bob" });
    await connect(id, { id: "cyd", name: "Cyd" });
    expect(toldTo("onJoin")).toEqual([
      nobody("http"),
      nobody("worker"),
      { ...nobody("socket"), user: { id: "cyd", name: "Cyd" } },
    ]);
  });

  test("receives it again when the same user joins another way", async () => {
    await room.join({ id: "ada" });
    await room.join({ id: "ada" });
    await expectJson(await send("POST", at(id, "/users"), { json: { id: "ada" } }), 200);
    expect(toldTo("onJoin").map(({ door }) => door)).toEqual(["worker", "worker", "http"]);
  });
});

describe("[B1, A5] onLeave", () => {
  test("receives who removed the user: HTTP, the Worker, or the user's own session", async () => {
    for (const userId of ["ada", "bob"]) await room.join({ id: userId });
    const cyd = await connect(id, { id: "cyd" });
    await send("DELETE", at(id, "/users/ada"));
    await room.leave("bob");
    await cyd.leave();
    const callers = toldTo("onLeave");
    expect(callers.slice(0, 2)).toEqual([nobody("http"), nobody("worker")]);
    expect(callers[2]).toMatchObject({ door: "socket", user: { id: "cyd" } });
  });

  test("receives the room itself as the caller if the user's time was up", async () => {
    await room.join({ id: "ada" }, { ttl: 1000 });
    await evict(id);
    pass(1000);
    await ring(id);
    expect(told.filter(({ hook }) => hook === "onLeave")).toEqual([
      { hook: "onLeave", user: "ada", caller: nobody("room") },
    ]);
  });

  test("receives who stopped the room, for each user", async () => {
    for (const userId of ["ada", "bob"]) await room.join({ id: userId });
    await room.stop();
    expect(told.filter(({ hook }) => hook === "onLeave")).toEqual(
      ["ada", "bob"].map((user) => ({ hook: "onLeave", user, caller: nobody("worker") })),
    );
  });
});

describe("[B1, A5] an action", () => {
  test("receives the way in: HTTP, the Worker, a socket", async () => {
    const ada = await connect(id, { id: "ada", name: "Ada" });
    await expectJson(await send("POST", at(id, "/actions/play"), { json: {} }), 200);
    await room.act("play", {});
    expectOk(await ada.act("play", {}));
    expect(toldTo("play").slice(0, 2)).toEqual([nobody("http"), nobody("worker")]);
    expect(toldTo("play")[2]).toMatchObject({
      door: "socket",
      user: { id: "ada", name: "Ada" },
      scopes: all,
      session: ada.welcome.session,
    });
  });

  test("identifies a session by its socket, whatever the payload says", async () => {
    const [ada, bob] = [await connect(id, { id: "ada" }), await connect(id, { id: "bob" })];
    const claim = { id: "bob", user: { id: "bob" }, caller: { user: { id: "bob" } } };
    expect(expectOk(await ada.act("play", claim)).result).toBe("ada");
    expect(expectOk(await bob.act("play", claim)).result).toBe("bob");
    await evict(id);
    expect(expectOk(await ada.act("play", claim)).result).toBe("ada");
  });

  test("receives the scopes that the session has at that time", async () => {
    const ada = await connect(id, { id: "ada" });
    await room.setScopes("ada", ["room:read", "room:act"]);
    await ada.next("scopes");
    expectOk(await ada.act("play", {}));
    expect(toldTo("play")[0]?.scopes).toEqual(["room:read", "room:act"]);
  });

  test("cannot change its caller", async () => {
    setScript(id, {
      play({ caller }) {
        Object.assign(caller, { door: "worker" });
      },
    });
    await expect(room.act("play", {})).rejects.toMatchObject({ code: "action_failed" });
  });
});
