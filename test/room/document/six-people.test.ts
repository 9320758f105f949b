// Six users on slow connections edit one list by index (rule E1). Each edit is based on what its user sees, and arrives
// after others have changed the list. With a base, no edit hits another item. Without one, many do.

import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/protocol/json.ts";
import type { Operation } from "../../../src/protocol/json-patch.ts";
import { useFakeDate } from "../../support/fake-date.ts";
import { hibernate } from "../../support/core/rooms.ts";
import { gather } from "../../support/core/sessions.ts";
import { Random } from "../../support/fuzz/random.ts";
import { expectOk } from "../../support/session.ts";

useFakeDate();

type Item = { readonly tag: string; readonly by: readonly string[] };
type Sent = { readonly person: number; readonly version: number; readonly patch: Operation };

const people = ["ada", "bob", "cyd", "dan", "eve", "fay"];
const itemsOf = (state: JsonObject): readonly Item[] => state["list"] as unknown as readonly Item[];
const item = (tag: string): JsonObject => ({ tag, by: [] });

/** @returns the edits that hit another item than intended, and the number of all edits */
async function play(hasBase: boolean, sleeps: boolean): Promise<{ wrong: number; edits: number }> {
  const random = new Random(7);
  const { id, room, sessions } = await gather("swift", ...people);
  await room.updateState(() => ({ list: Array.from({ length: 40 }, (_, n) => item(`item ${n}`)) }));
  await sessions[0]?.fence(...sessions.slice(1));
  const onTheWay: Sent[] = [];
  for (let step = 0; step < 300; step++) {
    const person = random.below(people.length);
    const session = sessions[person];
    if (session === undefined) continue;
    const items = itemsOf(session.state);
    const index = random.below(items.length);
    const edit: Operation = {
      op: "add",
      path: `/list/${index}/by/-`,
      value: items[index]?.tag ?? "",
    };
    const patch = random.pick<Operation>([
      edit,
      edit,
      edit,
      { op: "add", path: `/list/${index}`, value: item(`new ${step}`) },
      { op: "remove", path: `/list/${index}` },
      { op: "move", from: `/list/${index}`, path: `/list/${random.below(items.length)}` },
    ]);
    onTheWay.push({ person, version: session.version, patch });
    if (onTheWay.length < 8) continue; // it arrives some edits later
    const [sent] = onTheWay.splice(random.below(3), 1);
    if (sent === undefined) continue;
    const sender = sessions[sent.person];
    const reply = await (hasBase
      ? sender?.updateFrom(sent.version, [sent.patch])
      : sender?.update([sent.patch]));
    if (hasBase && reply) expectOk(reply);
    await sessions[0]?.fence(...sessions.slice(1));
    if (sleeps && step % 50 === 49) await hibernate(id);
  }
  const list = itemsOf(await room.getState());
  for (const session of sessions) expect(itemsOf(session.state)).toEqual(list);
  const edits = list.flatMap(({ tag, by }) => by.map((each) => each === tag));
  return { wrong: edits.filter((isRight) => !isRight).length, edits: edits.length };
}

describe("six users who edit one list", () => {
  test.each([
    ["awake", false],
    ["that sometimes sleeps", true],
  ])("[E1, E6] never edit a wrong item, in a room %s", async (_, sleeps) => {
    const { wrong, edits } = await play(true, sleeps);
    expect(wrong).toBe(0);
    expect(edits).toBeGreaterThan(30);
  });

  test("[E1] would edit many wrong items without a base", async () => {
    const { wrong } = await play(false, false);
    expect(wrong).toBeGreaterThan(10);
  });
});
