// Leads from one state to another one of which nothing else is known, by operations that leave items what they are:
// edits that are still pending then stay with theirs, and what is the same stays the same object.

import { align } from "../../protocol/align.ts";
import { isObject, member, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import { childPointer } from "../../protocol/pointer.ts";
import { arrange } from "./arrange.ts";
import type { Tree } from "./tree.ts";

/** The operations that make the tree's state another one, each of which must be applied before the next is asked for. */
export function* reconcile({ root }: Tree, next: JsonObject): Generator<Operation> {
  yield* compare(root, next, "");
}

function* compare(now: JsonValue, next: JsonValue, path: string): Generator<Operation> {
  if (Array.isArray(now) && Array.isArray(next)) return yield* compareLists(now, next, path);
  if (!isObject(now) || !isObject(next)) {
    if (now !== next) yield { op: "replace", path, value: next };
    return;
  }
  for (const key of Object.keys(now))
    if (!Object.hasOwn(next, key)) yield { op: "remove", path: childPointer(path, key) };
  for (const key of Object.keys(next)) {
    const at = childPointer(path, key);
    const [old, value] = [member(now, key), member(next, key) as JsonValue];
    if (old === undefined) yield { op: "add", path: at, value };
    else yield* compare(old, value, at);
  }
}

function* compareLists(
  now: readonly JsonValue[],
  next: readonly JsonValue[],
  path: string,
): Generator<Operation> {
  const places = align(now, next);
  if (places === null) return yield { op: "replace", path, value: next };
  yield* arrange(path, now.length, next, places);
  for (const [index, value] of next.entries())
    if ((places[index] as number) >= 0)
      yield* compare(now[index] as JsonValue, value, childPointer(path, index));
}
