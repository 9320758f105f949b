// What an inspector page asks of a room, against the app itself.

import { beforeEach, describe, expect, test } from "vitest";
import { AdminError, RoomAdmin } from "../../src/inspector/room-admin.ts";
import { readTrace, type TraceEvent } from "../../src/inspector/trace-reader.ts";
import { collab } from "../fixtures/worker.ts";
import { env, newId, rooms } from "../support/core/rooms.ts";
import { connect } from "../support/core/socket-client.ts";
import { expectOk } from "../support/session.ts";
import { secret, tokenOf } from "../support/tokens.ts";

let id = "";
let admin: RoomAdmin;

const ask = (async (target: string, init: RequestInit) =>
  collab.app.fetch(new Request(target, init), env)) as typeof fetch;

beforeEach(async () => {
  id = newId("an odd/room ü");
  admin = new RoomAdmin({ url: "https://rooms.test", room: id, fetch: ask });
  await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
});

const failed = async (work: Promise<unknown>): Promise<unknown> => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  return error instanceof AdminError ? [error.status, error.code] : error;
};

describe("an administrator of a room", () => {
  test("[V1, V2, V3] sees it, its journal and its past, and changes it at the version that they have seen", async () => {
    const { state, tag } = await admin.state();
    expect(state).toEqual({});
    expect(await admin.patch([{ op: "add", path: "/n", value: 1 }], tag)).toEqual({ version: 1 });
    expect(await failed(admin.patch([{ op: "remove", path: "/n" }], tag))).toEqual([
      412,
      "version_conflict",
    ]);
    expect(await admin.act("rename", { title: "Pier" })).toEqual({ result: "renamed", version: 2 });
    const { rows } = await admin.journal({ limit: 1 });
    expect(rows.map(({ authors }) => authors)).toEqual([
      [{ door: "http", action: "rename", changes: 1 }],
    ]);
    expect((await admin.journal({ upTo: 1 })).rows).toHaveLength(1);
    expect((await admin.stateAt(1)).state).toEqual({ n: 1 });
    expect(await failed(admin.stateAt(9))).toEqual([410, "changes_gone"]);
    expect(await admin.inspect()).toMatchObject({ id, version: 2, behaviour: "scripted" });
    expect((await admin.actions()).actions.map(({ name }) => name)).toContain("rename");
  });

  test("[V4, A3, A9] sees its users, sets their scopes, removes them, and keeps them out", async () => {
    const ada = await connect(id, { id: "ada/b ü" });
    await admin.setScopes("ada/b ü", ["room:read"]);
    expect((await admin.users({ user: "ada/b ü" })).users[0]).toMatchObject({
      scopes: ["room:read"],
      sessions: [{ id: ada.welcome.session }],
    });
    await admin.broadcast("wave", { n: 1 });
    await admin.kick("ada/b ü", 60);
    expect(await ada.closed).toMatchObject({ code: 4001 });
    expect((await admin.kicked()).map(({ userId }) => userId)).toEqual(["ada/b ü"]);
    await admin.kick("ada/b ü", 0);
    expect(await admin.kicked()).toEqual([]);
    await admin.remove("nobody");
    expect((await admin.users()).total).toBe(0);
  });

  test("[T1, R7] keeps it alive, stops it, and purges it", async () => {
    await admin.touch();
    await admin.stop();
    expect(await failed(admin.inspect())).toEqual([404, "room_not_running"]);
    await admin.purge();
    expect(await failed(admin.stop())).toEqual([404, "room_not_running"]);
  });

  test("[V6] reads its frames until it stops", async () => {
    const ada = await connect(id, { id: "ada" });
    const events: TraceEvent[] = [];
    const trace = admin.trace({ type: "update" });
    const first = trace.next();
    await expect.poll(async () => (await admin.inspect()).sockets.traces).toBe(1);
    expectOk(await ada.update([{ op: "add", path: "/text", value: "ü\n\n" }]));
    events.push((await first).value as TraceEvent);
    await admin.stop();
    for await (const event of trace) events.push(event);
    expect(events).toMatchObject([
      { kind: "frame", frame: { user: "ada", types: ["update"] } },
      { kind: "stopped" },
    ]);
  });

  test("[A1, A3] sends a token with each request, and is told why it is refused", async () => {
    const closed = { ...env, AUTH_MODE: "tokens", AUTH_SECRET: secret };
    const withScopes = (scopes: readonly string[]) =>
      new RoomAdmin({
        url: "https://rooms.test",
        room: id,
        token: () => tokenOf({ sub: "root", scopes: { "*": scopes } }),
        fetch: (async (target: string, init: RequestInit) =>
          collab.app.fetch(new Request(target, init), closed)) as typeof fetch,
      });
    expect(await withScopes(["room:admin"]).inspect()).toMatchObject({ id });
    const editor = withScopes(["room:read", "room:write"]);
    for (const work of [
      () => editor.inspect(),
      () => editor.users(),
      () => editor.kicked(),
      () => editor.actions(),
      () => editor.journal(),
      () => editor.stateAt(0),
      () => editor.trace().next(),
      () => editor.kick("ada", 1),
      () => editor.setScopes("ada", []),
      () => editor.stop(),
      () => editor.purge(),
    ])
      expect(await failed(work())).toEqual([403, "forbidden"]);
  });

  test("[A6] is told of an answer that is none of a room's", async () => {
    const proxied = new RoomAdmin({
      url: "https://rooms.test",
      room: id,
      fetch: (async () => new Response("<h1>Bad gateway</h1>", { status: 502 })) as typeof fetch,
    });
    expect(await failed(proxied.inspect())).toEqual([502, ""]);
  });
});

test("[V6] a trace is read whatever pieces it comes in, and unknown events are left out", async () => {
  const frame = { user: "ü", text: "a\n\nb" };
  const text = `retry: 2000\n\n:\n\nevent: frame\ndata: ${JSON.stringify(frame)}\n\nevent: later\ndata: 1\n\nevent: dropped\ndata: {"at":"x","frames":3}\n\nevent: stopped\ndata: {}\n\n`;
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 7, bytes.length]) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size)
          controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    const events: TraceEvent[] = [];
    for await (const event of readTrace(body)) events.push(event);
    expect(events).toEqual([
      { kind: "frame", frame },
      { kind: "dropped", dropped: { at: "x", frames: 3 } },
      { kind: "stopped" },
    ]);
  }
});
