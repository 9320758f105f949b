// Clients of a net whose edits are kept: a user's browser is in memory, and all of the user's clients share it.

import { describe, expect, test } from "vitest";
import { defineRoom } from "collab-room";
import { createTestRoom } from "collab-room/testing";

const board = defineRoom<{ notes: string[] }>({ initialState: { notes: [] } });
const kept = { persist: true };

/** A net, and a client of ada's that has made an edit without a line, which is kept. */
async function createOffline() {
  const net = createTestRoom(board);
  const ada = net.join("ada", kept);
  await net.settle();
  net.drop("ada");
  ada.update(({ notes }) => void notes.push("milk"));
  await net.settle();
  await net.advance(1000);
  return { net, ada };
}

describe("[C7][K1] edits of a client with persist", () => {
  test("are kept without a word of trouble, and need not be asked for before the page is closed", async () => {
    const net = createTestRoom(board);
    const ada = net.join("ada", kept);
    const problems: unknown[] = [];
    ada.on("problem", ({ problem }) => problems.push(problem));
    await net.settle();
    net.drop("ada");
    ada.update(({ notes }) => void notes.push("milk"));
    expect(net.warnsBeforeUnload("ada")).toBe(true);
    await net.advance(1000);
    expect(net.warnsBeforeUnload("ada")).toBe(false);
    expect(problems).toEqual([]);
  });

  test("are shown by the page that comes next, before it is connected, and arrive once", async () => {
    const { net, ada } = await createOffline();
    ada.leave();
    await net.settle();
    const again = net.join("ada", kept);
    await net.settle();
    expect(again.getSnapshot().state).toEqual({ notes: ["milk"] });
    expect(net.state).toEqual({ notes: [] });

    net.restore("ada");
    await net.settle(again.ready);
    expect(net.state).toEqual({ notes: ["milk"] });
    expect(again.saved).toEqual({ state: "saved" });
  });

  test("are those of one tab: another one does not have them as long as the first is open", async () => {
    const { net } = await createOffline();
    const other = net.join("ada", kept);
    await net.settle();
    expect(other.getSnapshot().state).toBeNull();
    net.restore("ada");
    await net.settle();
    expect(other.state).toEqual({ notes: ["milk"] });
    expect(net.version).toBe(1);
  });

  test("of a tab that is gone are sent by another one that is open", async () => {
    const { net, ada } = await createOffline();
    const other = net.join("ada", kept);
    await net.settle();
    ada.leave();
    await net.settle();
    net.restore("ada");
    await net.settle();
    await net.advance(60_000);
    expect(other.state).toEqual({ notes: ["milk"] });
    expect(net.version).toBe(1);
  });

  test("are not there for another user, nor in another net", async () => {
    const { net, ada } = await createOffline();
    ada.leave();
    const bob = net.join("bob", kept);
    await net.settle();
    expect(bob.state).toEqual({ notes: [] });
    const another = createTestRoom(board);
    const elsewhere = another.join("ada", kept);
    await another.settle();
    expect(elsewhere.state).toEqual({ notes: [] });
  });

  test("are gone with the page of a client without it", async () => {
    const net = createTestRoom(board);
    const ada = net.join("ada");
    await net.settle();
    net.drop("ada");
    ada.update(({ notes }) => void notes.push("milk"));
    await net.advance(1000);
    ada.leave();
    net.restore("ada");
    const again = net.join("ada", kept);
    await net.settle();
    expect(again.state).toEqual({ notes: [] });
  });
});
