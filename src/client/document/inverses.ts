// Undoes this client's edits (rule C6): the inverse of each operation, with the value that it expects. Those of
// one step that lead on from each other are made one. It does not move them, and does not apply them: history.ts does.

import { inverseOf, type Effect } from "../../protocol/effects.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import { jsonEqual, type JsonValue } from "../../protocol/json.ts";
import { pointerOf } from "../../protocol/pointer.ts";
import type { Recorded } from "./draft.ts";
import { MovingOperation } from "./moving-operation.ts";
import type { PendingEdit, PendingOperation } from "./pending-edit.ts";
import { copyValue } from "./values.ts";

export type Made = { readonly edit: PendingEdit; readonly recorded: readonly Recorded[] };

/** The value that an undo expects: a value, nothing (`undefined`), or anything. */
type Expected = { readonly value: JsonValue | undefined } | null;

/** The inverse of one of this client's operations. */
export type Inverse = {
  readonly own: PendingOperation | undefined;
  readonly moving: MovingOperation;
  readonly kind: Effect["kind"] | undefined;
  readonly expected: Expected;
  /** The value that replaces the expected one; `undefined` is nothing. */
  readonly old: JsonValue | undefined;
  /** The amount that is added to a number other than the expected one. */
  readonly by: number;
};

/** The inverses of an edit, the last operation first. */
export const inversesOf = ({ edit, recorded }: Made): readonly Inverse[] =>
  recorded
    .map((each, at) => {
      const { effect, old } = each.applied;
      const { inverse, expected } = inverseOperation(each);
      const moving = new MovingOperation(inverse, effect && inverseOf(effect));
      const own = edit.operations[at];
      const made = { own, moving, kind: effect?.kind, expected };
      if (inverse.op === "inc") return { ...made, old, by: inverse.by };
      return { ...made, old: "value" in inverse ? inverse.value : undefined, by: 0 };
    })
    .toReversed();

/** Make one of those that lead on from each other: of a value that was set a thousand times, the first one is left. */
export function joined(inverses: readonly Inverse[]): readonly Inverse[] {
  const left: Inverse[] = [];
  /** By path: where the last one for it is. Nothing behind that one moves it, or is around it. */
  const places = new Map<string, number>();
  for (const inverse of inverses) {
    const { moving, kind, expected, by } = inverse;
    const path = moving.operations[0]?.path ?? "";
    const at = places.get(path) ?? -1;
    const later = left[at];
    if (
      later?.expected?.value !== undefined &&
      later.kind === kind &&
      expected !== null &&
      jsonEqual(later.old, expected.value)
    ) {
      const sum = later.by + (moving.isApplied ? by : 0);
      moving.isApplied = true; // what the room has refused meanwhile leads back to what was before it
      left[at] = { ...inverse, expected: later.expected, by: sum };
      continue;
    }
    for (const each of places.keys()) if (each.startsWith(`${path}/`)) places.delete(each);
    if (kind !== undefined && kind !== "exchange") places.clear();
    left.push(inverse);
    if (moving.isApplied) places.set(path, left.length - 1);
  }
  return left;
}

/** The inverse of an operation, and the value that it expects. */
function inverseOperation({ operation, applied }: Recorded): {
  readonly inverse: Operation;
  readonly expected: Expected;
} {
  const { effect, old } = applied;
  const { path } = operation;
  switch (operation.op) {
    case "inc":
      return {
        inverse: { op: "inc", path, by: -operation.by },
        expected: { value: applied.steps[0]?.now },
      };
    case "str_ins": {
      const { pos, str } = operation;
      return { inverse: { op: "str_del", path, pos, len: str.length }, expected: null };
    }
    case "str_del": {
      const { pos, len } = operation;
      const str = (old as string).slice(pos, pos + len);
      return { inverse: { op: "str_ins", path, pos, str }, expected: null };
    }
    case "move": {
      const to = effect?.kind === "move" ? effect.to : [];
      const inverse = { op: "move", from: pointerOf(to), path: operation.from } as const;
      return { inverse, expected: null };
    }
    case "remove": {
      const expected = effect?.kind === "take" ? null : { value: undefined };
      return { inverse: { op: "add", path, value: copyValue(old, path) }, expected };
    }
    default: {
      // An item that was appended has an index by now.
      const at =
        effect?.kind === "insert" ? pointerOf([...effect.container, `${effect.index}`]) : path;
      const expected = { value: "value" in operation ? operation.value : undefined };
      if (old === undefined) return { inverse: { op: "remove", path: at }, expected };
      const op = operation.op === "replace" ? "replace" : "add";
      return { inverse: { op, path, value: copyValue(old, path) }, expected };
    }
  }
}
