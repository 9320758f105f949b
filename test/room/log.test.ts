// What a room logs about its life (rule O1): one line for each event, with ids, and nothing for messages and joins.

import { beforeEach, describe, expect, test } from "vitest";
import { setScript } from "../fixtures/scripts.ts";
import { at, send } from "../support/core/http.ts";
import {
  evict,
  failureCode,
  hibernate,
  hookCalled,
  newId,
  redeploy,
  ring,
  rooms,
} from "../support/core/rooms.ts";
import { arrived, set } from "../support/core/sessions.ts";
import { connect, refusal } from "../support/core/socket-client.ts";
import { come, sendAs } from "../support/core/token-clients.ts";
import { pass, useFakeDate } from "../support/fake-date.ts";
import { watchLog, type LogLine } from "../support/watch-log.ts";

useFakeDate();

let id: string;
let lines: () => readonly LogLine[];

beforeEach(() => {
  id = newId();
  lines = watchLog({ room: id });
});

const start = (behaviour = "scripted") => rooms.joinOrCreateRoom(id, { behaviour });
const of = (event: string): readonly LogLine[] => lines().filter((line) => line.event === event);

/** The line of an event that was logged once. */
function only(event: string): LogLine | undefined {
  expect(of(event)).toHaveLength(1);
  return of(event)[0];
}

describe("a start", () => {
  test("[O1] by code in the Worker is logged", async () => {
    const room = await start();
    const { epoch } = await room.info();
    expect(lines()).toEqual([
      {
        level: "info",
        event: "room_started",
        room: id,
        behaviour: "scripted",
        epoch,
        door: "worker",
      },
    ]);
  });

  test("[O1] over HTTP is logged with the request, and by a socket with the user as well", async () => {
    const response = await send("PUT", at(id), { json: { behaviour: "scripted" } });
    const request = response.headers.get("x-request-id");
    expect(only("room_started")).toMatchObject({ door: "http", request });
    const other = newId();
    const started = watchLog({ room: other });
    await connect(other, { id: "ada" });
    expect(started()).toMatchObject([
      { event: "room_started", behaviour: "default", door: "socket", by: "ada" },
    ]);
    expect(started()[0]?.["request"]).toEqual(expect.any(String));
  });

  test("[O1, R6] is not logged when the room only wakes, or is already running", async () => {
    await start();
    await evict(id);
    await start();
    only("room_started");
  });

  test("[O1, R3] is not logged if the join that would start the room is refused", async () => {
    setScript(id, { onJoin: () => ({ error: "banned" }) });
    expect(await failureCode(rooms.room(id).join({ id: "ada" }))).toBe("join_refused");
    expect(of("room_started")).toEqual([]);
  });
});

describe("a stop", () => {
  test("[O1, R7] is logged with its reason, how long the room ran, and who was there", async () => {
    const room = await start();
    await room.join({ id: "bob" });
    await connect(id, { id: "ada" });
    pass(5000);
    await room.stop();
    expect(only("room_stopped")).toMatchObject({
      level: "info",
      reason: "requested",
      behaviour: "scripted",
      ran: 5000,
      users: 2,
      sessions: 1,
      door: "worker",
    });
    expect(of("session_closed")).toEqual([]); // the line of the room counts them
  });

  test("[O1, T2] of an idle room is logged with the room itself as the cause", async () => {
    await start("brief");
    await evict(id);
    pass(70_000);
    await ring(id);
    expect(only("room_stopped")).toMatchObject({
      reason: "idle",
      ran: 70_000,
      users: 0,
      sessions: 0,
      door: "room",
    });
  });

  test("[O1, R7] that deletes the state is logged as a purge", async () => {
    const room = await start();
    await send("DELETE", at(id, "?purge=true"));
    expect(await room.alive()).toBe(false);
    expect(only("room_stopped")).toMatchObject({ reason: "purge", door: "http" });
  });

  test("[O1, R7] that waits for a save is logged once it has happened", async () => {
    let isDown = true;
    setScript(id, { saveRoomState: () => (isDown ? { error: "down" } : { ok: null }) });
    const room = await start("saved");
    await room.patchState([{ op: "add", path: "/n", value: 1 }]);
    expect(await failureCode(room.stop())).toBe("save_failed");
    expect(of("room_stopped")).toEqual([]);
    isDown = false;
    pass(600_000);
    await ring(id);
    await expect.poll(() => ring(id).then(() => of("room_stopped").length)).toBe(1);
    expect(only("room_stopped")).toMatchObject({ reason: "requested", door: "room" });
  });
});

describe("a refused join", () => {
  const refused = (code: string, rest: object = {}) => ({
    level: "warn",
    event: "join_refused",
    user: "ada",
    code,
    ...rest,
  });

  test("[O1, U2] is logged with its user and reason, over HTTP, by a socket and from the Worker", async () => {
    await start();
    setScript(id, { onJoin: () => ({ error: "banned" }) });
    const response = await send("POST", at(id, "/users"), { json: { id: "ada" } });
    await refusal(id, { id: "ada" });
    await failureCode(rooms.room(id).join({ id: "ada" }));
    const reason = "banned";
    expect(of("join_refused")).toMatchObject([
      refused("join_refused", {
        reason,
        door: "http",
        request: response.headers.get("x-request-id"),
      }),
      refused("join_refused", { reason, door: "socket", by: "ada", request: expect.any(String) }),
      refused("join_refused", { reason, door: "worker" }),
    ]);
  });

  test("[O1, U9] is logged for a full room and for a failed hook", async () => {
    const room = await start("small");
    await Promise.all(["bob", "cyd"].map((userId) => room.join({ id: userId })));
    await failureCode(room.join({ id: "ada" }));
    expect(only("join_refused")).toMatchObject(refused("room_full"));
    await room.leave("bob");
    setScript(id, {
      onJoin: () => {
        throw new Error("secret");
      },
    });
    await failureCode(room.join({ id: "ada" }));
    const instance = only("hook_failed")?.["instance"];
    expect(of("join_refused")[1]).toMatchObject(refused("hook_failed", { instance }));
  });

  test("[O1, B2] is logged if `authorize` refuses it", async () => {
    setScript(id, { authorize: () => ({ error: "not_here" }) });
    await start("guarded");
    await refusal(id, { id: "ada" });
    expect(only("join_refused")).toMatchObject(refused("not_authorized", { reason: "not_here" }));
  });

  test("[O1, U1] is logged without a user if there is none", async () => {
    await start();
    await failureCode(rooms.room(id).join({ id: "x".repeat(200) }));
    expect(only("join_refused")).not.toHaveProperty("user");
    expect(only("join_refused")).toMatchObject({ code: "invalid_user" });
  });

  test("[O1, X2] is logged once, however often its answer is replayed", async () => {
    await start();
    setScript(id, { onJoin: () => ({ error: "banned" }) });
    const again = { json: { id: "ada" }, headers: { "idempotency-key": newId("key") } };
    await send("POST", at(id, "/users"), again);
    await send("POST", at(id, "/users"), again);
    only("join_refused");
  });
});

describe("the end of a session", () => {
  const closing = (rest: object) => ({ level: "info", event: "session_closed", ...rest });

  test("[O1] is logged with its code and duration, even if the room slept in between", async () => {
    await start();
    const ada = await connect(id, { id: "ada" });
    const { session } = ada.welcome;
    pass(3000);
    await hibernate(id);
    pass(4000);
    ada.close(4999, "bye");
    await expect.poll(() => of("session_closed")).toHaveLength(1);
    expect(only("session_closed")).toEqual({
      ...closing({ session, user: "ada", code: 4999, reason: "socket_closed", lasted: 7000 }),
      room: id,
    });
  });

  test("[O1] is logged for a user who leaves", async () => {
    await start();
    const ada = await connect(id, { id: "ada" });
    await ada.leave();
    expect(only("session_closed")).toMatchObject(closing({ code: 1000, reason: "left" }));
  });

  test("[O1] is logged with the error if the room ended it", async () => {
    const room = await start();
    const ada = await connect(id, { id: "ada" });
    await room.setScopes("ada", []);
    await ada.closed;
    expect(only("session_closed")).toMatchObject(closing({ code: 4003, reason: "forbidden" }));
  });

  test("[O1, W3] is logged for too many bad messages", async () => {
    await start();
    const ada = await connect(id, { id: "ada" });
    for (let n = 0; n < 20; n++) ada.sendRaw("nonsense");
    await ada.closed;
    expect(only("session_closed")).toMatchObject(closing({ code: 4400, reason: "bad_message" }));
  });

  test("[O1, U6] is not logged for sockets that were lost with the object", async () => {
    await start("graceless");
    await connect(id, { id: "ada" });
    await redeploy(id);
    expect(await rooms.room(id).getUsers()).toHaveLength(1);
    expect(of("session_closed")).toEqual([]);
  });
});

describe("a kick", () => {
  test("[O1] is logged with the user, the number of sessions, and who did it", async () => {
    const room = await start();
    const ada = await connect(id, { id: "ada" });
    await connect(id, { id: "ada" });
    const response = await send("DELETE", at(id, "/users/ada"));
    await ada.closed;
    expect(only("kicked")).toMatchObject({
      level: "info",
      user: "ada",
      sessions: 2,
      door: "http",
      request: response.headers.get("x-request-id"),
    });
    expect(of("session_closed")).toMatchObject([
      { code: 4001, reason: "kicked" },
      { code: 4001, reason: "kicked" },
    ]);
    await room.join({ id: "bob" });
    await room.leave("bob"); // bob has no socket, and so just leaves
    only("kicked");
  });

  test("[O1, A9] with a ban is logged with its end, whether or not the user is in the room", async () => {
    await start();
    const before = Date.now();
    await send("DELETE", at(id, "/users/eve?kick=true&for=60"));
    const line = only("kicked");
    expect(line).toMatchObject({ level: "info", user: "eve", sessions: 0, door: "http" });
    expect(Date.parse(String(line?.["until"])) - before).toBeGreaterThanOrEqual(60_000);
  });

  test("[O1, A9] that is lifted is logged on its own line", async () => {
    await start();
    await send("DELETE", at(id, "/users/eve?kick=true&for=0"));
    expect(only("kick_lifted")).toMatchObject({ level: "info", user: "eve", door: "http" });
    expect(of("kicked")).toEqual([]);
  });

  test("[O1, U4] is not logged for users who remove themselves", async () => {
    await start();
    const token = { sub: "ada", scopes: { [id]: ["room:read"] } };
    const ada = await come(id, token);
    expect((await sendAs(token, "DELETE", at(id, "/users/ada"))).status).toBe(204);
    expect(await ada.closed).toEqual({ code: 1000, reason: "left" });
    expect(of("kicked")).toEqual([]);
    expect(only("session_closed")).toMatchObject({ user: "ada", code: 1000, reason: "left" });
  });
});

describe("saving", () => {
  test("[O1, S8] that fails is logged with the number of attempts, and again when it succeeds", async () => {
    let isDown = true;
    setScript(id, {
      saveRoomState() {
        if (isDown) throw new Error("the store is down");
      },
    });
    const room = await start("saved");
    await room.patchState([{ op: "add", path: "/n", value: 1 }]);
    await expect.poll(() => of("save_failed")).toHaveLength(1);
    expect(only("hook_failed")).toMatchObject({
      level: "error",
      what: "saveRoomState",
      instance: expect.any(String),
      door: "room",
      error: expect.stringContaining("the store is down"),
    });
    expect(only("save_failed")).toMatchObject({
      level: "warn",
      code: "save_failed",
      attempts: 1,
      retryIn: 1000,
    });
    isDown = false;
    pass(1000);
    await ring(id);
    await hookCalled(id, "saveRoomState", 2);
    await expect.poll(() => of("save_recovered")).toHaveLength(1);
    expect(only("save_recovered")).toMatchObject({ level: "info", attempts: 1 });
  });
});

test("[O1] messages, joins and leaves are not logged, however many there are", async () => {
  const room = await start("swift");
  const [ada, bob] = [await connect(id, { id: "ada" }), await connect(id, { id: "bob" })];
  const before = lines().length;
  for (let n = 0; n < 200; n++) {
    void ada.update(set("n", n));
    bob.send({ type: "presence", data: { cursor: { x: n } } });
    bob.send({ type: "broadcast", event: "wave" });
    bob.send({ type: "update", ref: n, patch: [{ op: "remove", path: "/none" }] }); // is refused
    await room.join({ id: `guest-${n}` });
    await room.touch("ada");
    await room.getState();
    await room.leave(`guest-${n}`);
  }
  await Promise.all([arrived(ada), arrived(bob)]);
  expect(lines().length).toBe(before);
});
