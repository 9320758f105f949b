// Idempotency keys in a room (rule X2), passed as options of a room handle.

import { describe, expect, test, vi } from "vitest";
import { roomCaller, workerCaller, type Caller } from "../../../src/protocol/caller.ts";
import { passUntil, useFakeDate } from "../../support/fake-date.ts";
import {
  breakWrites,
  evict,
  failureCode,
  mendWrites,
  newId,
  rooms,
  rowsWritten,
  sql,
  stubOf,
} from "../../support/core/rooms.ts";
import { gather } from "../../support/core/sessions.ts";

useFakeDate();

const key = { idempotencyKey: "key-1" };
const day = 24 * 3_600_000;

async function start(behaviour = "scripted") {
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour });
  await room.updateState(() => ({ list: [] }));
  return { id, room };
}

const push = (value: number) => [{ op: "add", path: "/list/-", value }] as const;

describe("a call with an idempotency key", () => {
  test("[X2] is carried out once and gets the same answer again, whatever the call is", async () => {
    const { room } = await start();
    const twice = async (call: () => Promise<unknown>): Promise<unknown> => {
      const first = await call();
      expect(await call()).toEqual(first);
      return first;
    };
    await twice(() => room.join({ id: "ada" }, { idempotencyKey: "join" }));
    expect(await twice(() => room.patchState(push(1), { idempotencyKey: "patch" }))).toEqual({
      version: 2,
      dropped: [],
    });
    const next = vi.fn<(state: object) => object>((state) => ({ ...state, touched: true }));
    expect(await twice(() => room.updateState(next, { idempotencyKey: "update" }))).toEqual({
      version: 3,
    });
    expect(next).toHaveBeenCalledTimes(1);
    expect(await twice(() => room.act("look", {}, { idempotencyKey: "act" }))).toMatchObject({
      version: 3,
    });
    await twice(() => room.broadcast("ding", 1, { idempotencyKey: "event" }));
    await twice(() => room.holdPresence("ada", { name: "A" }, { idempotencyKey: "hold" }));
    await twice(() => room.setScopes("ada", ["room:read"], { idempotencyKey: "scopes" }));
    expect(await room.getState()).toEqual({ list: [1], touched: true });
  });

  test("[X2] is refused if the key comes with other arguments or another call", async () => {
    const { room } = await start();
    await room.patchState(push(1), key);
    expect(await failureCode(room.patchState(push(2), key))).toBe("key_reused");
    expect(await failureCode(room.act("look", {}, key))).toBe("key_reused");
    expect(await failureCode(room.patchState(push(1), { ...key, ifVersion: 1 }))).toBe(
      "key_reused",
    );
    expect(await room.getState()).toEqual({ list: [1] });
  });

  test("[X2] is refused if the key belongs to another user", async () => {
    const { id, room } = await start();
    const as = (userId: string): Caller => ({
      ...workerCaller,
      door: "http",
      user: { id: userId },
    });
    const call = (caller: Caller) =>
      stubOf(id).call("callAction", { name: "look", payload: { text: "{}" } }, caller, [], {
        key: "key-1",
        fingerprint: "same",
      });
    expect(await call(as("ada"))).not.toHaveProperty("isReplay");
    expect(await call(as("ada"))).toMatchObject({ isReplay: true });
    expect(await call(as("bob"))).toMatchObject({ error: { code: "client_taken" } });
    expect(await call(roomCaller)).toMatchObject({ error: { code: "client_taken" } });
    await evict(id);
    expect(await call(as("bob"))).toMatchObject({ error: { code: "client_taken" } });
    expect(await room.getState()).toEqual({ list: [] });
  });

  test("[X2, S4] waits for the commit of its change, and is forgotten if that fails", async () => {
    const { id, room, sessions } = await (async () => {
      const gathered = await gather("scripted", "ada");
      await gathered.room.updateState(() => ({ list: [] }));
      return gathered;
    })();
    await breakWrites(id, "changes");
    const both = [room.patchState(push(1), key), room.patchState(push(1), key)];
    expect(await Promise.all(both.map(failureCode))).toEqual(["commit_failed", "commit_failed"]);
    await mendWrites(id, "changes");
    expect(await sql(id, "SELECT * FROM keys")).toEqual([]);
    await room.patchState(push(1), key);
    await room.patchState(push(1), key);
    expect(await room.getState()).toEqual({ list: [1] });
    await sessions[0]?.until(({ state }) => JSON.stringify(state) === '{"list":[1]}');
  });

  test("[X2, S4] is not carried out if its key cannot be written", async () => {
    const { id, room } = await start();
    await breakWrites(id, "keys");
    expect(await failureCode(room.patchState(push(1), key))).toBe("commit_failed");
    await mendWrites(id, "keys");
    expect(await room.getState()).toEqual({ list: [] });
    await room.patchState(push(1), key);
    expect(await room.getState()).toEqual({ list: [1] });
  });

  test("[X2] costs one more row", async () => {
    const { id, room } = await start();
    const cost = async (options: object): Promise<number> => {
      const before = await rowsWritten(id);
      await room.patchState(push(1), options);
      return (await rowsWritten(id)) - before;
    };
    await cost({});
    const without = await cost({});
    expect(await cost({ idempotencyKey: "a" })).toBe(without + 1);
    expect(await cost({ idempotencyKey: "a" })).toBe(0);
  });
});

describe("idempotency keys are remembered", () => {
  test("[X2] for a day, and no longer", async () => {
    const { room } = await start();
    await room.join({ id: "ada" });
    await room.patchState(push(1), key);
    passUntil(Date.now() + day - 1);
    await room.patchState(push(1), key);
    expect(await room.getState()).toEqual({ list: [1] });
    passUntil(Date.now() + 2);
    await room.patchState(push(1), key);
    expect(await room.getState()).toEqual({ list: [1, 1] });
  });

  test("[X2] up to the last 1,000, and not many more", async () => {
    const { id, room } = await start();
    for (let n = 0; n < 1250; n++) {
      passUntil(Date.now() + 1);
      await room.act("nothing", {}, { idempotencyKey: `key-${n}` });
    }
    const [row] = await sql(id, "SELECT count(*) AS n FROM keys");
    expect(Number(row?.["n"])).toBeGreaterThanOrEqual(1000);
    expect(Number(row?.["n"])).toBeLessThanOrEqual(1100);
    const before = await rowsWritten(id);
    await room.act("nothing", {}, { idempotencyKey: "key-250" });
    expect(await rowsWritten(id)).toBe(before);
  });
});
