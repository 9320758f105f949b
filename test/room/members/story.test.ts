// A longer scenario of a room, repeated with the object evicted after each of its steps. Nobody notices the difference,
// and no hook is called for it.

import { describe, expect, test } from "vitest";
import { callsOf } from "../../fixtures/scripts.ts";
import { canonical } from "../../support/canonical-json.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { hibernate, newId, redeploy, ring, rooms } from "../../support/core/rooms.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import { connect } from "../../support/core/socket-client.ts";

useFakeDate();

type Cast = { readonly [name: string]: TestSession };

/** The steps. Each returns the sessions after it. */
const steps: ((id: string, cast: Cast) => Promise<Cast>)[] = [
  async (id) => ({ ada: await connect(id, { id: "ada", name: "Ada", color: "#111111" }) }),
  async (id, cast) => ({ ...cast, bob: await connect(id, { id: "bob" }) }),
  async (_, cast) => {
    expectOk(await must(cast, "ada").show({ cursor: { x: 1 }, mood: "fine" }));
    return cast;
  },
  async (id, cast) => {
    await rooms.room(id).join({ id: "bot" }, { ttl: 30_000 });
    await rooms.room(id).holdPresence("bot", { name: "Bot" }, { ttl: 20_000 });
    return cast;
  },
  async (id, cast) => {
    await rooms.room(id).setScopes("bob", ["room:read", "presence:write"]);
    return cast;
  },
  async (_, cast) => {
    expectFailed(await must(cast, "bob").merge({ no: true }), "forbidden");
    expectOk(await must(cast, "ada").merge({ n: 1 }));
    return cast;
  },
  async (id, cast) => ({ ...cast, second: await connect(id, { id: "ada" }) }),
  async (_, cast) => {
    expectOk(await must(cast, "second").show({ status: "idle" }));
    expectOk(await must(cast, "bob").show({ status: "idle" }));
    return cast;
  },
  async (_, { ada, ...cast }) => {
    await ada?.close();
    return cast;
  },
  async (_, { second, ...cast }) => {
    await second?.close(1001);
    return cast;
  },
  async (id, cast) => ({ ...cast, ada: await connect(id, { id: "ada" }) }),
  async (_, { bob, ...cast }) => {
    await bob?.close(3000);
    return cast;
  },
  async (id, cast) => {
    await rooms.room(id).leave("ada");
    await must(cast, "ada").closed;
    return { watcher: await connect(id, { id: "watcher" }) };
  },
  async (_, cast) => cast,
];

function must(cast: Cast, name: string): TestSession {
  const session = cast[name];
  if (session === undefined) throw new Error(`${name} is not on stage`);
  return session;
}

type Tale = { readonly scenes: unknown[]; readonly calls: unknown[] };

/** Play the scenario. `lose` is called after each step, or after the given one. */
async function tell(lose?: (id: string) => Promise<void>, after?: number): Promise<Tale> {
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  const scenes: unknown[] = [];
  let cast: Cast = {};
  const start = Date.now();
  /** Times count from the beginning. Session ids and the like are not compared. */
  const scene = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (_, part: unknown) =>
      typeof part === "string" && /^\d{4}-\d\d-\d\dT/.test(part) ? Date.parse(part) - start : part,
    );
  for (const [index, step] of steps.entries()) {
    cast = await step(id, cast);
    if (lose && (after === undefined || after === index)) {
      const calls = callsOf(id).length;
      await lose(id);
      await room.info();
      expect(callsOf(id).length).toBe(calls);
    }
    const [users, presence, state] = [
      await room.getUsers(),
      await room.getPresence(),
      await room.getState(),
    ];
    const { sockets, version } = await room.info();
    const whole = canonical({ users, presence, state });
    const knows = (it: TestSession): boolean =>
      canonical({ users: it.users, presence: it.presence, state: it.state }) === whole;
    for (const session of Object.values(cast)) await session.until(knows, `all of ${whole}`);
    scenes.push(scene({ users, presence, state, sockets, version }));
    pass(1500);
    await ring(id);
  }
  const calls = callsOf(id).map(({ hook, user }) => [hook, user]);
  return { scenes, calls };
}

describe("a scenario of a room", () => {
  test("[R6] has the same result if the object sleeps after every step", async () => {
    expect(await tell(hibernate)).toEqual(await tell());
  });

  test.for(steps.map((_, index) => index))(
    "[R6] has the same result if the object sleeps after step %i",
    async (index) => {
      expect(await tell(hibernate, index)).toEqual(await tell());
    },
  );

  test("[R6] in which all sockets are lost keeps the same users, and calls no hook", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    await connect(room.id, { id: "ada" });
    await room.join({ id: "bot" });
    await room.setScopes("ada", ["room:read"]);
    const users = await room.getUsers();
    for (let round = 0; round < 3; round++) {
      await redeploy(room.id);
      expect(await room.getUsers()).toEqual(users);
      const ada = await connect(room.id, { id: "ada" });
      expect(ada.scopes).toEqual(["room:read"]);
      expect(ada.welcome.user).toEqual(users[0]);
      pass(5000);
      await ring(room.id);
    }
    expect(callsOf(room.id).map(({ hook, user }) => [hook, user])).toEqual([
      ["onJoin", "ada"],
      ["onJoin", "bot"],
    ]);
  });
});
