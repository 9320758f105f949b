// A socket goes while the room sleeps, and something else wakes the room. It has lost that session before it learns of
// its end, but what clients see must still be consistent. Found by the fuzz test.

import { expect, test } from "vitest";
import { connect } from "../../../support/core/socket-client.ts";
import { evict, newId, rooms } from "../../../support/core/rooms.ts";
import { expectOk, type TestSession } from "../../../support/session.ts";

async function expectSameToAll(id: string, ...sessions: TestSession[]): Promise<void> {
  for (const session of sessions) await session.fence();
  const presence = await rooms.room(id).getPresence();
  for (const session of sessions) {
    expect(session.problems).toEqual([]);
    expect(session.presence).toEqual(presence);
  }
}

/** Ada reloads her page while the room sleeps, and bob's change wakes the room. */
async function reload(id: string, bob: TestSession, ada: TestSession): Promise<TestSession> {
  const [back] = await Promise.all([
    connect(id, { id: "ada" }),
    bob.merge({ n: 1 }),
    ada.close(1000),
  ]);
  return back;
}

test("[P2, R6] a user who comes back by another socket is shown with that socket's presence", async () => {
  const id = newId();
  const bob = await connect(id, { id: "bob" });
  const ada = await connect(id, { id: "ada" });
  expectOk(await ada.show({ status: "idle", tool: "pen" }));
  await bob.fence();
  await evict(id);
  const back = await reload(id, bob, ada);
  await expectSameToAll(id, bob, back);
  expect(bob.presence["ada"]).toMatchObject({ status: "online" });
  expect(bob.presence["ada"]).not.toHaveProperty("tool");
});

test("[P1, P2, R6] the presence of a tab that is gone is not shown any longer", async () => {
  const id = newId();
  const bob = await connect(id, { id: "bob" });
  const ada = await connect(id, { id: "ada" });
  const tab = await connect(id, { id: "ada" });
  expectOk(await tab.show({ tool: "pen" }));
  await bob.fence();
  await evict(id);
  const [back] = await Promise.all([reload(id, bob, tab), ada.show({ cursor: 1 })]);
  await expectSameToAll(id, bob, ada, back);
  expect(bob.presence["ada"]).not.toHaveProperty("tool");
});

test("[P2, P3, R6] a user who does not come back is shown as away, with their previous presence", async () => {
  const id = newId();
  const bob = await connect(id, { id: "bob" });
  const ada = await connect(id, { id: "ada" });
  expectOk(await ada.show({ tool: "pen" }));
  await bob.fence();
  await evict(id);
  await Promise.all([bob.merge({ n: 1 }), ada.close(1000)]);
  await bob.until(({ presence }) => presence["ada"]?.status === "away");
  await expectSameToAll(id, bob);
  expect(bob.presence["ada"]).toMatchObject({ tool: "pen" });
});
