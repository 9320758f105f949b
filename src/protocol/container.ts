// Mutable access to the objects and arrays of a state. The caller must own the container.

import { member, setMember, type JsonValue } from "./json.ts";
import { addToCount } from "./sizes.ts";

export type Container = JsonValue[] | Record<string, JsonValue>;

export const isContainer = (value: unknown): value is Container =>
  typeof value === "object" && value !== null;

/** A member; `undefined` if it does not exist. For an array, the token is an index. */
export const memberOf = (container: Container, token: string): JsonValue | undefined =>
  Array.isArray(container) ? container[Number(token)] : member(container, token);

/** Set or add a member. */
export function put(container: Container, token: string, value: JsonValue): void {
  if (Array.isArray(container)) {
    container[Number(token)] = value;
    return;
  }
  if (!Object.hasOwn(container, token)) addToCount(container, 1);
  setMember(container, token, value);
}

export function removeMember(object: Record<string, JsonValue>, key: string): void {
  addToCount(object, -1);
  delete object[key];
}

/**
 * Make a shallow copy of a container.
 * @param mark called for each member that is a container
 */
export function shallowCopy(
  source: Container,
  mark: ((member: Container) => void) | null,
): Container {
  if (Array.isArray(source)) {
    if (mark) for (const item of source) if (isContainer(item)) mark(item);
    return [...source];
  }
  const copy: Record<string, JsonValue> = {};
  // Twice as fast as a spread if there are many members.
  for (const key of Object.keys(source)) {
    const value = source[key] as JsonValue;
    setMember(copy, key, value);
    if (mark && isContainer(value)) mark(value);
  }
  return copy;
}
