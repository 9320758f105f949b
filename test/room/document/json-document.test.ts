// The JSON document by itself: what a change writes, when a snapshot is written instead, and that a reopened document
// continues where it ended.

import { describe, expect, test } from "vitest";
import { JsonDocument } from "../../../src/room/document/json-document.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import type { Patch } from "../../../src/protocol/json-patch.ts";
import { resolveLimits } from "../../../src/protocol/limits.ts";
import type { Member } from "../../../src/model/members.ts";
import type { RoomRecord } from "../../../src/model/record.ts";
import { maxRowBytes } from "../../../src/storage/bytes.ts";
import { MemoryRoomStorage } from "../../../src/storage/memory.ts";
import { jsonBytes } from "../../support/canonical-json.ts";
import { planOn } from "../../support/planned.ts";

const limits = resolveLimits({ stateBytes: 8 * 1024 * 1024 });

const create = () => new MemoryRoomStorage<RoomRecord, Member>();

function commit(document: JsonDocument, patch: Patch): void {
  const planned = planOn(document.head, { kind: "patch", patch }, limits);
  if (planned === null) throw new Error("expected a change");
  document.stage(planned);
  document.commit();
}

const set = (document: JsonDocument, name: string, value: string | number): void =>
  commit(document, [{ op: "add", path: `/${name}`, value }]);

const snapshotsOf = (storage: ReturnType<typeof create>): number[] =>
  storage.readHistory().snapshots.map(({ version }) => version);

describe("a new document", () => {
  test("[R8, S3] is {} at version 0, and writes nothing until something changes", () => {
    const storage = create();
    const document = JsonDocument.create(storage);
    document.writeInitial();
    expect([document.value, document.version, document.text]).toEqual([{}, 0, "{}"]);
    expect(storage.readHistory()).toEqual({ snapshots: [], changes: [] });
  });

  test("[R5] with a loaded state writes it when the room starts, and not before", () => {
    const storage = create();
    const document = JsonDocument.create(storage);
    document.load({ value: { n: 1 }, bytes: 7 }, 0);
    expect(storage.readHistory().snapshots).toEqual([]);
    document.writeInitial();
    document.writeInitial();
    expect(storage.readHistory().snapshots).toEqual([{ version: 0, text: '{"n":1}' }]);
    expect(JsonDocument.open(storage).document.value).toEqual({ n: 1 });
  });
});

describe("a change", () => {
  test("[S3, S10] is one record with its patch, and increments the version", () => {
    const storage = create();
    const document = JsonDocument.create(storage);
    set(document, "n", 1);
    set(document, "n", 2);
    expect(document.version).toBe(2);
    expect(storage.readHistory()).toEqual({
      snapshots: [],
      changes: [
        { from: 0, to: 1, patch: '[{"op":"add","path":"/n","value":1}]' },
        { from: 1, to: 2, patch: '[{"op":"add","path":"/n","value":2}]' },
      ],
    });
  });

  test("[E7] whose patch is larger than the resulting state is still stored as a patch", () => {
    const storage = create();
    const document = JsonDocument.create(storage);
    const patch: Patch = [
      { op: "add", path: "/long", value: "x".repeat(1000) },
      { op: "replace", path: "/long", value: 1 },
    ];
    commit(document, patch);
    expect(storage.readHistory().changes).toEqual([
      { from: 0, to: 1, patch: JSON.stringify(patch) },
    ]);
    expect(JsonDocument.open(storage).document.value).toEqual({ long: 1 });
  });

  test.each(["x", "é", "€", "😀", "\u0000"])(
    "[S10] of %j is stored as a record if it fits in a row, and otherwise as a snapshot",
    (character) => {
      const storage = create();
      const document = JsonDocument.create(storage);
      const sizes = [1000, 100_000, 316_000, 633_000, 700_000, 1_300_000];
      for (const size of sizes) set(document, "text", character.repeat(size));
      const { snapshots, changes } = storage.readHistory();
      expect(snapshots[0]?.version).toBe(sizes.length);
      for (const { patch } of changes) expect(Buffer.byteLength(patch)).toBeLessThan(maxRowBytes);
      const { document: opened, quarantined } = JsonDocument.open(storage);
      expect([opened.version, quarantined]).toEqual([sizes.length, 0]);
      expect(opened.text === document.text).toBe(true);
    },
  );
});

describe("a snapshot", () => {
  test("[S10] is taken after 256 KiB of patches since the last one", () => {
    const storage = create();
    const document = JsonDocument.create(storage);
    for (let n = 0; n < 6; n++) set(document, "text", String(n).repeat(52_000));
    expect(snapshotsOf(storage)).toEqual([6]);
  });

  test("[S10] of a large state is taken once the patches have reached its size", () => {
    const storage = create();
    const document = JsonDocument.create(storage);
    set(document, "large", "x".repeat(600_000));
    for (let n = 0; n < 5; n++) set(document, "text", String(n).repeat(117_000));
    expect(snapshotsOf(storage)).toEqual([1]);
    set(document, "text", "y".repeat(117_000));
    expect(snapshotsOf(storage)).toEqual([7, 1]);
  });

  test("[S10] is taken after 2,000 changes, however small they are", () => {
    const storage = create();
    const document = JsonDocument.create(storage);
    set(document, "large", "x".repeat(300_000));
    for (let n = 1; n < 2000; n++) set(document, "n", n);
    expect(snapshotsOf(storage)).toEqual([1]);
    set(document, "n", 0);
    expect(snapshotsOf(storage)).toEqual([2001, 1]);
    for (let n = 1; n < 2000; n++) set(document, "n", n);
    expect(snapshotsOf(storage)).toEqual([2001, 1]);
  });

  test("[S10, R6] is taken at the same versions if the room sleeps after every change", () => {
    const [awake, asleep] = [create(), create()];
    const one = JsonDocument.create(awake);
    let other = JsonDocument.create(asleep);
    for (let n = 1; n <= 40; n++) {
      for (const document of [one, other])
        set(document, `key${n % 7}`, String(n % 10).repeat(36_000));
      other = JsonDocument.open(asleep).document;
      expect(snapshotsOf(asleep)).toEqual(snapshotsOf(awake));
    }
    expect(snapshotsOf(asleep)).toHaveLength(2);
  });
});

describe("opening", () => {
  test("[S10] an intact history quarantines nothing and loses nothing", () => {
    const storage = create();
    const document = JsonDocument.create(storage);
    set(document, "n", 1);
    const { quarantined, lost, document: opened } = JsonDocument.open(storage);
    expect({ quarantined, lost }).toEqual({ quarantined: 0, lost: 0 });
    expect(opened.head).toEqual({ value: { n: 1 }, bytes: jsonBytes({ n: 1 } as JsonObject) });
  });

  test("[S10] a damaged history quarantines unusable rows once, and reports how many versions are lost", () => {
    const storage = create();
    const document = JsonDocument.create(storage);
    set(document, "n", 1);
    storage.appendChange({ from: 1, to: 2, patch: "garbage" });
    storage.appendChange({ from: 2, to: 5, patch: "[]" });
    const { quarantined, lost, document: opened } = JsonDocument.open(storage);
    expect({ quarantined, lost, version: opened.version }).toEqual({
      quarantined: 2,
      lost: 4,
      version: 1,
    });
    expect(storage.readQuarantine()).toEqual([
      { kind: "change", version: 2 },
      { kind: "change", version: 5 },
    ]);
    expect(JsonDocument.open(storage)).toMatchObject({ quarantined: 0, lost: 0 });
  });
});
