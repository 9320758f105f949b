// A state is rebuilt from the newest readable snapshot and the changes that follow it. Records that cannot be
// used are reported, and so are the changes after them.

import { describe, expect, test } from "vitest";
import type { Change } from "../../src/protocol/history.ts";
import { replaceAll } from "../../src/protocol/json-patch.ts";
import { emptyState, rebuild, snapshotDue } from "../../src/model/history.ts";

/** The change that sets `n` to the version it leads to. */
const change = (to: number, from = to - 1): Change => ({
  from,
  to,
  patch: JSON.stringify([{ op: "add", path: "/n", value: to }]),
});

const changes = (first: number, last: number): Change[] =>
  Array.from({ length: last - first + 1 }, (_, index) => change(first + index));

const snapshot = (version: number) => ({ version, text: `{"n":${version}}` });

const nothingUnreadable = { snapshots: [], changes: [] };

describe("a readable history", () => {
  test("[R8] that is empty leads to {} at version 0", () => {
    expect(rebuild({ snapshots: [], changes: [] })).toEqual({
      version: 0,
      state: emptyState,
      journalBytes: 0,
      journalChanges: 0,
      lost: 0,
      snapshotBytes: 2,
      unreadable: nothingUnreadable,
    });
  });

  test("[S10] without a snapshot leads from {} to the last change", () => {
    const { version, state, unreadable } = rebuild({ snapshots: [], changes: changes(1, 12) });
    expect({ version, state, unreadable }).toEqual({
      version: 12,
      state: { value: { n: 12 }, bytes: '{"n":12}'.length },
      unreadable: nothingUnreadable,
    });
  });

  test("[S10] leads from the newest snapshot through the changes after it", () => {
    const rebuilt = rebuild({ snapshots: [snapshot(6), snapshot(3)], changes: changes(4, 8) });
    expect(rebuilt).toEqual({
      version: 8,
      state: { value: { n: 8 }, bytes: 7 },
      journalBytes: change(7).patch.length + change(8).patch.length,
      journalChanges: 2,
      lost: 0,
      snapshotBytes: 7,
      unreadable: nothingUnreadable,
    });
  });

  test("[S10] has as many bytes as its changes have in UTF-8", () => {
    const patch = JSON.stringify([{ op: "add", path: "/é", value: "日本 👍" }]);
    const { journalBytes } = rebuild({ snapshots: [], changes: [{ from: 0, to: 1, patch }] });
    expect(journalBytes).toBe(Buffer.byteLength(patch));
  });

  test("[S10] is not affected by damage before its newest snapshot", () => {
    const damaged = [...changes(4, 5), { from: 5, to: 6, patch: "garbage" }, change(7)];
    const { version, unreadable } = rebuild({ snapshots: [snapshot(6)], changes: damaged });
    expect({ version, unreadable }).toEqual({ version: 7, unreadable: nothingUnreadable });
  });

  test("[S10] may have a change that spans several versions", () => {
    expect(rebuild({ snapshots: [snapshot(3)], changes: [change(9, 3)] }).version).toBe(9);
  });

  test("[S9] is readable whatever the current limits are", () => {
    const deep = JSON.stringify({ d: JSON.parse("[".repeat(250) + "]".repeat(250)) });
    expect(rebuild({ snapshots: [{ version: 1, text: deep }], changes: [] }).version).toBe(1);
    const long = JSON.stringify(
      Array.from({ length: 5000 }, (_, n) => ({ op: "add", path: "/n", value: n })),
    );
    expect(rebuild({ snapshots: [], changes: [{ from: 0, to: 1, patch: long }] }).version).toBe(1);
  });
});

describe("records that cannot be used", () => {
  const bad: [string, string][] = [
    ["garbage", "\u0001\u0002"],
    ["nothing", ""],
    ["cut off", change(5).patch.slice(0, -3)],
    ["not a patch", '{"op":"remove"}'],
    ["an array without operations", "[1]"],
    ["an unknown operation", '[{"op":"jump","path":"/n"}]'],
    ["not for this state", '[{"op":"remove","path":"/m"}]'],
    ["leading to a number", '[{"op":"replace","path":"","value":7}]'],
  ];

  test.each(bad)("[S10] a change that is %s ends the history before it", (_, patch) => {
    const { version, state, unreadable } = rebuild({
      snapshots: [snapshot(3)],
      changes: [change(4), { from: 4, to: 5, patch }, change(6), change(7)],
    });
    expect({ version, value: state.value, unreadable }).toEqual({
      version: 4,
      value: { n: 4 },
      unreadable: { snapshots: [], changes: [5, 6, 7] },
    });
  });

  test("[S10] a gap ends the history before it", () => {
    const { version, unreadable } = rebuild({
      snapshots: [snapshot(3)],
      changes: [change(4), change(6), change(7)],
    });
    expect({ version, unreadable }).toEqual({
      version: 4,
      unreadable: { snapshots: [], changes: [6, 7] },
    });
  });

  test("[S10] changes without the snapshot that they follow are not used", () => {
    const { version, state, unreadable } = rebuild({ snapshots: [], changes: changes(4, 6) });
    expect({ version, state, unreadable }).toEqual({
      version: 0,
      state: emptyState,
      unreadable: { snapshots: [], changes: [4, 5, 6] },
    });
  });

  test.each(["", "[]", "null", "7", '{"n":', "\u0001", '{"n":1e999}'])(
    "[S10] a snapshot %j is replaced by the one before it and the changes since",
    (text) => {
      const { version, state, unreadable } = rebuild({
        snapshots: [{ version: 6, text }, snapshot(3)],
        changes: changes(4, 8),
      });
      expect({ version, value: state.value, unreadable }).toEqual({
        version: 8,
        value: { n: 8 },
        unreadable: { snapshots: [6], changes: [] },
      });
    },
  );

  test("[S10] without a readable snapshot all changes from the beginning are used", () => {
    const history = {
      snapshots: [
        { version: 6, text: "" },
        { version: 3, text: "" },
      ],
      changes: changes(1, 8),
    };
    const { version, unreadable } = rebuild(history);
    expect({ version, unreadable }).toEqual({
      version: 8,
      unreadable: { snapshots: [6, 3], changes: [] },
    });
    expect(rebuild({ ...history, changes: changes(4, 8) }).unreadable).toEqual({
      snapshots: [6, 3],
      changes: [4, 5, 6, 7, 8],
    });
  });
});

describe("a snapshot is due", () => {
  const due = (journalBytes: number, snapshotBytes: number, journalChanges = 1): boolean =>
    snapshotDue({ journalBytes, snapshotBytes, journalChanges });

  test("[S10] when the journal of a small state exceeds 256 KiB", () => {
    expect(due(262_144, 2)).toBe(false);
    expect(due(262_145, 2)).toBe(true);
  });

  test("[S10] when the journal of a large state exceeds the state's size", () => {
    expect(due(1_000_000, 1_000_000)).toBe(false);
    expect(due(1_000_001, 1_000_000)).toBe(true);
  });

  test("[S10] when the journal has 2,000 changes", () => {
    expect(due(2000, 1_000_000, 1999)).toBe(false);
    expect(due(2000, 1_000_000, 2000)).toBe(true);
  });
});

describe("a patch in the journal", () => {
  test("[S10] may replace the whole state", () => {
    const patch = JSON.stringify(replaceAll({ n: 1 }));
    const { state } = rebuild({
      snapshots: [snapshot(1)],
      changes: [{ from: 1, to: 2, patch }],
    });
    expect(state).toEqual({ value: { n: 1 }, bytes: 7 });
  });
});
