// Frozen copies of a state that is changed in place. A copy shares with the one before whatever has not changed, also
// where something was changed and changed back. It costs what has changed, and the width of what that is in.

import { isContainer, memberOf, type Container } from "../../protocol/container.ts";
import { setMember, type JsonValue } from "../../protocol/json.ts";

export class Snapshots {
  readonly #copies = new WeakMap<Container, Container>();
  /** Those with something in them that may have changed since they were copied. */
  readonly #changed = new WeakSet<Container>();

  /** The last of these containers has changed. Each is in the one before. */
  mark(containers: readonly Container[]): void {
    for (const each of containers) this.#changed.add(each);
  }

  /** The copy of a value as it is now. */
  of(value: JsonValue): JsonValue {
    if (!isContainer(value)) return value;
    const old = this.#copies.get(value);
    if (!this.#changed.delete(value) && old) return old;
    const copy = this.#copyOf(value);
    if (old && isSame(old, copy)) return old;
    Object.freeze(copy);
    this.#copies.set(value, copy);
    return copy;
  }

  #copyOf(container: Container): Container {
    if (Array.isArray(container)) return container.map((item) => this.of(item));
    const copy: Record<string, JsonValue> = {};
    for (const key of Object.keys(container))
      setMember(copy, key, this.of(container[key] as JsonValue));
    return copy;
  }
}

/** Whether two containers have the same objects in them. */
function isSame(a: Container, b: Container): boolean {
  const keys = Object.keys(b);
  return (
    Object.keys(a).length === keys.length &&
    keys.every((key) => memberOf(a, key) === memberOf(b, key))
  );
}
