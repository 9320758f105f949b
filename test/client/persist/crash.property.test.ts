// Tabs crash and come back at any time, on slow connections that break. Edits that were stored are carried out once,
// and in the order in which they were made (rule C7).

import { expect, test } from "vitest";
import { Random } from "../../support/fuzz/random.ts";
import { createBoard, type Board } from "./support/board.ts";
import type { Tab } from "./support/fake-browser.ts";

/** A tab, and how many edits it has made. */
type Player = {
  readonly tab: Tab<Board>;
  readonly name: string;
  /** Incremented with each page of the tab. */
  page: number;
  made: number;
  isOpen: boolean;
};

/** The tokens that must not get lost, and those that may. */
type Tokens = { readonly kept: Set<string>; readonly recent: Map<string, Player> };

async function play(seed: number): Promise<number> {
  const random = new Random(seed);
  const { net, browser, open, log, tab: first } = await createBoard({}, { seed });
  const tokens: Tokens = { kept: new Set(), recent: new Map() };
  const players: Player[] = [first, open()].map((tab, at) => ({
    tab,
    name: `t${at}`,
    page: 0,
    made: 0,
    isOpen: true,
  }));
  await net.settle();
  net.lag({ ms: random.below(300), jitter: random.below(200) });
  const keepAll = (player: Player): void => {
    for (const [token, maker] of tokens.recent)
      if (maker === player) {
        tokens.kept.add(token);
        tokens.recent.delete(token);
      }
  };
  for (let step = 0; step < 60; step++) {
    const player = random.pick(players);
    const { tab, name } = player;
    switch (
      random.weighted({
        edit: 12,
        wait: 8,
        drop: 1.5,
        restore: 2,
        die: 2,
        reload: 2,
        close: 0.7,
        crash: 0.5,
      })
    ) {
      case "edit": {
        if (!player.isOpen || tab.room.getSnapshot().state === null) break;
        const token = `${name}.${player.page} ${String(++player.made).padStart(3, "0")}`;
        tokens.recent.set(token, player);
        if (random.chance(0.2)) tab.room.action("log", { token }).catch(() => {});
        else
          tab.room.update((draft) => {
            draft.log.push(token);
            draft.title = token;
          });
        break;
      }
      case "wait":
        await net.advance(random.below(400));
        break;
      case "drop":
        net.drop("ada");
        break;
      case "restore":
        net.restore("ada");
        break;
      case "reload":
        if (!player.isOpen) break;
        tab.hide();
        await net.advance(0);
        keepAll(player);
        tab.reload();
        player.page++;
        break;
      case "die":
        for (const [token, maker] of tokens.recent)
          if (maker === player) tokens.recent.delete(token);
        tab.reload();
        player.page++;
        player.isOpen = true;
        break;
      case "close":
        if (!player.isOpen) break;
        tab.hide();
        await net.advance(0);
        keepAll(player);
        tab.close();
        player.isOpen = false;
        break;
      case "crash":
        net.crash();
        break;
    }
  }
  for (const player of players) if (player.isOpen) keepAll(player);
  net.lag(5);
  net.restore("ada");
  for (const player of players) if (!player.isOpen) player.tab.reload();
  for (let turn = 0; turn < 100; turn++) {
    await net.advance(2000);
    for (const { tab } of players) for (const edits of tab.stale) edits.apply();
    const isSaved = players.every(({ tab }) => tab.room.saved.state === "saved");
    if (isSaved && (await browser.stored()).length === 0) break;
  }
  await net.settle();
  const found = log();
  expect(new Set(found).size, "no edit is there twice").toBe(found.length);
  expect(
    [...tokens.kept].filter((token) => !found.includes(token)),
    "nothing is lost",
  ).toEqual([]);
  for (const [page, own] of Map.groupBy(found, (token) => token.split(" ")[0]))
    expect(own, `in the order in which ${page} has made them`).toEqual(own.toSorted());
  expect(await browser.stored()).toEqual([]);
  for (const { tab } of players) {
    expect(tab.room.state).toEqual(net.state);
    expect(tab.problems).toEqual([]);
    expect(tab.stale).toEqual([]);
  }
  net.close();
  return found.length;
}

const start = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const count = process.env["PROPERTY_RUNS"] === "full" ? 100 : 15;

test(`[C7] stored edits arrive once and in order, whenever tabs crash (seeds from ${start})`, async () => {
  let tokens = 0;
  for (let seed = start; seed < start + count; seed++)
    try {
      tokens += await play(seed);
    } catch (error) {
      throw new Error(`SEED=${seed}: ${String(error)}`, { cause: error });
    }
  expect(tokens).toBeGreaterThan(count * 5);
});
