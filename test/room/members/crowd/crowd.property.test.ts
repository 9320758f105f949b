// Whatever happens in a room around its `presenceLimit`, every client knows what it should: either everybody, or the
// users it follows, the counts and a sample. What a client receives must follow from what it received before
// (`Replica`).

import fc from "fast-check";
import { test } from "vitest";
import { Crowd } from "../../../support/crowd-by-hand.ts";
import { runs } from "../../../support/runs.ts";

const userIds = ["ada", "bob", "cyd", "dan", "eve", "__proto__", "0"] as const;
const userId = fc.constantFrom(...userIds);
const presence = fc.constantFrom<object>(
  { cursor: { x: 1 } },
  { cursor: { x: 2, y: 3 }, tool: "pen" },
  { cursor: null },
  { typing: true },
  { typing: false },
  { status: "idle" },
  { tool: null },
);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ connect: userId }) },
  { weight: 2, arbitrary: fc.record({ join: userId }) },
  { weight: 3, arbitrary: fc.record({ leave: userId }) },
  { weight: 4, arbitrary: fc.record({ drop: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ who: fc.nat(), shows: presence }) },
  {
    weight: 5,
    arbitrary: fc.record({ who: fc.nat(), watches: fc.array(userId, { maxLength: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ who: fc.nat(), writes: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ failsToJoin: userId }) },
  { weight: 4, arbitrary: fc.record({ pass: fc.constantFrom(1, 30, 1000, 6000) }) },
  { weight: 2, arbitrary: fc.constantFrom("sleep", "crash", "calm" as const) },
);

test("[N1, P2, R6, R10] every client knows the right users, whoever joins, leaves, moves and watches", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const crowd = new Crowd({ presenceLimit: 3, reconnectGrace: 3000 });
      await crowd.gather(3, "first-");
      for (const each of steps) {
        crowd.sweep();
        const pick = (n: number) => crowd.clients[n % crowd.clients.length];
        if (each === "sleep") await crowd.hibernate();
        else if (each === "crash") await crowd.crash();
        else if (each === "calm") await crowd.calm();
        else if ("connect" in each) await crowd.connect(each.connect);
        else if ("join" in each) await crowd.join({ id: each.join });
        else if ("leave" in each) await crowd.leave(each.leave);
        else if ("pass" in each) await crowd.hand.pass(each.pass);
        else if ("drop" in each) {
          const client = pick(each.drop);
          if (client) await crowd.drop(client);
        } else if ("shows" in each) await pick(each.who)?.show(each.shows);
        else if ("writes" in each) {
          if (!each.writes) crowd.storage.fails = "appendChange";
          await pick(each.who)?.send({ type: "update", ref: "write", merge: { n: each.who } });
        } else if ("failsToJoin" in each) {
          crowd.storage.fails = "writeMember";
          await crowd.connect(each.failsToJoin).catch(() => {});
          crowd.storage.fails = null;
        } else if ("watches" in each) await pick(each.who)?.watch(...each.watches);
        if (each === "sleep" || each === "calm") {
          await crowd.calm();
          crowd.sweep();
          await crowd.check();
        }
      }
      await crowd.calm();
      crowd.sweep();
      await crowd.check();
    }),
    { numRuns: runs(500) },
  );
}, 120_000);
