// Idempotency keys over HTTP (rule X2). For every POST and PATCH, a repeated request gets the same answer and is not
// carried out again, even if the room has slept or crashed in between.

import { describe, expect, test } from "vitest";
import { callsOf, gate, setScript } from "../fixtures/scripts.ts";
import { connect } from "../support/socket-client.ts";
import { at, expectProblem, send, type Sent } from "../support/http.ts";
import { crash, evict, newId, nothingStored, rooms, stored } from "../support/rooms.ts";
import { collab } from "../fixtures/worker.ts";

type Asked = { readonly method: string; readonly path: string; readonly sent: Sent };

const jsonPatch = "application/json-patch+json";

const asks: readonly (Asked & { readonly name: string })[] = [
  ["a join", "POST", "/users", { json: { id: "bob", name: "Bob" } }],
  ["scopes", "PATCH", "/users/ada", { json: { scopes: ["room:read"] } }],
  [
    "a patch",
    "PATCH",
    "/state",
    { json: [{ op: "add", path: "/list/-", value: 1 }], type: jsonPatch },
  ],
  ["an action", "POST", "/actions/play", { json: { n: 1 } }],
  ["an event", "POST", "/broadcast", { json: { event: "ding", payload: 1 } }],
  ["a touch", "POST", "/touch", { json: { userId: "ada" } }],
].map(([name, method, path, sent]) => ({ name, method, path, sent }) as Asked & { name: string });

const ask = (id: string, { method, path, sent }: Asked, key: string): Promise<Response> =>
  send(method, at(id, path), { ...sent, headers: { ...sent.headers, "idempotency-key": key } });

/** A room with ada in it, a list to push to, and an action that pushes too. */
async function start(): Promise<string> {
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  await room.join({ id: "ada" });
  await room.updateState(() => ({ list: [] }));
  setScript(id, {
    play: (_room, state) => ({
      state: { ...state, list: [...(state["list"] as number[]), 2] },
      result: (state["list"] as number[]).length,
    }),
  });
  return id;
}

/** What a client sees of a response. */
const seen = async (response: Response) => ({
  status: response.status,
  body: await response.text(),
  etag: response.headers.get("etag"),
  location: response.headers.get("location"),
  type: response.headers.get("content-type"),
});

const replayed = ({ headers }: Response): string | null => headers.get("idempotency-replayed");

test("[X2, H8] every route with POST or PATCH is tested here, and documents the header", async () => {
  const document = await (
    await collab.app.request("/openapi.json")
  ).json<{
    paths: Record<string, Record<string, { parameters?: { name: string }[] }>>;
  }>();
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      route: `${method.toUpperCase()} ${path.replace("/rooms/{id}", "")}`,
      takesKey: parameters.some(({ name }) => name === "Idempotency-Key"),
    })),
  );
  const mutating = described.filter(({ route }) => /^(POST|PATCH)/.test(route));
  expect(mutating.filter(({ takesKey }) => !takesKey)).toEqual([]);
  const asked = asks.map(
    ({ method, path }) =>
      `${method} ${path.replace("/users/ada", "/users/{userId}").replace("/play", "/{name}")}`,
  );
  expect(mutating.map(({ route }) => route).toSorted()).toEqual(asked.toSorted());
  expect(
    described.filter(({ route, takesKey }) => takesKey && !/^(POST|PATCH)/.test(route)),
  ).toEqual([]);
});

describe.each(asks)("$name", (asked) => {
  test("[X2] gets the same answer again, and is carried out once", async () => {
    const id = await start();
    const first = await ask(id, asked, "key-1");
    expect(replayed(first)).toBeNull();
    expect(first.ok).toBe(true);
    const answer = await seen(first);
    const before = await stored(id);
    const again = await ask(id, asked, "key-1");
    expect(replayed(again)).toBe("true");
    expect(await seen(again)).toEqual(answer);
    expect(await stored(id)).toEqual(before);
  });

  test("[X2, R6] gets the same answer after an eviction, and after a crash", async () => {
    const id = await start();
    const answer = await seen(await ask(id, asked, "key-1"));
    for (const leave of [evict, crash]) {
      await leave(id);
      const again = await ask(id, asked, "key-1");
      expect(replayed(again)).toBe("true");
      expect(await seen(again)).toEqual(answer);
    }
    expect(["[]", "[1]", "[2]"]).toContain(
      JSON.stringify((await rooms.room(id).getState())["list"]),
    );
  });

  test("[X2] refuses the key for a different request", async () => {
    const id = await start();
    await ask(id, asked, "key-1");
    const other = { ...asked, sent: { ...asked.sent, json: other_[asked.name] } };
    await expectProblem(await ask(id, other, "key-1"), 422, "key_reused");
    expect((await ask(id, other, "key-2")).ok).toBe(true);
  });
});

const other_: Readonly<Record<string, unknown>> = {
  "a join": { id: "bob", name: "Robert" },
  scopes: { scopes: ["room:read", "room:write"] },
  "a patch": [{ op: "add", path: "/list/-", value: 9 }],
  "an action": { n: 2 },
  "an event": { event: "dong", payload: 1 },
  "a touch": {},
};

describe("an idempotency key", () => {
  const rename: Asked = { method: "POST", path: "/actions/play", sent: { json: {} } };

  test.each(["", "a b", "é", "x".repeat(256)])(
    "[X2] %j is refused, and nothing happens",
    async (key) => {
      const id = await start();
      const before = await stored(id);
      // Header characters are limited to one byte, so "é" is one byte here.
      await expectProblem(await ask(id, rename, key), 400, "invalid_request");
      expect(await stored(id)).toEqual(before);
    },
  );

  test("[X2] may have 255 characters, and any visible ones", async () => {
    const id = await start();
    for (const key of ["x".repeat(255), `!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`]) {
      expect((await ask(id, rename, key)).status).toBe(200);
      expect(replayed(await ask(id, rename, key))).toBe("true");
    }
  });

  test("[X2] is ignored for a request that is idempotent anyway", async () => {
    const id = await start();
    const headers = { "idempotency-key": "key-1" };
    const put = (n: number) => send("PUT", at(id, "/state"), { json: { n }, headers });
    expect([(await put(1)).status, (await put(2)).status]).toEqual([200, 200]);
    expect(await rooms.room(id).getState()).toEqual({ n: 2 });
  });

  test("[X2] in use makes the second request wait, and both get the same answer", async () => {
    const id = await start();
    const { promise, resolve } = gate();
    let runs = 0;
    setScript(id, {
      async play(_room, state) {
        runs++;
        await promise;
        return { state: { ...state, runs }, result: runs };
      },
    });
    const both = [ask(id, rename, "key-1"), ask(id, rename, "key-1")];
    await expect.poll(() => runs).toBe(1);
    resolve();
    const answers = await Promise.all(both);
    expect(answers.map(replayed).toSorted()).toEqual(["true", null].toSorted());
    const [one, other] = await Promise.all(answers.map(seen));
    expect(one).toEqual(other);
    expect(runs).toBe(1);
  });

  test("[X2, A6] stores a refusal that depends on the room", async () => {
    const id = await start();
    const refuse: Asked = { method: "POST", path: "/actions/refuse", sent: { json: {} } };
    const first = await ask(id, refuse, "key-1");
    const again = await ask(id, refuse, "key-1");
    expect(replayed(again)).toBe("true");
    expect(await seen(again)).toEqual(await seen(first));
    expect(first.status).toBe(409);
  });

  test("[X2] does not store a temporary failure", async () => {
    const id = await start();
    const fail: Asked = { method: "POST", path: "/actions/play", sent: { json: {} } };
    setScript(id, {
      play: () => {
        throw new Error("secret: once");
      },
    });
    await expectProblem(await ask(id, fail, "key-1"), 500, "action_failed");
    setScript(id, { play: () => ({ result: "done" }) });
    const again = await ask(id, fail, "key-1");
    expect([again.status, replayed(again)]).toEqual([200, null]);
  });

  test("[X2, R4] leaves nothing behind in a room that is not running", async () => {
    const id = newId();
    await expectProblem(await ask(id, rename, "key-1"), 404, "room_not_running");
    expect(await stored(id)).toEqual(nothingStored);
  });

  test("[X2, R3] of a join that starts the room survives a stop that keeps the state", async () => {
    const id = newId();
    const join: Asked = { method: "POST", path: "/users", sent: { json: { id: "ada" } } };
    const first = await seen(await ask(id, join, "key-1"));
    expect(first.status).toBe(201);
    await rooms.room(id).stop();
    const again = await ask(id, join, "key-1");
    expect([replayed(again), await seen(again)]).toEqual(["true", first]);
    expect(callsOf(id).filter(({ hook }) => hook === "onJoin")).toHaveLength(1);
  });

  test("[X2, R8] is deleted by a purge", async () => {
    const id = await start();
    await ask(id, rename, "key-1");
    await rooms.room(id).stop({ purge: true });
    expect(await stored(id)).toEqual(nothingStored);
  });

  test("[X2, W5] of an event makes it reach sessions once", async () => {
    const id = await start();
    const session = await connect(id, { id: "ada" });
    const event: Asked = { method: "POST", path: "/broadcast", sent: { json: { event: "ding" } } };
    for (let n = 0; n < 3; n++) expect((await ask(id, event, "key-1")).status).toBe(202);
    await session.fence();
    const dings = session.messages.filter((each) => each.type === "event" && each.event === "ding");
    expect(dings).toHaveLength(1);
  });
});
