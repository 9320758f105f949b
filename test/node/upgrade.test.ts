// The upgrade on a real server: a refused client gets the status and the problem as an HTTP response and is
// not left in a room.

import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConnectOptions } from "../support/dial.ts";
import { outsideClients } from "../support/outside-client.ts";
import { startServer, type Server } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer({ main: "test/fixtures/worker.ts", vars: { AUTH_MODE: "open" } });
});
afterAll(() => server.stop());

const { connect, refusal } = outsideClients(() => server.url);

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(server.url + path, { headers });

const ada = encodeURIComponent('{"id":"ada"}');

describe("a request without a WebSocket upgrade", () => {
  test("[A6] gets 426 with a problem and joins nothing", async () => {
    const response = await get(`/rooms/plain/socket?user=${ada}`);
    expect(response.status).toBe(426);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status: 426, code: "upgrade_required" });
    expect((await get("/rooms/plain")).status).toBe(404);
  });

  const handshake = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": btoa("sixteen bytes ::"),
  };
  type LooseHeaders = Readonly<Record<string, string | string[]>>;

  /** Ask for an upgrade. `fetch` cannot. */
  async function ask(path: string, headers: LooseHeaders): Promise<[number, string]> {
    const outgoing = request(server.url + path, { headers, agent: false });
    const { promise, resolve, reject } = Promise.withResolvers<[number, string]>();
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      void text(response).then((body) => resolve([response.statusCode ?? 0, body]), reject);
    });
    outgoing.on("upgrade", (_, line) => {
      line.destroy();
      resolve([101, ""]);
    });
    outgoing.end();
    return promise;
  }

  test.each<[string, LooseHeaders]>([
    ["lists another protocol first", { upgrade: "h2c, websocket" }],
    ["lists another protocol last", { upgrade: "websocket, h2c" }],
    ["lists another protocol in a header of its own", { upgrade: ["h2c", "websocket"] }],
    ["names another protocol", { upgrade: "h2c" }],
    ["names an old version", { "sec-websocket-version": "8" }],
  ])("[H5] that %s gets 426 and joins nothing", async (_, headers) => {
    const room = `/rooms/${crypto.randomUUID()}`;
    const asked = await ask(`${room}/socket?user=${ada}`, { ...handshake, ...headers });
    expect(asked).toEqual([426, expect.stringContaining('"code":"upgrade_required"')]);
    expect((await get(room)).status).toBe(404);
    // Nothing else is missing.
    expect(await ask(`${room}/socket?user=${ada}`, handshake)).toEqual([101, ""]);
  });

  test("[H5] without a key gets 426 and joins nothing", async () => {
    const { "sec-websocket-key": _, ...keyless } = handshake;
    const room = `/rooms/${crypto.randomUUID()}`;
    const asked = await ask(`${room}/socket?user=${ada}`, keyless);
    expect(asked).toEqual([426, expect.stringContaining('"code":"upgrade_required"')]);
    expect((await get(room)).status).toBe(404);
  });

  test("[A6] gets 426 without a body for HEAD", async () => {
    const response = await fetch(`${server.url}/rooms/plain/socket`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([426, ""]);
  });
});

describe("a refused client", () => {
  const user = { id: "ada" };

  test.each<[string, number, object | undefined, ConnectOptions]>([
    ["invalid_user", 400, undefined, {}],
    ["invalid_user", 400, { id: "" }, {}],
    ["invalid_user", 400, { id: "ada", fill: "x".repeat(4096) }, {}],
    ["invalid_user", 400, { id: "ada", fill: "é".repeat(2048) }, {}],
    ["unknown_behaviour", 400, user, { behaviour: "nobody-wrote-this" }],
    ["invalid_request", 400, user, { query: { since: "1" } }],
    ["invalid_request", 400, user, { query: { since: "x", epoch: "e" } }],
    ["invalid_request", 400, user, { query: { connect: "{}" } }],
    ["invalid_request", 400, user, { protocols: ["chat"] }],
  ])(
    "[A6] with %s gets %i as an HTTP response and starts no room",
    async (code, status, who, options) => {
      const room = `refused-${crypto.randomUUID()}`;
      const { problem, ...rest } = await refusal(room, who as typeof user | undefined, options);
      expect({ ...rest, code: problem.code }).toEqual({ status, code });
      expect((await get(`/rooms/${room}`)).status).toBe(404);
    },
  );

  test("[U9] of a full room gets 409, and nobody in the room is notified", async () => {
    const first = await connect("full", { id: "first" }, { behaviour: "small" });
    await connect("full", { id: "second" });
    expect((await refusal("full", { id: "third" })).problem).toMatchObject({ code: "room_full" });
    await first.fence();
    expect(first.users.map(({ id }) => id)).toEqual(["first", "second"]);
    expect(await (await get("/rooms/full")).json()).toMatchObject({ users: 2, sockets: 2 });
  });

  test("[R2] with an invalid room id gets 400", async () => {
    const { status, problem } = await refusal("a\u0000b", user);
    expect({ status, code: problem.code }).toEqual({ status: 400, code: "invalid_room_id" });
  });

  test("[A2] of a deployment without configured authentication gets 503", async () => {
    const closed = await startServer();
    try {
      const { status, problem } = await outsideClients(() => closed.url).refusal("any", user);
      expect({ status, code: problem.code }).toEqual({ status: 503, code: "auth_not_configured" });
    } finally {
      await closed.stop();
    }
  });
});

describe("an accepted client", () => {
  test.each<[string[], string]>([
    [[], ""],
    [["collab-room.v2"], "collab-room.v2"],
    [["chat", "collab-room.v2"], "collab-room.v2"],
    [["collab-room.v2", "bearer.abc"], "collab-room.v2"],
  ])("[W1] that offers the subprotocols %j gets %j", async (protocols, agreed) => {
    const session = await connect("agreed", { id: "ada" }, { protocols });
    expect(session.protocol).toBe(agreed);
    expect(session.welcome).toMatchObject({ room: "agreed", user: { id: "ada" } });
  });

  test("[A5] is the user in the query, whatever the headers contain", async () => {
    const headers = {
      "x-user-id": "root",
      "x-forwarded-user": "root",
      "cf-access-authenticated-user-email": "root",
      connect: '{"user":{"id":"root"}}',
    };
    const session = await connect("named", { id: "eve" }, { headers });
    expect(session.users.map(({ id }) => id)).toEqual(["eve"]);
    expect(session.frames.join()).not.toContain("root");
  });
});
