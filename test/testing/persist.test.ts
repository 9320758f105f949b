// Clients of a test room that store their edits. A user's browser is in memory, and all of the user's clients share it.

import { describe, expect, test } from "vitest";
import { defineRoom } from "collab-room";
import { createTestRoom } from "collab-room/testing";

const board = defineRoom<{ notes: string[] }>({ initialState: { notes: [] } });
const kept = { persist: true };

/** A test room, and a client of ada's whose offline edit is stored. */
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
  test("are stored without a problem, and the browser does not ask before the page closes", async () => {
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

  test("are shown by the next page before it connects, and arrive once", async () => {
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

  test("belong to one tab, and no other tab takes them while it is open", async () => {
    const { net } = await createOffline();
    const other = net.join("ada", kept);
    await net.settle();
    expect(other.getSnapshot().state).toBeNull();
    net.restore("ada");
    await net.settle();
    expect(other.state).toEqual({ notes: ["milk"] });
    expect(net.version).toBe(1);
  });

  test("of a closed tab are sent by another open tab", async () => {
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

  test("are not visible to another user, nor in another test room", async () => {
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

  test("do not exist if the client was joined without `persist`", async () => {
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
