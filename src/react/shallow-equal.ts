// When two results of a selector count as the same: if they are, or if they are arrays or plain objects with the same
// members. It looks one level deep, because what has not changed in a snapshot is the same object as before.

export function shallowEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  const kind: unknown = Object.getPrototypeOf(a);
  // The members of a Map, a Date or the like are not what it holds.
  if (kind !== Object.getPrototypeOf(b) || !isPlain(kind)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && Object.is(a[key], b[key]))
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isPlain = (prototype: unknown): boolean =>
  prototype === Object.prototype || prototype === Array.prototype || prototype === null;
