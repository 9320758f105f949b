// After any changes, compactions and reloads, a document has the state that the same changes give a plain
// object. A damaged history opens at its last intact version.

import fc, { type Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonDocument } from "../../src/room/document/json-document.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Patch } from "../../src/protocol/json-patch.ts";
import { resolveLimits } from "../../src/protocol/limits.ts";
import { planReturned, type PlannedChange } from "../../src/model/change.ts";
import { stateAt } from "../../src/model/history.ts";
import type { Member } from "../../src/model/members.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { MemoryRoomStorage } from "../../src/storage/memory.ts";
import type { RoomStorage } from "../../src/storage/room-storage.ts";
import { SqliteRoomStorage } from "../../src/storage/sqlite.ts";
import { canonical } from "../support/canonical-json.ts";
import { json } from "../support/json-arbitraries.ts";
import { patchedByOracle } from "../support/json-patch-oracle.ts";
import { mergedByOracle } from "../support/merge-patch.ts";
import { openNodeSqlite } from "../support/node-sqlite.ts";
import { patchCases, type PatchCase } from "../support/patch-arbitraries.ts";
import { planOn } from "../support/planned.ts";

/** ms for a property whose states have megabytes, on a machine that is busy. */
const patience = 90_000;

const limits = resolveLimits({ stateBytes: 8 * 1024 * 1024, stateDepth: 200 });

type Step =
  | { readonly kind: "patch"; readonly patched: PatchCase }
  | { readonly kind: "merge" | "replace" | "returned"; readonly value: JsonObject }
  /** A string of this length, so that journals outgrow snapshots and patches outgrow rows. */
  | { readonly kind: "fill"; readonly length: number }
  | { readonly kind: "reload" };

const steps: Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: patchCases({ wild: false }).map((patched) => patch(patched)) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constantFrom("merge", "replace", "returned"),
        value: json.object,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("fill" as const),
        length: fc.oneof(
          { weight: 15, arbitrary: fc.constantFrom(10, 40_000, 264_000) },
          { weight: 1, arbitrary: fc.constant(2_000_000) },
        ),
      }),
    },
    { weight: 3, arbitrary: fc.constant({ kind: "reload" as const }) },
  ),
  { maxLength: 20, size: "max" },
);

const patch = (patched: PatchCase): Step => ({ kind: "patch", patched });

type Storage = RoomStorage<RoomRecord, Member>;

const record: RoomRecord = {
  status: "running",
  behaviour: "default",
  epoch: "e",
  createdAt: 0,
  idleTimeout: 1,
  activeUntil: 0,
};

/** A copy, because the room owns a value in its state and may change it in place. */
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A document and a plain object that go through the same changes. */
class Run {
  document: JsonDocument;
  readonly #storage: Storage;
  /** What the state must be, by version. */
  readonly states: string[] = [canonical({})];
  #model: JsonObject = {};
  #fills = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
    storage.writeRoom(record);
    this.document = JsonDocument.create(storage);
  }

  take(step: Step): void {
    switch (step.kind) {
      case "patch":
        return this.#patch(step.patched);
      case "merge":
        return this.#change(
          planOn(this.document.head, { kind: "merge", merge: copy(step.value) }, limits),
          mergedByOracle(this.#model, step.value) as JsonObject,
        );
      case "replace":
        return this.#change(
          planOn(this.document.head, { kind: "replace", value: copy(step.value) }, limits),
          step.value,
        );
      case "returned": {
        const next = { ...this.document.value, ...step.value };
        const expected = copy(next);
        return this.#change(planReturned(this.document.head, next, limits), expected);
      }
      case "fill":
        this.#fill(String(this.#fills++ % 10).repeat(step.length));
        // A long string is removed again, because it would slow down every later step.
        if (step.length > 100_000) this.#fill("");
        return;
      case "reload": {
        const { document, quarantined, lost } = JsonDocument.open(this.#storage);
        expect({ quarantined, lost }).toEqual({ quarantined: 0, lost: 0 });
        this.document = document;
        return this.check();
      }
      default:
        step satisfies never;
    }
  }

  /** Check that the document equals the plain object. */
  check(): void {
    expect(canonical(this.document.value)).toBe(canonical(this.#model));
    expect(canonical(JSON.parse(this.document.text))).toBe(canonical(this.#model));
    expect(this.document.version).toBe(this.states.length - 1);
  }

  #fill(fill: string): void {
    const add: Patch = [{ op: "add", path: "/fill", value: fill }];
    this.#change(planOn(this.document.head, { kind: "patch", patch: add }, limits), {
      ...this.#model,
      fill,
    });
  }

  /** Put a document into the state and patch it there. */
  #patch({ doc, patch: operations }: PatchCase): void {
    const put: Patch = [{ op: "add", path: "/doc", value: copy(doc) }];
    this.#change(planOn(this.document.head, { kind: "patch", patch: put }, limits), {
      ...this.#model,
      doc,
    });
    const below = copy(operations).map((operation) => ({
      ...operation,
      path: `/doc${operation.path}`,
      ...("from" in operation && { from: `/doc${operation.from}` }),
    })) as Patch;
    this.#change(planOn(this.document.head, { kind: "patch", patch: copy(below) }, limits), {
      ...this.#model,
      doc: patchedByOracle(doc, operations) as JsonValue,
    });
  }

  #change(planned: PlannedChange | null, expected: JsonObject): void {
    const text = canonical(expected);
    expect(planned === null).toBe(text === this.states.at(-1));
    this.#model = JSON.parse(text) as JsonObject;
    if (planned === null) return;
    this.document.stage(planned);
    this.document.commit();
    this.states.push(text);
  }
}

/** Read each version as it was: one that can be read is right. @returns which could be, and which could not */
function readPast(
  storage: Storage,
  states: readonly string[],
): { read: number[]; missing: number[] } {
  const history = storage.readHistory();
  const [read, missing]: number[][] = [[], []];
  for (const [version, state] of states.entries()) {
    const past = stateAt(history, version);
    (past === null ? missing : read)?.push(version);
    if (past !== null) expect(canonical(past.value), `version ${version}`).toBe(state);
  }
  return { read: read ?? [], missing: missing ?? [] };
}

describe.each([
  { name: "memory", open: () => new MemoryRoomStorage<RoomRecord, Member>() },
  { name: "SQLite", open: () => new SqliteRoomStorage<RoomRecord, Member>(openNodeSqlite()) },
])("in $name", ({ open }) => {
  test(
    "[V2] each version that can be read is the state that there was, and the latest ones can be",
    () => {
      let gone = 0;
      fc.assert(
        fc.property(steps, (taken) => {
          const storage = open();
          const run = new Run(storage);
          for (const step of taken) run.take(step);
          const { read, missing } = readPast(storage, run.states);
          expect(read).toContain(run.states.length - 1);
          gone += missing.length;
          // What is missing is older than the journal, or was never a row: a patch that fits into none.
          const { snapshots } = storage.readHistory();
          if (!taken.some((step) => step.kind === "fill" && step.length > 1_000_000))
            expect(missing.every((version) => version < (snapshots.at(-1)?.version ?? 0))).toBe(
              true,
            );
        }),
        { numRuns: 60 },
      );
      expect(gone).toBeGreaterThan(5);
    },
    patience,
  );

  test(
    "[S10, S3] any changes, compactions and reloads give the state of a plain object",
    () => {
      let compacted = 0;
      fc.assert(
        fc.property(steps, (taken) => {
          const storage = open();
          const run = new Run(storage);
          for (const step of taken) run.take(step);
          run.check();
          run.take({ kind: "reload" });
          if (storage.readHistory().snapshots.length > 1) compacted++;
        }),
        { numRuns: 60 },
      );
      // Otherwise the property would prove little.
      expect(compacted).toBeGreaterThan(5);
    },
    patience,
  );
});

type Damage = "garbage" | "cut" | "gone";

/** Damage to the first or the second snapshot of a state that was written as one. */
const largeSnapshot = (pick: number): [Step[], Damage, "changes" | "snapshots", number] => [
  [{ kind: "fill", length: 2_000_000 }],
  "garbage",
  "snapshots",
  pick,
];

describe("a damaged history", () => {
  test(
    "[S10] opens at its last intact version and continues from there",
    () => {
      const seen = new Set<string>();
      fc.assert(
        fc.property(
          steps,
          fc.constantFrom<Damage>("garbage", "cut", "gone"),
          fc.constantFrom("changes", "snapshots"),
          fc.nat(),
          (taken, damage, table, pick) => {
            const store = openNodeSqlite();
            const storage = new SqliteRoomStorage<RoomRecord, Member>(store);
            const run = new Run(storage);
            for (const step of taken) run.take(step);

            const before = storage.readHistory();
            const newest = before.snapshots[0]?.version ?? 0;
            const latest = run.states.length - 1;
            const versions = store.sql
              .exec(`SELECT DISTINCT version FROM ${table} ORDER BY version`)
              .toArray()
              .map(({ version }) => Number(version));
            const version = versions[pick % versions.length];
            if (version === undefined) return;
            const column = table === "changes" ? "patch" : "data";
            store.sql.exec(
              damage === "gone"
                ? `DELETE FROM ${table} WHERE version = ?`
                : `UPDATE ${table} SET ${column} = ${damage === "cut" ? `substr(${column}, 1, length(${column}) - 1)` : "x'00ff'"} WHERE version = ?`,
              version,
            );

            readPast(storage, run.states); // what can still be read is right (rule V2)
            const whole = lastWhole(table, version, newest, latest, before.changes);
            const { document, quarantined, lost } = JsonDocument.open(storage);
            expect(document.version).toBe(whole);
            expect(canonical(document.value)).toBe(run.states[whole]);
            // A missing newest record cannot be detected.
            const unseen = damage === "gone" && version === latest;
            expect(lost).toBe(unseen ? 0 : latest - whole);
            expect(storage.readQuarantine()).toHaveLength(quarantined);

            const next = planReturned(document.head, { ...document.value, onward: 1 }, limits);
            if (next) document.stage(next);
            document.commit();
            const again = JsonDocument.open(storage);
            expect(again.quarantined).toBe(0);
            expect(again.document.version).toBe(whole + 1);
            expect(canonical(again.document.value)).toBe(canonical(document.value));
            seen.add(`${table} ${whole === latest ? "restored" : "lost"}`);
          },
        ),
        {
          numRuns: 80,
          // A change that is too large for a row is a snapshot alone: chance seldom damages that one.
          examples: [largeSnapshot(0), largeSnapshot(1)],
        },
      );
      // Both damaged changes and damaged snapshots occurred, each with and without lost versions.
      expect(seen.size).toBe(4);
    },
    patience,
  );
});

/** The last version that can be rebuilt after one record is damaged. */
function lastWhole(
  table: string,
  damaged: number,
  newest: number,
  latest: number,
  changes: readonly { readonly to: number }[],
): number {
  if (table === "changes") return damaged > newest ? damaged - 1 : latest;
  // The snapshot before it and the changes since are enough, unless the change that led to it was too large for
  // a row and was stored as this snapshot only.
  return damaged < newest || changes.some(({ to }) => to === damaged) ? latest : damaged - 1;
}
