// Clients push to one list while connections are cut, and while objects are evicted, crash at any use of their storage,
// or fail to write. Requests without a reply are sent again. Each push that was reported as done is in the list once,
// in the order of its client, and no refused push is (rule X1). A failed run names its seed.

import { expect, test } from "vitest";
import { platform } from "../../support/core/platform.ts";
import { crash, evict, newId, redeploy, rooms, sql } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";
import { Random } from "../../support/fuzz/random.ts";
import { NumberedClient } from "../../support/numbered-client.ts";
import { runs } from "../../support/runs.ts";

const clients = 3;
const pushesEach = 20;

/** A requested push. */
type Push = { readonly client: NumberedClient; readonly seq: number; readonly value: string };

async function run(seed: number): Promise<void> {
  const random = new Random(seed);
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour: "swift" });
  await room.updateState(() => ({ list: [] }));
  const all = Array.from(
    { length: clients },
    (_, index) =>
      new NumberedClient((resume) =>
        connect(
          id,
          { id: `user-${index}` },
          { query: { client: `client-${index}` }, ...(resume && { resume }) },
        ),
      ),
  );
  const pushes: Push[] = [];
  // An object that is about to crash may never settle, and then only a crash ends it.
  let isDying = false;
  const leave = async (how: (id: string) => Promise<void>): Promise<void> => {
    if (platform.object(id).isDead) return;
    await (isDying ? crash : how)(id).catch(() => {}); // it may not be in memory
    isDying = false;
  };
  const losses = {
    cut: async () => random.pick(all).cut(),
    sleep: () => leave(evict),
    redeploy: () => leave(redeploy),
    crash: () => leave(crash),
    "die soon": async () => {
      isDying = true;
      await platform.object(id).dieAfter(random.below(30));
    },
    "fail to write": async () => {
      await sql(
        id,
        "CREATE TRIGGER full BEFORE INSERT ON changes BEGIN SELECT RAISE(ABORT, 'full'); END",
      );
      await Promise.all(
        all.map((client) => (client.isLost ? client.come().catch(() => {}) : null)),
      );
      await sql(id, "DROP TRIGGER IF EXISTS full");
    },
    nothing: async () => {},
  };
  for (let n = 0; n < clients * pushesEach; n++) {
    const client = all[n % clients] as NumberedClient;
    if (client.isLost) await client.come().catch(() => {});
    const value = `${n % clients}-${String(n).padStart(2, "0")}`;
    const patch = [{ op: "add", path: "/list/-", value }];
    // One in five is refused when it is checked, because no room here has that version.
    const ifVersion = random.chance(0.2) ? { ifVersion: 10_000 } : {};
    pushes.push({ client, value, seq: client.request({ type: "update", patch, ...ifVersion }) });
    if (random.chance(0.5)) await new Promise(setImmediate);
    if (random.chance(0.3))
      await losses[
        random.weighted({
          cut: 3,
          sleep: 3,
          redeploy: 1,
          crash: 2,
          "die soon": 3,
          "fail to write": 1,
          nothing: 1,
        })
      ]();
  }
  await sql(id, "DROP TRIGGER IF EXISTS full").catch(() => {});
  await Promise.all(all.map((client) => client.finish()));

  const { list } = await room.getState();
  const told = (push: Push) => push.client.repliesTo(push.seq).map(({ ok }) => ok);
  const mixed = pushes.filter((push) => new Set(told(push)).size !== 1);
  expect(mixed, `seed ${seed}: done and refused, or neither`).toEqual([]);
  const done = pushes.flatMap((push) => (told(push)[0] ? [push.value] : []));
  expect((list as string[]).toSorted(), `seed ${seed}`).toEqual(done.toSorted());
}

test("[X1] each push that was reported as done is there once, and no other, whatever is lost", async () => {
  for (let seed = 1; seed <= runs(60); seed++) await run(seed);
}, 120_000);
