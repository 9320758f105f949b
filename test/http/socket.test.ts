// Opening a socket, up to the upgrade: a refused client gets a problem instead of a socket and leaves
// nothing behind. Open sockets are tested elsewhere.

import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { callsOf, hang, setScript } from "../fixtures/scripts.ts";
import { at, expectEmpty, expectProblem, send, untouchable, type Sent } from "../support/http.ts";
import { isListed, newId, nothingStored, rooms, stored, stubOf } from "../support/rooms.ts";
import { connect } from "../support/socket-client.ts";

const upgrade = { upgrade: "websocket" };
const ada = { user: '{"id":"ada","name":"Ada"}' };

/** Request a socket that is refused. The response is checked against the OpenAPI document. */
const ask = (
  id: string,
  query: string | Record<string, string> = ada,
  sent: Sent = {},
): Promise<Response> =>
  send("GET", `${at(id, "/socket")}?${new URLSearchParams(query)}`, {
    ...sent,
    headers: { ...upgrade, ...sent.headers },
  });

/** Everything that is visible of a running room. */
const everythingOf = async (id: string): Promise<unknown[]> => [
  await rooms.room(id).info(),
  await rooms.room(id).getUsers(),
  await rooms.room(id).getPresence(),
  await stored(id),
  await runInDurableObject(stubOf(id), (_, state) => state.getWebSockets().length),
];

/** A running room with one user, who joined by HTTP. */
async function start(behaviour = "scripted"): Promise<string> {
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour });
  await room.join({ id: "first" });
  return id;
}

/** Check that a refusal leaves an absent room absent and a running one unchanged. */
async function expectRefused(
  status: number,
  code: string,
  refused: (id: string) => Promise<Response>,
) {
  const absent = newId();
  await expectProblem(await refused(absent), status, code);
  expect(await stored(absent)).toEqual(nothingStored);
  expect(await isListed(absent)).toBe(false);

  const running = await start();
  const [before, calls] = [await everythingOf(running), callsOf(running).length];
  const problem = await expectProblem(await refused(running), status, code);
  expect(await everythingOf(running)).toEqual(before);
  expect(await rooms.room(running).info()).toMatchObject({ sockets: 0, users: 1 });
  expect(callsOf(running)).toHaveLength(calls);
  return problem;
}

describe("a request without a WebSocket upgrade", () => {
  test.each([
    undefined,
    "",
    "h2c",
    "web socket",
    "websocket2",
    "TLS/1.0",
    "h2c, websocket",
    "websocket, h2c",
    "websocket, websocket",
    "websocket,",
    "websocket/13",
  ])("[A6, H5] but with Upgrade %j gets 426 and joins nothing", async (to) => {
    await expectRefused(426, "upgrade_required", (id) =>
      send("GET", `${at(id, "/socket")}?${new URLSearchParams(ada)}`, {
        headers: to === undefined ? {} : { upgrade: to },
      }),
    );
  });

  test.each([
    { "sec-websocket-version": "8", "sec-websocket-key": "c2l4dGVlbiBieXRlcyA6Og==" },
    { "sec-websocket-version": "", "sec-websocket-key": "c2l4dGVlbiBieXRlcyA6Og==" },
    { "sec-websocket-version": "13, 8", "sec-websocket-key": "c2l4dGVlbiBieXRlcyA6Og==" },
    { "sec-websocket-version": "13" },
  ])("[H5] that the platform would not make gets 426 and joins nothing: %j", async (headers) => {
    const detail = await expectRefused(426, "upgrade_required", async (id) => {
      const response = await ask(id, ada, { headers });
      expect(response.headers.get("sec-websocket-version")).toBe("13");
      return response;
    });
    expect(detail).toEqual({});
  });

  test("[A6] gets 426 for HEAD, too", async () => {
    await expectEmpty(await send("HEAD", at(newId(), "/socket")), 426);
  });

  test.each([
    "?user=nobody",
    "?since=x",
    "?unknown=1",
    "?user=%ff",
    "?behaviour=nobody-wrote-this",
  ])("[H5] gets 426 before its query is checked: %s", async (query) => {
    for (const headers of [{}, { upgrade: "h2c, websocket" }]) {
      const response = await send("GET", at(newId(), `/socket${query}`), { headers });
      expect(response.headers.get("upgrade")).toBe("websocket");
      await expectProblem(response, 426, "upgrade_required");
    }
  });

  test("[H5] gets 426 before its room id is checked", async () => {
    const response = await send("GET", "/rooms/%00/socket");
    await expectProblem(response, 426, "upgrade_required");
  });
});

describe("an invalid user", () => {
  const fill = (bytes: number): string => {
    const empty = '{"id":"ada","fill":""}';
    return empty.replace('""', `"${"x".repeat(bytes - empty.length)}"`);
  };

  test.each([
    ["missing", {}],
    ["empty", { user: "" }],
    ["not JSON", { user: "ada" }],
    ["cut off", { user: '{"id":"ada"' }],
    ["null", { user: "null" }],
    ["a number", { user: "7" }],
    ["text", { user: '"ada"' }],
    ["an array", { user: '[{"id":"ada"}]' }],
    ["without an id", { user: '{"name":"Ada"}' }],
    ["with an inherited id", { user: '{"__proto__":{"id":"ada"}}' }],
    ["with an empty id", { user: '{"id":""}' }],
    ["with a number for an id", { user: '{"id":5}' }],
    ["with an id of 129 characters", { user: JSON.stringify({ id: "a".repeat(129) }) }],
    ["with an id that is not valid Unicode", { user: '{"id":"\\ud800"}' }],
    ["with the id .", { user: '{"id":"."}' }],
    ["with the id ..", { user: '{"id":".."}' }],
    ["with a zero-width joiner in the id", { user: '{"id":"ada\\u200d"}' }],
    ["with a ttl", { user: '{"id":"ada","ttl":60000}' }],
    ["of 4,097 bytes", { user: fill(4097) }],
    ["of 100,000 bytes", { user: fill(100_000) }],
    ["of 17 levels", { user: `{"id":"ada","deep":${"[".repeat(16)}${"]".repeat(16)}}` }],
    ["of thousands of levels", { user: `{"id":"ada","d":${"[".repeat(8000)}${"]".repeat(8000)}}` }],
  ])("[U1, R4] that is %s gets 400 and starts no room", async (_, query) => {
    const { detail } = await expectRefused(400, "invalid_user", (id) => ask(id, query));
    expect(detail).toMatch(/./);
  });

  test("[U1] is not a user of exactly 4,096 bytes", async () => {
    const session = await connect(newId(), JSON.parse(fill(4096)));
    expect(session.welcome.user).toMatchObject({ id: "ada" });
  });
});

describe("an invalid query", () => {
  test.each([
    ["a version without an epoch", { since: "1" }, "requires"],
    ["a version below 0", { since: "-1", epoch: "e" }, "since"],
    ["a fractional version", { since: "1.5", epoch: "e" }, "since"],
    ["a hexadecimal version", { since: "0x1", epoch: "e" }, "since"],
    ["a version with a leading zero", { since: "01", epoch: "e" }, "since"],
    ["a version with a space", { since: " 1", epoch: "e" }, "since"],
    ["an empty version", { since: "", epoch: "e" }, "since"],
    ["a version of 17 digits", { since: "1".repeat(17), epoch: "e" }, "since"],
    ["an epoch of 65 characters", { since: "1", epoch: "e".repeat(65) }, "epoch"],
    ["an unknown parameter", { token: "abc" }, "token"],
    ["a parameter in capitals", { User: '{"id":"eve"}' }, "User"],
    ["a name that objects inherit", { constructor: "1" }, "constructor"],
  ])("[W1] with %s gets 400, and the problem names it", async (_, query, what) => {
    const refused = (id: string): Promise<Response> =>
      ask(id, { ...ada, ...(query as Record<string, string>) });
    const problem = await expectRefused(400, "invalid_request", refused);
    expect(JSON.stringify(problem)).toContain(what);
  });

  test("[W1] that is not percent-encoded UTF-8 gets 400", async () => {
    await expectRefused(400, "invalid_request", (id) =>
      send("GET", `${at(id, "/socket")}?user=%ff`, { headers: upgrade }),
    );
  });
});

describe("a list of subprotocols", () => {
  test.each(["chat", "collab-room.v1", "collab-room.v20", "Collab-Room.v2", "", "bearer.abc", ","])(
    "[W1] without the supported one gets 400, and the problem names it: %j",
    async (offered) => {
      const headers = { "sec-websocket-protocol": offered };
      const { detail } = await expectRefused(400, "invalid_request", (id) =>
        ask(id, ada, { headers }),
      );
      expect(detail).toBe("Sec-WebSocket-Protocol must include collab-room.v2, or be left out.");
    },
  );

  test.each([
    [["collab-room.v2"]],
    [["chat", "collab-room.v2"]],
    [["collab-room.v2", "bearer.secret"]],
  ])(
    "[W1, A6] with the supported one is accepted, and the response names only that: %j",
    async (protocols) => {
      const session = await connect(newId(), { id: "ada" }, { protocols });
      expect(session.protocol).toBe("collab-room.v2");
    },
  );

  test("[W1] is optional: without one the response names none", async () => {
    const session = await connect(newId(), { id: "ada" }, { protocols: [] });
    expect(session.protocol).toBe("");
  });
});

describe("a refused socket", () => {
  test.each(["nobody-wrote-this", "__proto__", "", "Scripted"])(
    "[R2] gets 400 for the unknown behaviour %j",
    async (behaviour) => {
      const id = newId();
      const response = await ask(id, { ...ada, behaviour });
      const { detail } = await expectProblem(response, 400, "unknown_behaviour");
      expect(detail).toContain("scripted");
      expect(await stored(id)).toEqual(nothingStored);
    },
  );

  test.each([["absent"], ["running"]])(
    "[U2] gets 403 if onJoin refuses the user, and the room is %s as before",
    async (life) => {
      const id = life === "running" ? await start() : newId();
      setScript(id, { onJoin: () => ({ error: "members_only" }) });
      const before = life === "running" ? await everythingOf(id) : null;
      const response = await ask(id, { ...ada, behaviour: "scripted" });
      expect(await expectProblem(response, 403, "join_refused")).toEqual({
        reason: "members_only",
      });
      if (before) expect(await everythingOf(id)).toEqual(before);
      else expect(await stored(id)).toEqual(nothingStored);
    },
  );

  test.each<[string, number, string, () => unknown]>([
    ["throws", 500, "hook_failed", () => Promise.reject(new Error("secret: the table is gone"))],
    ["hangs", 504, "call_timeout", hang],
    ["returns an invalid value", 500, "hook_failed", () => "yes"],
    ["returns a meta that is not JSON", 500, "hook_failed", () => ({ ok: { at: new Date() } })],
  ])("[U2, A6] because onJoin %s gets %i %s", async (_, status, code, onJoin) => {
    for (const id of [newId(), await start()]) {
      setScript(id, { onJoin: onJoin as () => void });
      const before = (await rooms.getRoom(id)) && (await everythingOf(id));
      const response = await ask(id, { ...ada, behaviour: "scripted" });
      const { instance } = await expectProblem(response, status, code);
      expect(instance).toMatch(/./);
      if (before) expect(await everythingOf(id)).toEqual(before);
      else expect(await stored(id)).toEqual(nothingStored);
    }
  });

  test("[R5] gets 503 if the state cannot be loaded, and can be retried", async () => {
    const id = newId();
    setScript(id, { loadRoomState: () => Promise.reject(new Error("secret: the store is down")) });
    const response = await ask(id, { ...ada, behaviour: "loaded" });
    expect(response.headers.get("retry-after")).toBe("1");
    await expectProblem(response, 503, "load_failed");
    expect(await stored(id)).toEqual(nothingStored);
    setScript(id, {});
    const session = await connect(id, { id: "ada" }, { behaviour: "loaded" });
    expect(session.welcome).toMatchObject({ state: {}, version: 0 });
  });

  test("[U9] gets 409 if the room is full, but a user in the room may open one", async () => {
    const id = await start("small");
    await rooms.room(id).join({ id: "ada" });
    const before = await everythingOf(id);
    await expectProblem(await ask(id, { user: '{"id":"eve"}' }), 409, "room_full");
    expect(await everythingOf(id)).toEqual(before);
    expect((await connect(id, { id: "ada" })).welcome.users).toHaveLength(2);
  });

  test.each(["%ff", "%00", "a".repeat(257), "%C3%28"])(
    "[R2] gets 400 for the invalid room id %s",
    async (name) => {
      const { asked, objects } = untouchable();
      const path = `/rooms/${name}/socket?${new URLSearchParams(ada)}`;
      const response = await send("GET", path, { headers: upgrade, env: objects });
      await expectProblem(response, 400, "invalid_room_id");
      expect(asked).not.toHaveBeenCalled();
    },
  );

  test("[A2] gets 503 without configured authentication, and no object is called", async () => {
    const { asked, objects } = untouchable();
    for (const sent of [{ headers: upgrade }, {}])
      await expectProblem(
        await send("GET", `${at("some", "/socket")}?user=nobody`, {
          ...sent,
          env: { ...objects, AUTH_MODE: undefined },
        }),
        503,
        "auth_not_configured",
      );
    expect(asked).not.toHaveBeenCalled();
  });
});

test("[W1] HEAD neither opens a socket nor joins the user", async () => {
  const id = newId();
  const headers = { upgrade: "websocket" };
  const response = await send(
    "HEAD",
    at(id, `/socket?user=${encodeURIComponent('{"id":"ada"}')}`),
    {
      headers,
    },
  );
  expect(response.status).toBe(426);
  expect(await rooms.getRoom(id)).toBeNull();
});
