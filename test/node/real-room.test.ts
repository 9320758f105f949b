// A real room on a real server sends every message of the protocol. Its clients check every frame against
// the schemas and agree with the room on the result.

import { afterAll, beforeAll, expect, test } from "vitest";
import { outsideClients } from "../support/outside-client.ts";
import { startServer, type Server } from "../support/server.ts";
import { expectFailed, expectOk, type TestSession } from "../support/session.ts";
import { goldenFrames } from "../support/frames.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer({ main: "test/fixtures/worker.ts", vars: { AUTH_MODE: "open" } });
});
afterAll(() => server.stop());

const { connect, refusal } = outsideClients(() => server.url);

const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(server.url + path, init);
  expect(response.ok).toBe(true);
  return response.status === 200 ? await response.json() : null;
};

/** The type of a message and its variant. */
function kindOf(message: object): string {
  const { type, ok, resumed } = message as { type: string; ok?: boolean; resumed?: boolean };
  const [variant] = [ok === false && "failed", resumed && "resumed"].filter(Boolean);
  return variant ? `${type} ${variant}` : type;
}

test("[W1, W2, P2, N1] a room sends every message, and its clients agree with each other and with the room", async () => {
  const ada = await connect("talk", { id: "ada", name: "Ada" }, { behaviour: "scripted" });
  const bob = await connect("talk", { id: "bob" });
  expect(ada.protocol).toBe("collab-room.v2");

  expect(expectOk(await ada.merge({ title: "Sketch", __proto__x: 1 }))).toMatchObject({
    version: 1,
  });
  expect(expectOk(await bob.update([{ op: "add", path: "/tags", value: [] }], 1)).version).toBe(2);
  expectFailed(await ada.merge({ title: "Late" }, 1), "version_conflict");
  expect(expectOk(await ada.act("rename", { title: "Bridge" }))).toMatchObject({
    result: "renamed",
  });
  expectFailed(await ada.act("refuse"), "action_refused");
  expectFailed(await ada.act("fail"), "action_failed");
  expectOk(await ada.show({ cursor: { x: 1 }, typing: true }));
  expectOk(await ada.show({ typing: false })); // otherwise it would expire at some point
  expectOk(await bob.show({ status: "idle" }));
  expectOk(await ada.touch());
  bob.send({ type: "broadcast", event: "wave", payload: "hello" });
  expect(await ada.next("event")).toMatchObject({ event: "wave", from: "bob" });
  await ask("POST", "/rooms/talk/broadcast", { event: "deployed" });
  expect(await ada.next("event")).toMatchObject({ event: "deployed", payload: null, from: null });
  ada.sendRaw("{");
  expect(await ada.next("error")).toMatchObject({ code: "bad_message" });

  await ask("PATCH", "/rooms/talk/users/bob", { scopes: ["room:read"] });
  await bob.until(({ scopes }) => scopes.length === 1);
  expectFailed(await bob.merge({}), "forbidden");

  await bob.terminate();
  await ada.until(({ presence }) => presence["bob"]?.status === "away");
  await ask("PUT", "/rooms/talk/state", { title: "x".repeat(300_000) });
  await ada.next("mark");
  const again = await connect("talk", { id: "bob" }, { resume: bob });
  const cyd = await connect(
    "talk",
    { id: "cyd" },
    { resume: { epoch: "another", version: 2, state: {} } },
  );
  await cyd.ping();
  await ada.fence(again, cyd);
  await expectAgreement([ada, again, cyd]);

  expect(await cyd.leave()).toMatchObject({ code: 1000 });
  await ada.until(({ users, presence }) => users.length === 2 && !("cyd" in presence));
  await ada.fence(again);
  await expectAgreement([ada, again]);

  const guests = await becomeCrowd();
  const seen = new Set(
    [ada, bob, again, cyd, ...guests].flatMap(({ messages }) => messages.map(kindOf)),
  );
  // A client puts parts together, so they are not among its messages.
  if (cyd.frames.some((frame) => frame.startsWith('{"type":"part"'))) seen.add("part");
  const all = goldenFrames("room").map(({ json }) => kindOf(json as object));
  expect(seen).toEqual(new Set(all));
});

/** One more room, which becomes sampled and returns to normal. */
async function becomeCrowd(): Promise<TestSession[]> {
  const [first, second, ...others] = (await Promise.all(
    ["a", "b", "c", "d", "e"].map((id) => connect("crowd", { id }, { behaviour: "crowded" })),
  )) as [TestSession, TestSession, ...TestSession[]];
  await first.until(({ counts }) => counts?.users === 5);
  expectOk(await first.watch("b"));
  expectOk(await second.show({ cursor: 1 }));
  await first.until(({ presence }) => presence["b"]?.["cursor"] === 1);
  await first.until(({ sample }) => sample["b"]?.presence["cursor"] === 1);
  for (const other of others) await other.leave();
  await first.until(({ counts }) => counts === null);
  expect(first.users.map(({ id }) => id).toSorted()).toEqual(["a", "b"]);
  return [first, second, ...others];
}

async function expectAgreement(sessions: readonly TestSession[]): Promise<void> {
  const state = await ask("GET", "/rooms/talk/state");
  const { users } = (await ask("GET", "/rooms/talk/users?limit=1000")) as { users: unknown };
  const { presence } = (await ask("GET", "/rooms/talk/presence")) as { presence: unknown };
  for (const session of sessions)
    expect({ name: session.name, ...pick(session) }).toEqual({
      name: session.name,
      state,
      users,
      presence,
    });
}

const pick = ({ state, users, presence }: TestSession) => ({ state, users, presence });

test("[W1] a refused client gets a problem and no socket", async () => {
  expect(await refusal("refused")).toMatchObject({
    status: 400,
    problem: { code: "invalid_user" },
  });
  const cases = [
    [{ query: { since: "1" } }, 400, "invalid_request"],
    [{ query: { since: "-1", epoch: "e" } }, 400, "invalid_request"],
    [{ protocols: ["collab-room.v0"] }, 400, "invalid_request"],
    [{ behaviour: "unknown" }, 400, "unknown_behaviour"],
  ] as const;
  for (const [options, status, code] of cases)
    expect(await refusal("refused", { id: "ada" }, options)).toMatchObject({
      status,
      problem: { code },
    });
  const plain = await fetch(
    `${server.url}/rooms/refused/socket?user=${encodeURIComponent('{"id":"a"}')}`,
  );
  expect(plain.status).toBe(426);
  expect((await fetch(`${server.url}/rooms/refused`)).status).toBe(404);
});
