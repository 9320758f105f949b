// Books that cannot find a fault prove nothing: each kind of fault is put before them.

import { describe, expect, test } from "vitest";
import { Fact } from "../support/chaos/fact.ts";
import { RoomLedger, type Holdings } from "../support/chaos/ledger.ts";

/** Books of a room that was asked for three marks, and has acknowledged the first two. */
function books(): RoomLedger {
  const ledger = new RoomLedger("design");
  for (const mark of ["a", "b", "c"]) ledger.ask(mark);
  ledger.acknowledge("a", "first", 1);
  ledger.acknowledge("b", "first", 2);
  return ledger;
}

const holding = (log: readonly string[], rest: Partial<Holdings> = {}): Holdings => ({
  epoch: "first",
  version: log.length,
  log,
  ...rest,
});

test("[S4, X1] what was acknowledged has to be there, and what was only asked for may be", () => {
  for (const log of [
    ["a", "b"],
    ["b", "c", "a"],
  ])
    expect(books().audit(holding(log))).toEqual({ lost: [], doubled: [], wrong: [] });
});

describe("the books find", () => {
  const faults: [string, Holdings, string][] = [
    ["[S4] a mark that is lost", holding(["a", "c"]), "1 acknowledged are lost: b"],
    ["[X1] a mark that is there twice", holding(["a", "b", "a"]), "1 are there twice: a"],
    ["[S4] a mark of nobody's", holding(["a", "b", "x"]), "nobody has asked for x"],
    [
      "[S3] a version that is not the number of changes",
      holding(["a", "b"], { version: 3 }),
      "version 3 with 2 marks",
    ],
    ["[R8] a version that went back", holding(["a"]), "version 1 came after version 2"],
  ];
  test.for(faults)("%s", ([, holdings, wrong]) => {
    expect(books().audit(holdings).wrong).toContain(`design: ${wrong}`);
  });

  test("[R8, S4] marks that are lost with an epoch that nobody has purged", () => {
    const { lost, wrong } = books().audit(holding([], { epoch: "second" }));
    expect(lost).toEqual(["a", "b"]);
    expect(wrong).toContain("design: 2 epochs after 0 purges");
  });

  test("[X1] a mark that was refused and is there", () => {
    const ledger = books();
    ledger.refuse("c");
    const { wrong } = ledger.audit(holding(["a", "b", "c"]));
    expect(wrong).toEqual(["design: refused, and still there: c"]);
  });

  test("[S4] a log that somebody has seen and that never was", () => {
    const ledger = books();
    ledger.showAll("ada", holding(["a", "c"]));
    const { wrong } = ledger.audit(holding(["a", "b", "c"]));
    expect(wrong).toEqual(["design: ada has seen a log at version 2 that never was"]);
  });

  test("[R8] an epoch that is back after its purge was acknowledged", () => {
    const ledger = books();
    ledger.purge()();
    const { wrong } = ledger.audit(holding(["a", "b"]));
    expect(wrong).toEqual(["design: epoch first is back, though it was purged"]);
  });
});

test("[R8] after a purge, a new epoch begins without the marks of the last one", () => {
  for (const isAnswered of [true, false]) {
    const ledger = books();
    const answered = ledger.purge();
    if (isAnswered) answered();
    const { wrong } = ledger.audit(holding(["c"], { epoch: "second" }));
    expect(wrong).toEqual([]);
  }
});

test("[R1] a fact is certain after an answer, unless another request was under way at the same time", async () => {
  const isIn = new Fact(false);
  const join = Promise.withResolvers<boolean | null>();
  const joined = isIn.follow(join.promise);
  expect(isIn.value).toBeNull();
  join.resolve(true);
  await joined;
  expect(isIn.value).toBe(true);

  // The join may have been carried out after the leave, although it was sent before.
  const lateJoin = Promise.withResolvers<boolean | null>();
  const joinedAgain = isIn.follow(lateJoin.promise);
  await isIn.follow(Promise.resolve(false));
  expect(isIn.value).toBeNull();
  lateJoin.resolve(true);
  await joinedAgain;
  expect(isIn.value).toBeNull();

  await isIn.follow(Promise.resolve(false));
  expect(isIn.value).toBe(false);
});

test("[R1] a fact stays uncertain if no answer has come", async () => {
  const isIn = new Fact(false);
  await isIn.follow(Promise.resolve(null));
  expect(isIn.value).toBeNull();
});
