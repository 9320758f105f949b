// The directory as one list. Its order and its prefixes follow code points instead of UTF-16 units, and the number of
// shards is not visible.

import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { Directory } from "../../src/cloudflare/directory.ts";
import { newId, rooms } from "../support/rooms.ts";

describe("order and prefixes", () => {
  test("[D1] follow code points: every prefix of up to 3 unusual characters finds the right rooms", async () => {
    // Neighbours of the surrogates, of the end of Unicode, and of each other in the wrong UTF-16 order.
    const letters = ["a", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"];
    const longer = (texts: string[]): string[] => texts.flatMap((a) => letters.map((b) => a + b));
    const [one, two, three] = [letters, longer(letters), longer(longer(letters))];
    const base = newId();
    const ids = [...one, ...two, ...three].map((ending) => base + ending);
    const directory = new Directory(env);
    const rest = { behaviour: "default", users: 0, createdAt: "2026-11-22T00:00:00.000Z" };
    await Promise.all(ids.map((id) => directory.put({ id, ...rest }, 1)));
    const points = (id: string): string =>
      Array.from(id, (c) => String(c.codePointAt(0)).padStart(8, "0")).join();
    const inOrder = ids.toSorted((a, b) => (points(a) < points(b) ? -1 : 1));
    for (const ending of ["", ...one, ...two, ...three]) {
      const page = await rooms.listRooms({ prefix: base + ending, limit: 1000 });
      expect(page.rooms.map(({ id }) => id)).toEqual(
        inOrder.filter((id) => id.startsWith(base + ending)),
      );
    }
  });

  test("[D1] include a prefix of only the last Unicode character, which has no upper bound", async () => {
    const prefix = "\u{10ffff}".repeat(3);
    const id = `${prefix}${newId("")}`;
    await rooms.joinOrCreateRoom(id);
    await rooms.joinOrCreateRoom("\u{10fffe}".repeat(3));
    expect((await rooms.listRooms({ prefix })).rooms.map((entry) => entry.id)).toEqual([id]);
  });
});

describe("DIRECTORY_SHARDS", () => {
  const bindings = (DIRECTORY_SHARDS: unknown) => ({ ...env, DIRECTORY_SHARDS }) as typeof env;
  const entry = (id: string) => ({
    id,
    behaviour: "default",
    users: 0,
    createdAt: "2026-11-22T00:00:00.000Z",
  });

  test.each([1, 7, "3", undefined])(
    "[D2] %j spreads the list over that many shards",
    async (shards) => {
      const directory = new Directory(bindings(shards));
      const ids = Array.from({ length: 40 }, () => newId(`shards-${shards}/`));
      const before = await directory.count();
      await Promise.all(ids.map((id) => directory.put(entry(id), 1)));
      expect(await directory.count()).toBe(before + 40);
      const { rooms: found } = await directory.list({ prefix: `shards-${shards}/` });
      expect(found.map(({ id }) => id)).toEqual(ids.toSorted());
    },
  );

  test.each([0, -1, 1.5, 1001, "", "four", Number.NaN])("[D2] %j is refused", (shards) => {
    expect(() => new Directory(bindings(shards))).toThrow("DIRECTORY_SHARDS");
  });
});
