// Whatever any column of any row of a room contains, the room wakes, answers with its state or with a documented error,
// accepts changes, and still has them after another sleep.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CollabError, type RoomHandle } from "collab-room";
import { setScript } from "../../fixtures/scripts.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { jsonWithKeys } from "../../support/json-arbitraries.ts";
import { platform } from "../../support/core/platform.ts";
import { evict, newId, ring, rooms, sql } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";
import { runs } from "../../support/runs.ts";

useFakeDate();

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

/** A room with rows in every table, and a client that has had a socket. */
async function fill(id: string): Promise<RoomHandle> {
  setScript(id, {
    play: ({ schedule, now }, state) => {
      schedule("rename", { title: "x" }, now + 60_000);
      return { state: { ...state, played: true } };
    },
  });
  const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  await room.updateState(() => ({ list: ["a"], text: "abc" }));
  await room.join({ id: "ada", name: "Ada" }, { ttl: 60_000 });
  await room.holdPresence("ada", { mood: "calm" });
  await room.setScopes("ada", ["room:read"]);
  const cyd = await connect(id, { id: "cyd" }, { query: { client: "cyd-1" } });
  await cyd.ask({ type: "update", patch: [{ op: "add", path: "/list/0", value: "b" }], seq: 1 });
  await cyd.ask({ type: "action", name: "nothing", seq: 2 });
  await room.act("play");
  await room.patchState([{ op: "str_ins", path: "/text", pos: 1, str: "x" }], {
    idempotencyKey: "key-1",
  });
  await cyd.close();
  return room;
}

const hostile = [null, "", "x", -1, 0, 1e300, [], {}, [null], { "": null }, true, "__proto__"];

/** How to damage a column: replace its value, or replace one member of its JSON. */
type Damage =
  | { readonly kind: "value"; readonly sql: string }
  | { readonly kind: "member"; readonly pick: number; readonly value: unknown };

const damages = fc.oneof(
  fc.record({
    kind: fc.constant("value" as const),
    sql: fc.constantFrom(
      "''",
      "'{'",
      "x'ff'",
      "x''",
      "-1",
      "9e999",
      "1e300",
      "'null'",
      "'[]'",
      "7",
    ),
  }),
  fc.record({
    kind: fc.constant("member" as const),
    pick: fc.nat(),
    value: fc.oneof(fc.constantFrom(...hostile), jsonWithKeys(fc.constantFrom("id", "at")).value),
  }),
);

type Place = { readonly table: string; readonly row: number; readonly column: number };

const cases = fc.record({
  place: fc.record({ table: fc.nat(), row: fc.nat(), column: fc.nat() }),
  damage: damages,
  wakesLate: fc.boolean(),
});

const pickFrom = <T>(items: readonly T[], pick: number): T => items[pick % items.length] as T;

const tables = [
  "room",
  "members",
  "timers",
  "changes",
  "requests",
  "keys",
  "schedules",
  "snapshots",
];

/** Replace one value in one row. @returns a description of the change, for failure messages */
async function damage(
  id: string,
  place: Record<keyof Place, number>,
  how: Damage,
): Promise<string> {
  const filled: string[] = [];
  for (const table of tables)
    if ((await sql(id, `SELECT 1 FROM ${table} LIMIT 1`)).length > 0) filled.push(table);
  const table = pickFrom(filled, place.table);
  const rows = await sql(id, `SELECT * FROM ${table}`);
  const row = pickFrom(rows, place.row);
  const column = pickFrom(Object.keys(row), place.column);
  // A stored answer is returned whatever it says, so it is only replaced as a whole.
  const old = table === "keys" ? null : row[column];
  const value = how.kind === "value" ? how.sql : memberReplaced(old, how);
  const where = Object.keys(row).filter((name) => typeof row[name] !== "object");
  const found = where.map((name) => row[name] as string | number);
  const isThere = where.map((name) => `${name} = ?`).join(" AND ");
  // Values that the table's constraints reject cannot occur.
  await sql(id, `UPDATE ${table} SET ${column} = ${value} WHERE ${isThere}`, ...found).catch(
    () => {},
  );
  return `${table}.${column} = ${value}`;
}

/** SQL for a JSON text with one member replaced, or for the new value if the old text is not JSON. */
function memberReplaced(
  old: unknown,
  { pick, value }: Extract<Damage, { kind: "member" }>,
): string {
  const text =
    typeof old === "string" ? old : Buffer.from(old instanceof Uint8Array ? old : []).toString();
  const literal = (json: unknown): string => {
    const quoted = `'${JSON.stringify(json).replaceAll("'", "''").replaceAll("\0", "")}'`;
    return typeof old === "string" ? quoted : `CAST(${quoted} AS BLOB)`;
  };
  try {
    const json: unknown = JSON.parse(text);
    const places: (readonly [object, string])[] = [];
    const visit = (container: unknown): void => {
      if (typeof container !== "object" || container === null) return;
      for (const [key, item] of Object.entries(container)) {
        places.push([container, key]);
        visit(item);
      }
    };
    visit(json);
    if (places.length === 0) return literal(value);
    const [container, key] = pickFrom(places, pick);
    if (value === null && !Array.isArray(container)) Reflect.deleteProperty(container, key);
    else Object.assign(container, { [key]: value });
    return literal(json);
  } catch {
    return literal(value);
  }
}

/** Await a call that may fail with a documented error, but not with `internal` or `commit_failed`. */
async function ask(what: string, work: Promise<unknown>): Promise<void> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error === null) return;
  expect(error, what).toBeInstanceOf(CollabError);
  expect((error as CollabError).code, what).not.toMatch(/internal|commit_failed/);
}

/** Make every kind of call to a room, and ring its alarm. */
async function askEverything(room: RoomHandle, what: string): Promise<void> {
  const { id } = room;
  await ask(`${what}: getState`, room.getState());
  await ask(`${what}: getUsers`, room.getUsers());
  await ask(`${what}: getPresence`, room.getPresence());
  await ask(`${what}: info`, room.info());
  await ask(`${what}: getUser`, room.getUser("ada"));
  const keyed = { idempotencyKey: "key-1" };
  const patch = [{ op: "str_ins", path: "/text", pos: 1, str: "x" }] as const;
  await ask(`${what}: the key`, room.patchState(patch, keyed));
  await ask(`${what}: base`, room.patchState([{ op: "remove", path: "/list/0" }], { base: 1 }));
  await ask(`${what}: join`, room.join({ id: "ada" }));
  await ask(`${what}: touch`, room.touch("ada"));
  for (let rings = 0; rings < 4; rings++) {
    pass(20_000);
    await ring(id);
  }
}

/** Whether the room refuses to open because its version, its status or its behaviour is unknown. */
async function isRefused(room: RoomHandle): Promise<boolean> {
  const failed = room.getState().catch((error: CollabError) => error.code);
  return ["storage_too_new", "behaviour_missing"].includes(String(await failed));
}

describe(`random rows, SEED=${seed}`, () => {
  test("[S10, R9, T3, A6] never keep a room from waking or working", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ place, damage: how, wakesLate }) => {
        const id = newId();
        const room = await fill(id);
        const what = await damage(id, place, how);
        await evict(id);
        if (wakesLate) pass(30_000);
        if (await isRefused(room)) {
          expect(what).toMatch(/^room\.(schema|data)/);
          return;
        }
        await askEverything(room, what);
        await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
        const { version } = await room.updateState(() => ({ n: 1 }));
        await room.patchState([{ op: "replace", path: "/n", value: 2 }]);
        await evict(id);
        expect(await room.getState(), what).toEqual({ n: 2 });
        expect(await room.info(), what).toMatchObject({ version: version + 1 });
        // Use another client name, because the owner of the first one may have been damaged.
        const cyd = await connect(id, { id: "cyd" }, { query: { client: "cyd-2" } });
        expect(cyd.state, what).toEqual({ n: 2 });
        cyd.hangUp();
        expect(platform.object(id).atRest.alarmAt, what).not.toBeNull();
      }),
      { numRuns: runs(500), seed, endOnFailure: true },
    );
  }, 120_000);
});
