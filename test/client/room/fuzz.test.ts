// Clients in the real room, on connections that lag, jitter and break, while the room's object is evicted and crashes.
// All of them converge, and each edit is made once and on its intended target (rules C2, C4, C6).

import { describe, expect, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { increment, insertText, move } from "../../../src/client/document/intents.ts";
import type { Room } from "../../../src/client/types.ts";
import { createTestRoom, type TestRoom } from "../../../src/testing/index.ts";
import { Random } from "../../support/fuzz/random.ts";
import { misplaced } from "../../support/tagged-lists.ts";

/** The `id` lets a client find it again in a state that arrived as a whole. */
type Item = { id: string; tag: string; by: string[]; text: string };
type State = {
  a: Item[];
  b: Item[];
  map: Record<string, Item>;
  log: string[];
  count: number;
  title: string;
};

const item = (tag: string): Item => ({ id: tag, tag, by: [], text: `text of ${tag}` });

const board = defineRoom<State>({
  initialState: {
    a: ["a0", "a1", "a2"].map(item),
    b: ["b0", "b1"].map(item),
    map: { m0: item("m0") },
    log: [],
    count: 0,
    title: "Board",
  } as never,
  limits: { messagesPerSecond: 40 },
});

/** A client, and the edits it has made. */
class Player {
  readonly name: string;
  readonly room: Room<typeof board>;
  readonly committed: string[] = [];
  readonly refused: string[] = [];
  made = 0;

  constructor(net: TestRoom<typeof board>, name: string) {
    this.name = name;
    this.room = net.join(name);
  }

  edit(random: Random): void {
    const token = `${this.name}-${++this.made}`;
    const { committed } = this.room.update((draft) => {
      change(draft as State, random, token);
      draft.log.push(token);
    });
    committed.then(
      () => this.committed.push(token),
      () => this.refused.push(token),
    );
  }
}

function change(draft: State, random: Random, token: string): void {
  const list = random.pick([draft.a, draft.b]);
  const at = random.below(Math.max(1, list.length));
  const target = list[at];
  switch (
    random.weighted({
      insert: 3,
      push: 2,
      remove: 3,
      move: 3,
      mark: 5,
      type: 4,
      add: 1,
      map: 2,
      title: 1,
      sort: 1,
    })
  ) {
    case "insert":
      list.splice(random.below(list.length + 1), 0, item(token));
      break;
    case "push":
      list.push(item(token));
      break;
    case "remove":
      if (list.length > 0) list.splice(at, 1);
      break;
    case "move":
      if (list.length > 1) move(list, at, random.below(list.length));
      break;
    case "mark":
      target?.by.push(target.tag);
      break;
    case "type":
      if (target)
        insertText(target, "text", random.below(target.text.length + 1), `<${target.tag}>`);
      break;
    case "add":
      increment(draft, "count");
      break;
    case "map":
      if (random.chance(0.5)) draft.map[`m${random.below(4)}`] = item(token);
      else delete draft.map[`m${random.below(4)}`];
      break;
    case "title":
      draft.title = token;
      break;
    case "sort":
      list.sort((x, y) => (x.tag < y.tag ? -1 : 1));
      break;
  }
}

/** What undo changes was the user's own before. (Redo reverts what undo has restored, which may be somebody else's.) */
function overwritesNobody({ name, room }: Player, back: () => void): void {
  const before = room.state as unknown as State;
  back();
  const after = room.state as unknown as State;
  const isOwn = (value: string): boolean => value === "Board" || value.startsWith(`${name}-`);
  if (after.title !== before.title) expect(before.title).toSatisfy(isOwn);
  for (const [key, { tag }] of Object.entries(before.map))
    if (after.map[key]?.tag !== tag) expect(tag, `${name} has set ${key}`).toSatisfy(isOwn);
  const tags = new Set([...after.a, ...after.b].map(({ tag }) => tag));
  for (const { tag } of [...before.a, ...before.b])
    if (!tags.has(tag)) expect(tag, `${name} has put it there`).toSatisfy(isOwn);
}

async function play(seed: number): Promise<number> {
  const random = new Random(seed);
  const net = createTestRoom(board, { seed });
  const players = ["ada", "bob", "cyd"].map((name) => new Player(net, name));
  await net.settle();
  net.lag({ ms: random.below(300), jitter: random.below(200) });
  for (let step = 0; step < 60; step++) {
    const player = random.pick(players);
    const { name, room } = player;
    switch (
      random.weighted({
        edit: 12,
        wait: 8,
        drop: 2,
        restore: 3,
        undo: 2,
        redo: 1,
        evict: 1,
        crash: 0.5,
      })
    ) {
      case "edit":
        player.edit(random);
        break;
      case "wait":
        await net.advance(random.below(400));
        break;
      case "drop":
        net.drop(name);
        break;
      case "restore":
        net.restore(name);
        break;
      case "undo":
        overwritesNobody(player, () => room.history.undo());
        break;
      case "redo":
        room.history.redo();
        break;
      case "evict":
        await net.advance(50); // a busy object is not evicted
        try {
          net.evict();
        } catch {
          // The object is still busy.
        }
        break;
      case "crash":
        net.crash();
        break;
    }
  }
  net.lag(5);
  for (const { name } of players) net.restore(name);
  for (let turn = 0; turn < 40; turn++) {
    for (const { room } of players) if (room.status.state !== "connected") room.reconnect();
    await net.advance(1000);
    if (
      players.every(({ room }) => room.saved.state === "saved" && room.status.state === "connected")
    )
      break;
  }
  await net.settle();
  const state = net.state as unknown as State;
  const edits = players.reduce((sum, { made }) => sum + made, 0);
  for (const { room, committed, refused, made, name } of players) {
    expect({ name, saved: room.saved, status: room.status }).toEqual({
      name,
      saved: { state: "saved" },
      status: { state: "connected" },
    });
    expect(room.state, `${name} sees what the room has`).toEqual(state);
    expect(committed.length + refused.length, `${name} was told of each edit`).toBe(made);
  }
  expect(misplaced(state as never)).toEqual([]);
  expect(new Set(state.log).size, "no edit is there twice").toBe(state.log.length);
  for (const { room } of players) room.leave();
  net.close();
  return edits;
}

const first = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const count = process.env["PROPERTY_RUNS"] === "full" ? 60 : 20;

describe(`clients in the real room (seeds from ${first})`, () => {
  test("[C2, C4, C6] converge with each edit made once, whatever happens to connections and to the object", async () => {
    let edits = 0;
    for (let seed = first; seed < first + count; seed++)
      try {
        edits += await play(seed);
      } catch (error) {
        throw new Error(`SEED=${seed}: ${String(error)}`, { cause: error });
      }
    expect(edits).toBeGreaterThan(count * 5);
  });
});
