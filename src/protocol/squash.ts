// Shortens a sequence of changes by leaving out operations that a later one overwrites. A key that was set a hundred
// times within a window is sent once.

import type { Operation } from "./json-patch.ts";

/**
 * Leave out operations that a later `replace` overwrites. Applied to the same state, the result is the same.
 * @param patch the operations that were applied, without `test` and `copy`
 */
export function squash<T extends Pick<Operation, "op" | "path">>(
  patch: readonly T[],
): readonly T[] {
  if (patch.length < 2) return patch;
  const kept: T[] = [];
  // Paths that a later operation replaces, without an operation in between that could move their targets.
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

/** Whether one of these paths is this path or one of its parents. */
function isWithin(path: string, paths: ReadonlySet<string>): boolean {
  if (paths.size === 0) return false;
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1))
    if (paths.has(path.slice(0, end))) return true;
  return paths.has("");
}

/**
 * The number of operations of each change; `null` if it can be left out, see `Change.sizes`.
 * @param operations the operations, each with the index of its change
 */
export function sizesByVersion(
  operations: readonly { readonly change: number }[],
  changes: number,
): number[] | null {
  if (changes === 1) return null;
  const sizes = Array.from({ length: changes }, () => 0);
  for (const { change } of operations) sizes[change] = (sizes[change] ?? 0) + 1;
  return sizes.every((size) => size === 1) ? null : sizes;
}
