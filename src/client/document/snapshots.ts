// Frozen copies of a state that is changed in place. A copy shares with the one before whatever has not changed, also
// where something was changed and changed back. It costs what has changed, and the width of what that is in.

import { isContainer, memberOf, type Container } from "../../protocol/container.ts";
import { setMember, type JsonValue } from "../../protocol/json.ts";

/** The members of a container that may have changed; `null` for any. */
type Changed = Set<string> | null;

export class Snapshots {
  readonly #copies = new WeakMap<Container, Container>();
  readonly #changed = new WeakMap<Container, Changed>();

  /** A member has changed: the last token's, in the last container. @param isShifted whether the ones behind it moved */
  mark(containers: readonly Container[], tokens: readonly string[], isShifted: boolean): void {
    for (let depth = 0; depth < containers.length; depth++) {
      const container = containers[depth] as Container;
      if (isShifted && depth === containers.length - 1) {
        this.#changed.set(container, null);
        continue;
      }
      const changed = this.#changed.get(container);
      if (changed === undefined) this.#changed.set(container, new Set([tokens[depth] as string]));
      else changed?.add(tokens[depth] as string);
    }
  }

  /** The copy of a value as it is now. */
  of(value: JsonValue): JsonValue {
    if (!isContainer(value)) return value;
    const copy = this.#copies.get(value);
    const changed = this.#changed.get(value);
    if (copy !== undefined && changed === undefined) return copy;
    this.#changed.delete(value);
    const next = this.#renew(value, copy, changed ?? null);
    if (next === copy) return copy;
    Object.freeze(next);
    this.#copies.set(value, next);
    return next;
  }

  #renew(container: Container, copy: Container | undefined, changed: Changed): Container {
    if (Array.isArray(container)) {
      if (Array.isArray(copy) && changed !== null && copy.length === container.length)
        return this.#renewMembers(container, copy, changed);
      const next = container.map((item) => this.of(item));
      const isSame =
        copy?.["length"] === next.length &&
        next.every((item, at) => item === memberOf(copy, String(at)));
      return isSame ? copy : next;
    }
    if (copy !== undefined && changed !== null) return this.#renewMembers(container, copy, changed);
    const next: Record<string, JsonValue> = {};
    for (const key of Object.keys(container))
      setMember(next, key, this.of(container[key] as JsonValue));
    return next;
  }

  #renewMembers(container: Container, copy: Container, changed: Set<string>): Container {
    let next: Container | null = null;
    for (const token of changed) {
      const value = memberOf(container, token);
      const copied = value === undefined ? undefined : this.of(value);
      if (copied === memberOf(copy, token)) continue;
      next ??= Array.isArray(copy) ? [...copy] : { ...copy };
      if (Array.isArray(next)) next[Number(token)] = copied as JsonValue;
      else if (copied === undefined) delete next[token];
      else setMember(next, token, copied);
    }
    return next ?? copy;
  }
}
