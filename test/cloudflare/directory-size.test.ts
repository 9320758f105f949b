// A directory of 10,000 rooms. The total is exact, pages of any size follow each other without a gap or a repeat, and a
// prefix finds exactly the ids that begin with it.

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { Directory } from "../../src/cloudflare/directory.ts";
import { rooms } from "../support/rooms.ts";

const directory = new Directory(env);
const createdAt = "2026-11-22T00:00:00.000Z";

/** Entries without a room. The directory does not check that one exists. */
const entries = Array.from({ length: 10_000 }, (_, n) => idOf(n));
const running = Array.from({ length: 300 }, (_, n) => `real/${n % 7}/🦊${n}`);

/** Ids of many kinds: long common prefixes, other scripts, characters beyond U+FFFF. */
function idOf(n: number): string {
  const group = ["room-", "Room ", "doc/a/", "日本/", "🦊", "🦊🦊", "\u{10ffff}", "é"][n % 8];
  return `${group}${n.toString(36)}${n % 3 === 0 ? "" : `/${"~".repeat(n % 5)}`}`;
}

/** Sorted by UTF-8 bytes, which is code point order. This is not how src sorts. */
const sorted = (ids: readonly string[]): string[] =>
  ids
    .map((id) => ({ id, bytes: [...new TextEncoder().encode(id)] }))
    .toSorted(({ bytes: a }, { bytes: b }) => {
      const at = a.findIndex((byte, index) => byte !== b[index]);
      return at < 0 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
    })
    .map(({ id }) => id);

let all: string[];
beforeAll(async () => {
  const put = entries.map(
    (id) => () => directory.put({ id, behaviour: "default", users: 0, createdAt }, 1),
  );
  const start = running.map((id) => () => rooms.joinOrCreateRoom(id));
  // In no particular order, many at once.
  const work = [...put, ...start];
  const mixed = work.map((_, n) => work[(n * 7919) % work.length]);
  while (mixed.length > 0) await Promise.all(mixed.splice(0, 200).map((each) => each?.()));
  all = sorted([...entries, ...running]);
}, 120_000);

/** All pages, from first to last. */
async function readAll(options: { prefix?: string; limit: number }): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await rooms.listRooms({ ...options, cursor });
    expect(page.total).toBe(all.filter((id) => id.startsWith(options.prefix ?? "")).length);
    expect(page.rooms.length).toBeLessThanOrEqual(options.limit);
    ids.push(...page.rooms.map(({ id }) => id));
    ({ cursor } = page);
    if (cursor === undefined) return ids;
    expect(page.rooms.length).toBe(options.limit);
  }
}

describe("10,000 entries and 300 rooms", () => {
  test("[D1] are all counted", async () => {
    expect(new Set(all).size).toBe(10_300);
    expect(await rooms.roomCount()).toBe(10_300);
    expect((await rooms.listRooms({ limit: 1 })).total).toBe(10_300);
  });

  test("[D2] are spread evenly over the shards", async () => {
    const counts = await directory.countByShard();
    const totals = counts.map((shard) => shard?.rooms ?? 0);
    expect(totals.reduce((a, b) => a + b)).toBe(10_300);
    for (const total of totals) expect(Math.abs(total - 10_300 / 4)).toBeLessThan(10_300 / 40);
  });

  test("[D1] are counted again after a shard was evicted", async () => {
    await evictDurableObject(env.DIRECTORY.getByName("shard-1-of-4"));
    expect(await rooms.roomCount()).toBe(10_300);
  });

  test.each([1000, 999, 128, 37])(
    "[D1] are all on pages of %i, once each and in order",
    async (limit) => {
      expect(await readAll({ limit })).toEqual(all);
    },
  );

  test.each([
    "room-",
    "room-1",
    "Room ",
    "doc/",
    "doc/a/z",
    "日",
    "日本/",
    "🦊",
    "🦊🦊",
    "🦊🦊1",
    "\u{10ffff}",
    "\u{10ffff}9",
    "é",
    "real/",
    "real/3/🦊",
    "r",
    "",
    "nothing",
    "doc/a/z0000",
    "%",
    "_oom-",
  ])("[D1] with the prefix %j are found, and no others", async (prefix) => {
    const expected = all.filter((id) => id.startsWith(prefix));
    expect(await readAll({ prefix, limit: 100 })).toEqual(expected);
  });

  test("[D1] that stay are listed once each while others come and go between pages", async () => {
    const coming = Array.from({ length: 20 }, (_, n) => `doc/b/${n}`);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await rooms.listRooms({ limit: 500, cursor });
      seen.push(...page.rooms.map(({ id }) => id));
      const id = coming.pop();
      if (id !== undefined) await rooms.joinOrCreateRoom(id);
      const going = running.pop();
      if (going !== undefined) await rooms.room(going).stop();
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(seen.length);
    const staying = new Set([...entries, ...running]);
    expect(seen.filter((id) => staying.has(id))).toEqual(sorted([...staying]));
  });
});
