// Two values are the same JSON exactly when these texts are the same: members sorted by key, -0 as 0.
// It shares no code with src, so that tests compare against something of their own.

/** Compact JSON text with sorted members; a key `__proto__` counts like any other. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`,
  );
  return `{${members.toSorted().join()}}`;
}

/** Freeze a value all the way down, so that any attempt to change it throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) deepFreeze(item);
    Object.freeze(value);
  }
  return value;
}

/** Bytes of a value as compact JSON in UTF-8. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** How deep a value nests: a leaf is 0, `{}` and `[]` are 1. */
export function jsonDepth(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(jsonDepth));
}
