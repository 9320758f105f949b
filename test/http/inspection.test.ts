// What administrators see of a room, over HTTP and in workerd: the trace as an event stream, even of a sleeping room,
// and the responses that the OpenAPI document describes.

import { env } from "cloudflare:workers";
import { describe, expect, onTestFinished, test } from "vitest";
import type { JournalPage, RoomInspection, TracedFrame } from "collab-room/protocol";
import { collab } from "../fixtures/worker.ts";
import { setScript } from "../fixtures/scripts.ts";
import { EventReader } from "../support/event-reader.ts";
import { at, expectEmpty, expectJson, expectProblem, send } from "../support/http.ts";
import { evict, hibernate, newId, redeploy, rooms, rowsWritten, stored } from "../support/rooms.ts";
import { connect } from "../support/socket-client.ts";
import { expectOk } from "../support/session.ts";
import { bearer, inSeconds, secret, tokenOf } from "../support/tokens.ts";

const tokens = { ...env, AUTH_MODE: "tokens", AUTH_SECRET: secret } as object as typeof env;

async function ask(id: string, query = "", claims?: object): Promise<Response> {
  const headers = claims ? bearer(await tokenOf({ ...claims })) : {};
  const request = new Request(`https://rooms.test${at(id, `/trace${query}`)}`, { headers });
  return collab.app.fetch(request, claims ? tokens : env);
}

async function trace(id: string, query = "", claims?: object): Promise<EventReader> {
  const { status, headers, body } = await ask(id, query, claims);
  expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  if (body === null) throw new Error("The response has no body.");
  const reader = new EventReader(body);
  onTestFinished(() => reader.close());
  return reader;
}

async function nextFrame(reader: EventReader): Promise<TracedFrame> {
  const { id, event, data } = await reader.read();
  expect([id, event]).toEqual([null, "frame"]);
  return data as TracedFrame;
}

const inspect = async (id: string): Promise<RoomInspection> =>
  expectJson<RoomInspection>(await send("GET", at(id, "/inspect")), 200);

const start = async (): Promise<string> => {
  const id = newId();
  await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  return id;
};

describe("the trace of a room", () => {
  test("[V6] is an event stream of every frame, and ends with the room", async () => {
    const id = await start();
    const ada = await connect(id, { id: "ada" });
    const reader = await trace(id);
    expectOk(await ada.update([{ op: "add", path: "/a", value: 1 }]));
    const [received, sent] = [await nextFrame(reader), await nextFrame(reader)];
    expect(received).toMatchObject({
      direction: "in",
      session: ada.welcome.session,
      user: "ada",
      types: ["update"],
    });
    expect(JSON.parse(received.text ?? "")).toMatchObject({ type: "update" });
    expect(sent).toMatchObject({ direction: "out", types: ["change", "reply"] });
    await rooms.room(id).stop();
    expect(await reader.next()).toEqual({ id: null, event: "stopped", data: "{}" });
    expect(await reader.next()).toBeNull();
  });

  test("[V6, R6] continues while the room sleeps, does not keep it awake, and ends with a deploy", async () => {
    const id = await start();
    const ada = await connect(id, { id: "ada" });
    const reader = await trace(id, "?type=update");
    expect((await inspect(id)).sockets).toMatchObject({ sessions: 1, traces: 1 });
    for (const n of [1, 2]) {
      await hibernate(id);
      expectOk(await ada.update([{ op: "add", path: "/a", value: n }]));
      expect((await nextFrame(reader)).text).toContain(`"value":${n}`);
    }
    await redeploy(id);
    expect(await reader.next()).toBeNull();
    expect((await inspect(id)).sockets.traces).toBe(0);
  });

  test("[V6] can be closed by its reader, and sessions are then as before", async () => {
    const id = await start();
    const ada = await connect(id, { id: "ada" });
    const reader = await trace(id);
    await reader.close();
    await expect.poll(async () => (await inspect(id)).sockets.traces).toBe(0);
    expectOk(await ada.update([{ op: "add", path: "/a", value: 1 }]));
  });

  test("[V6, L1] delays nobody if it is never read, and drops what is too much", async () => {
    const id = await start();
    const ada = await connect(id, { id: "ada" });
    const reader = await trace(id, "?type=broadcast");
    const payload = "y".repeat(4000);
    for (let n = 0; n < 120; n++) ada.send({ type: "broadcast", event: "e", payload });
    expectOk(await ada.update([{ op: "add", path: "/a", value: 1 }]));
    // From here on it is read: first what was sent in time, then how much was dropped.
    let seen = 0;
    let event = await reader.read();
    for (; event.event === "frame"; event = await reader.read()) seen++;
    expect(seen).toBeLessThan(120);
    expect(event).toMatchObject({ event: "dropped", data: { frames: 120 - seen } });
  });

  test("[V6, A3, A7] is only for administrators, by their token or by scopes from the room", async () => {
    const id = newId();
    setScript(id, { authorize: () => ({ ok: { scopes: ["room:read", "room:write"] } }) });
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "guarded" });
    await room.join({ id: "eve" });
    const editor = { sub: "eve", scopes: { "*": ["room:read", "room:write", "presence:write"] } };
    await expectProblem(await ask(id, "", editor), 403, "forbidden");
    await expectProblem(await ask(id, "", { sub: "eve" }), 403, "forbidden");
    await expectProblem(
      await ask(id, "", { sub: "eve", scopes: { other: ["room:admin"] } }),
      403,
      "forbidden",
    );
    expect((await inspect(id)).sockets.traces).toBe(0);
    await room.setScopes("eve", ["room:read", "room:admin"]);
    const reader = await trace(id, "", { sub: "eve" });
    await room.setScopes("eve", ["room:read"]);
    expect(await reader.next()).toBeNull();
  });

  test("[V6, A8] ends when its token expires", async () => {
    const id = await start();
    const claims = { sub: "root", scopes: { "*": ["room:admin"] }, exp: inSeconds(1) };
    expect(await (await trace(id, "", claims)).next()).toBeNull();
  });

  test("[V6, A8] never contains a token, neither on connecting nor on renewal", async () => {
    const id = await start();
    const claims = { sub: "ada", scopes: { "*": ["room:read", "room:write"] } };
    const reader = await trace(id, "", { sub: "root", scopes: { "*": ["room:admin"] } });
    const ada = await connect(id, { id: "ada" });
    const token = await tokenOf({ ...claims, sub: "ada" });
    ada.send({ type: "auth", token, ref: 1 });
    ada.send({ type: "leave" });
    let event = await reader.next();
    while (event !== null && event.event !== "closed") event = await reader.next();
    expect(reader.received).toContain('"types":["auth"]');
    expect(reader.received).not.toContain(token);
    expect(reader.received).not.toContain(token.slice(-20));
  });

  test("[V6] refuses an unknown parameter and a room that does not run, and HEAD opens none", async () => {
    const id = await start();
    await expectProblem(await ask(id, "?sesion=x"), 400, "invalid_request");
    await expectProblem(await ask(newId()), 404, "room_not_running");
    const head = await send("HEAD", at(id, "/trace"));
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect((await inspect(id)).sockets.traces).toBe(0);
  });
});

describe("the inspection of a room over HTTP", () => {
  test("[V3, R6] shows the actual alarm, even after an eviction, and writes nothing", async () => {
    const id = await start();
    const ada = await connect(id, { id: "ada" });
    for (const wake of [async () => {}, () => evict(id), () => hibernate(id)]) {
      await wake();
      const { alarm, timers } = await inspect(id);
      expect(Date.parse(alarm?.at ?? "")).toBe((await stored(id)).alarm);
      expect(timers[0]?.name).toBe(alarm?.for);
    }
    const before = await rowsWritten(id);
    for (const path of [
      "/inspect",
      "/inspect/users",
      "/journal",
      "/journal/0",
      "/kicked",
      "/actions",
    ])
      await expectJson(await send("GET", at(id, path)), 200);
    expect(await rowsWritten(id)).toBe(before);
    ada.close();
  });

  test("[V1, V2] pages through the journal, and reads each past state", async () => {
    const id = await start();
    const json = (n: number): object => ({ n });
    for (let n = 1; n <= 5; n++)
      await expectJson(
        await send("PATCH", at(id, "/state"), {
          json: json(n),
          type: "application/merge-patch+json",
        }),
        200,
      );
    const first = await expectJson<JournalPage>(await send("GET", at(id, "/journal?limit=2")), 200);
    expect(first.rows.map(({ to }) => to)).toEqual([5, 4]);
    expect(first.rows[0]?.authors).toEqual([{ door: "http", changes: 1 }]);
    const second = await expectJson<JournalPage>(
      await send("GET", at(id, `/journal?limit=3&upTo=${first.next}`)),
      200,
    );
    expect(second.rows.map(({ to }) => to)).toEqual([3, 2, 1]);
    expect(second.next).toBeUndefined();
    await evict(id);
    for (let n = 1; n <= 5; n++)
      expect(await expectJson(await send("GET", at(id, `/journal/${n}`)), 200)).toMatchObject({
        version: n,
        state: json(n),
      });
    await expectProblem(await send("GET", at(id, "/journal?limit=0")), 400, "invalid_request");
    await expectProblem(await send("GET", at(id, "/journal?upTo=-1")), 400, "invalid_request");
  });

  test("[V4, A9] shows banned users, even of a room that never ran", async () => {
    const id = await start();
    await expectEmpty(await send("DELETE", at(id, "/users/eve?kick=true&for=60")), 204);
    const list = await expectJson<{ kicked: { userId: string }[] }>(
      await send("GET", at(id, "/kicked")),
      200,
    );
    expect(list.kicked.map(({ userId }) => userId)).toEqual(["eve"]);
    const other = newId();
    expect(await expectJson(await send("GET", at(other, "/kicked")), 200)).toEqual({ kicked: [] });
    expect((await stored(other)).alarm).toBeNull();
  });
});
