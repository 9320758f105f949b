// A room and a client both rebase a patch over the same changes. The room uses its journal, before and after an
// eviction, and the client uses the changes it was sent. They get the same result.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Member } from "../../../src/model/members.ts";
import type { RoomRecord } from "../../../src/model/record.ts";
import { PatchRun } from "../../../src/protocol/apply-patch.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import {
  replaceAll,
  type Operation,
  type Patch,
  type Sized,
} from "../../../src/protocol/json-patch.ts";
import { defaultLimits } from "../../../src/protocol/limits.ts";
import type { Effect } from "../../../src/protocol/effects.ts";
import { applyRebased } from "../../../src/protocol/rebase.ts";
import { JsonDocument } from "../../../src/room/document/json-document.ts";
import { MemoryRoomStorage } from "../../../src/storage/memory.ts";
import { jsonBytes } from "../../support/canonical-json.ts";
import { plainPatched } from "../../support/plain-patch.ts";
import { planOn } from "../../support/planned.ts";
import {
  firstState,
  intents,
  item,
  misplaced,
  patchFor,
  type Intent,
} from "../../support/tagged-lists.ts";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const plain = (state: JsonObject, operation: Operation): JsonObject =>
  plainPatched(state, [operation]) as JsonObject;

/** A client's copy of the state, with the effects of each change since it began. */
class Client {
  state: Sized;
  readonly #effects: { readonly to: number; readonly effects: readonly Effect[] }[] = [];

  constructor(state: JsonObject) {
    this.state = { value: copy(state), bytes: jsonBytes(state) };
  }

  receive({ to, patch }: { readonly to: number; readonly patch: string }): void {
    const run = new PatchRun(this.state, defaultLimits);
    run.apply(JSON.parse(patch) as Patch);
    const effects = run.steps.flatMap(({ effect }) => effect ?? []);
    this.state = run.next;
    this.#effects.push({ to, effects });
  }

  /** What the room will make of a patch of this client's. */
  predict(patch: Patch, base: number): { state: JsonObject; dropped: readonly number[] } {
    const run = new PatchRun({ ...this.state, value: copy(this.state.value) }, defaultLimits);
    const since = this.#effects.filter(({ to }) => to > base).flatMap(({ effects }) => effects);
    const dropped = applyRebased(run, copy(patch), since, false);
    return { state: copy(run.next.value), dropped };
  }
}

const windows = fc.array(
  fc.array(intents({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
  {
    maxLength: 5,
  },
);

/** A room and a client, both with the first state. */
function begin(): { room: JsonDocument; client: Client; change(patch: Patch): void } {
  const room = JsonDocument.create(new MemoryRoomStorage<RoomRecord, Member>());
  const change = (patch: Patch): void => {
    const planned = planOn(room.head, { kind: "patch", patch: copy(patch) }, defaultLimits);
    if (planned !== null) room.stage(planned);
  };
  change(replaceAll(firstState()));
  room.commit();
  return { room, client: new Client(firstState()), change };
}

describe("a client that knows the changes", () => {
  test("[E1, E6] rebases a patch over a window that leaves the state as it was", () => {
    const { room, client, change } = begin();
    const { deep } = firstState();
    change([{ op: "replace", path: "/deep", value: { list: [item("new")] } }]);
    change([{ op: "remove", path: "/deep/list/0" }]);
    change([{ op: "replace", path: "/deep", value: copy(deep as JsonObject) }]);
    const committed = room.commit();
    expect(committed).not.toBeNull();
    if (committed) client.receive(committed);
    const patch: Patch = [{ op: "add", path: "/deep/list/0", value: item("mine") }];
    const expected = client.predict(patch, 1);
    const base = { version: 1, strict: false };
    const { dropped } = room.change({ kind: "patch", patch, base }, undefined, defaultLimits);
    expect(dropped).toEqual([0]);
    expect({ state: room.value, dropped }).toEqual(expected);
  });

  test("[E1, E4, E6] predicts how the room applies a patch, whether or not the room has slept", () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
    fc.assert(
      fc.property(
        windows,
        intents({ minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.boolean(),
        (all, own, at, sleeps) => {
          const storage = new MemoryRoomStorage<RoomRecord, Member>();
          let room = JsonDocument.create(storage);
          const change = (patch: Patch): void => {
            const planned = planOn(room.head, { kind: "patch", patch: copy(patch) }, defaultLimits);
            if (planned !== null) room.stage(planned);
          };
          change(replaceAll(firstState()));
          room.commit();
          const client = new Client(firstState());
          const states = new Map([[room.version, copy(room.value)]]);
          for (const window of all) {
            for (const each of window) change(patchFor(copy(room.value), each, plain));
            const committed = room.commit();
            if (committed === null) continue;
            client.receive(committed);
            states.set(room.version, copy(room.value));
          }
          expect(client.state.value).toEqual(room.value);

          const versions = [...states.keys()];
          const base = versions[at % versions.length] as number;
          const patch = patchFor(states.get(base) as JsonObject, own as readonly Intent[], plain);
          const expected = client.predict(patch, base);
          if (sleeps) ({ document: room } = JsonDocument.open(storage));
          const request = {
            kind: "patch",
            patch: copy(patch),
            base: { version: base, strict: false },
          } as const;
          const { dropped } = room.change(request, undefined, defaultLimits);
          expect({ state: room.value, dropped }).toEqual(expected);
          expect(misplaced(room.value)).toEqual([]);
        },
      ),
      { numRuns: 3000, seed },
    );
  });
});
