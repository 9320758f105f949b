// A patch that was made long ago, in this process: the room's own document, without a server around it.

import { JsonDocument } from "../src/room/document/json-document.ts";
import { defaultLimits } from "../src/protocol/limits.ts";
import type { Patch } from "../src/protocol/json-patch.ts";
import type { Member } from "../src/model/members.ts";
import type { RoomRecord } from "../src/model/record.ts";
import { MemoryRoomStorage } from "../src/storage/memory.ts";
import { isMet } from "./report.ts";
import { median } from "./statistics.ts";

const [versions, items, runs] = [1000, 1000, 200];
const target = 3;

/** @returns the number of missed targets */
export function benchEdits(): number {
  const { first, later } = measure();
  const met = isMet(later, "<=", target);
  console.log(
    `${met ? "met   " : "MISSED"}  patch made ${versions} versions ago on an array of ${items} items, ms: ` +
      `${later.toFixed(2)}, target <= ${target}  (${first.toFixed(2)} for the first one after a wake, which reads the journal)`,
  );
  return met ? 0 : 1;
}

/** ms that a patch takes from the oldest version to the present one. */
function measure(): { first: number; later: number } {
  const storage = new MemoryRoomStorage<RoomRecord, Member>();
  const document = JsonDocument.create(storage);
  const change = (patch: Patch, base?: number): number => {
    const request = {
      kind: "patch",
      patch,
      ...(base !== undefined && { base: { version: base, strict: false } }),
    } as const;
    const start = performance.now();
    document.change(request, undefined, defaultLimits);
    return performance.now() - start;
  };
  const list = Array.from({ length: items }, (_, n) => ({ id: n, text: `item ${n}` }));
  change([{ op: "add", path: "/list", value: list }]);
  document.commit();
  const base = document.version;
  for (let n = 0; n < versions; n++) {
    const index = (n * 7919) % items;
    const value = { id: items + n, text: "new" };
    change(
      n % 2 === 0
        ? [{ op: "add", path: `/list/${index}`, value }]
        : [{ op: "remove", path: `/list/${index}` }],
    );
    document.commit();
  }
  const woken = JsonDocument.open(storage).document;
  const start = performance.now();
  woken.change(
    { kind: "patch", patch: patchOf(0), base: { version: base, strict: false } },
    undefined,
    defaultLimits,
  );
  const first = performance.now() - start;
  return { first, later: median(Array.from({ length: runs }, (_, n) => change(patchOf(n), base))) };
}

const patchOf = (n: number): Patch => [
  { op: "replace", path: `/list/${(n * 31) % items}/text`, value: `edit ${n}` },
];
