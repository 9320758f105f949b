// A room whose state shows which edits have been carried out, and how often: each pushes a token.

import * as z from "zod";
import { defineRoom } from "../../../../src/behaviours/define.ts";
import type { TestRoomOptions } from "../../../../src/testing/options.ts";
import { TestRoom } from "../../../../src/testing/test-room.ts";
import { FakeBrowser, type PageOptions, type Tab } from "./fake-browser.ts";

export const board = defineRoom({
  state: z.object({
    log: z.array(z.string()),
    title: z.string().max(50),
    map: z.record(z.string(), z.string()),
  }),
  initialState: { log: [], title: "Untitled", map: {} },
  actions: (action) => ({
    log: action(z.object({ token: z.string() }), (_room, state, { token }) => {
      if (token === "bad") return { error: "bad" };
      return { state: { ...state, log: [...state.log, token] }, result: state.log.length };
    }),
  }),
});

export type Board = typeof board;

export type Scene = {
  readonly net: TestRoom<Board>;
  readonly browser: FakeBrowser;
  readonly tab: Tab<Board>;
  /** Open another tab of the same browser. */
  open(user?: string, options?: PageOptions): Tab<Board>;
  /** The tokens in the room. */
  log(): readonly string[];
};

/** A room, and one of ada's tabs in it. */
export async function createBoard(
  options: PageOptions = {},
  netOptions: TestRoomOptions = {},
): Promise<Scene> {
  const net = new TestRoom(board, netOptions);
  const browser = new FakeBrowser();
  const open: Scene["open"] = (user = "ada", more = {}) =>
    browser.open<Board>(net as never, user, more);
  const tab = open("ada", options);
  await net.settle(tab.room.ready);
  return { net, browser, tab, open, log: () => net.state.log };
}

/** Push tokens, each in an edit of its own. */
export function push(tab: Tab<Board>, ...tokens: readonly string[]): void {
  for (const token of tokens)
    tab.room.update((state) => {
      state.log.push(token);
    });
}

/** ms after which edits are stored. */
export const keepTime = 300;

/** Make edits offline, and wait until they are stored. */
export async function pushOffline(
  { net }: Scene,
  tab: Tab<Board>,
  ...tokens: readonly string[]
): Promise<void> {
  net.drop("ada");
  await net.advance(0); // the page notices it
  push(tab, ...tokens);
  await net.advance(keepTime);
}

/** Restore the connection, and let everything arrive. */
export async function comeBack({ net }: Scene): Promise<void> {
  net.restore("ada");
  await net.settle();
}
