// Several patches in a row as one: what a later operation overwrites is left out. A key that was set a
// hundred times within a window goes out once.

import type { Operation } from "./json-patch.ts";

/**
 * Leave out what a later `replace` makes void. The outcome is the same, applied to the same document.
 * @param patch as it was applied, without `test` and `copy`
 */
export function squash<T extends Pick<Operation, "op" | "path">>(
  patch: readonly T[],
): readonly T[] {
  if (patch.length < 2) return patch;
  const kept: T[] = [];
  // Paths that a later operation replaces, with nothing in between that could move what they point to.
  const overwritten = new Set<string>();
  for (let index = patch.length - 1; index >= 0; index--) {
    const operation = patch[index] as T;
    if (operation.op !== "replace") overwritten.clear();
    else if (isWithin(operation.path, overwritten)) continue;
    else overwritten.add(operation.path);
    kept.push(operation);
  }
  return kept.length === patch.length ? patch : kept.toReversed();
}

/** Whether one of these paths is this one or leads to it. */
function isWithin(path: string, paths: ReadonlySet<string>): boolean {
  if (paths.size === 0) return false;
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1))
    if (paths.has(path.slice(0, end))) return true;
  return paths.has("");
}
