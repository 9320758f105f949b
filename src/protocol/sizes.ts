// Caches the sizes and member counts of containers in states. Code that changes a container in place must keep its
// entries, and those of all containers above it, exact.

import type { ContainerSize, JsonArray, JsonObject, SizeCache } from "./json.ts";

export const sizes: SizeCache = new WeakMap();

const counts = new WeakMap<object, number>();
// Counting the members of a small object is cheaper than a cache entry.
const smallCount = 64;

/** Number of members of a container. */
export function countOf(container: JsonArray | JsonObject): number {
  if (Array.isArray(container)) return container.length;
  const known = counts.get(container);
  if (known !== undefined) return known;
  const count = Object.keys(container).length;
  setCount(container as JsonObject, count);
  return count;
}

export function setCount(container: JsonArray | JsonObject, count: number): void {
  if (count > smallCount && !Array.isArray(container)) counts.set(container, count);
}

/** Adjust the cached number of members of an object. */
export function addToCount(object: JsonObject, change: number): void {
  const known = counts.get(object);
  if (known !== undefined) counts.set(object, known + change);
}

/**
 * The size of a container after one member has changed.
 * @param growth in bytes
 * @param before nesting depth of the member before; 0 if it is a leaf or does not exist
 * @param after the same after the change
 */
export function resized(
  { bytes, nested }: ContainerSize,
  growth: number,
  before: number,
  after: number,
): ContainerSize {
  if (before === after) return { bytes: bytes + growth, depth: nested.length + 1, nested };
  const next = [...nested];
  if (before > 0) next[before - 1] = (next[before - 1] ?? 0) - 1;
  while (next.length < after) next.push(0);
  if (after > 0) next[after - 1] = (next[after - 1] ?? 0) + 1;
  while (next.at(-1) === 0) next.pop();
  return { bytes: bytes + growth, depth: next.length + 1, nested: next };
}
