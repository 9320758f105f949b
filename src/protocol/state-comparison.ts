// Compares a state with what it was before some edits. It looks only at the parts that the edits touched.

import { isContainer, memberOf, type Container } from "./container.ts";
import { member, type JsonObject, type JsonValue } from "./json.ts";
import { sizes } from "./sizes.ts";
import type { TextSplice } from "./text.ts";

/** One change to one member, with everything needed to undo it. */
export type Edit = {
  /** The containers from the root to the one that changed, or further. */
  readonly containers: readonly Container[];
  /** The keys of the containers after the root. */
  readonly tokens: readonly string[];
  /** Index of the container that changed. */
  readonly depth: number;
  /** The key of the member. */
  readonly token: string;
  /** `put`: a member was set, added or removed, or an item was set. `insert`, `take`: an item was inserted or removed. */
  readonly kind: "put" | "insert" | "take";
  readonly old: JsonValue | undefined;
  /** Of a large text that was edited, in place of `old`: what takes the edit back. */
  readonly back?: TextSplice;
  /** By how many bytes the state has grown. */
  readonly growth: number;
  /** Nesting depth of the member before and after; 0 for a leaf or no member. */
  readonly was: number;
  readonly is: number;
};

/** The contents of a container before its first change. */
type Before = {
  /** The members that were set, removed or on the path of a change; in an array, only before its first splice. */
  readonly members: Map<string, JsonValue | undefined>;
  readonly splices: Splice[];
};

type Splice = { readonly at: number; readonly removed: JsonValue[]; readonly inserted: 0 | 1 };

/** Stands for a large text as it was before an edit: nothing is the same, not even this. */
const someText: JsonValue = NaN;

// Whether a patch has any effect in the end is checked up to this size of each value: a few operations can
// exchange two equal values that are very large.
export const maxCompared = 16 * 1024;

export class StateComparison {
  readonly #before = new Map<Container, Before>();
  /** The original of each copy, through chains of copies. */
  readonly #origins = new Map<Container, Container>();
  readonly #sources: ReadonlyMap<Container, Container>;

  constructor(edits: readonly Edit[], sources: ReadonlyMap<Container, Container>) {
    this.#sources = sources;
    for (const [copy, source] of sources)
      this.#origins.set(copy, this.#origins.get(source) ?? source);
    for (const edit of edits) this.#add(edit);
  }

  /** Whether `now` is the same JSON as `then` was before the edits. */
  isSame(then: JsonValue | undefined, now: JsonValue | undefined): boolean {
    if (!isContainer(now) || !isContainer(then)) return then === now;
    if (then === now || this.#origins.get(now) === then) {
      const before = this.#before.get(now);
      if (before === undefined) return true;
      if (Array.isArray(now) && before.splices.length > 0)
        return this.#areSame(this.#itemsBefore(now), now);
      return [...before.members].every(([key, value]) => this.isSame(value, memberOf(now, key)));
    }
    if ((sizes.get(now)?.bytes ?? Infinity) > maxCompared) return false;
    if (Array.isArray(then))
      return Array.isArray(now) && this.#areSame(this.#itemsBefore(then), now);
    if (Array.isArray(now)) return false;
    // It cannot have had other members, because the state still has the same number of bytes.
    return Object.keys(now).every((key) => this.isSame(this.#memberBefore(then, key), now[key]));
  }

  #add({ containers, tokens, depth, token, kind, back, old: known }: Edit): void {
    const old = back ? someText : known;
    // The members on the way are noted too: something in them has changed.
    for (let above = 0; above < depth; above++)
      this.#note(containers[above] as Container, tokens[above] as string, containers[above + 1]);
    const container = containers[depth] as Container;
    const { splices } = this.#beforeOf(container);
    if (kind === "put" && splices.length === 0) this.#note(container, token, old);
    else
      splices.push({ at: Number(token), removed: itemsOf(old), inserted: kind === "take" ? 0 : 1 });
  }

  /** Remember a member's old value, unless it has changed before. */
  #note(container: Container, token: string, old: JsonValue | undefined): void {
    const { members, splices } = this.#beforeOf(container);
    if (splices.length === 0 && !members.has(token)) members.set(token, old);
  }

  #beforeOf(container: Container): Before {
    const known = this.#before.get(container);
    if (known !== undefined) return known;
    // The source may have changed before it was copied. The copy stands for its original contents.
    const source = this.#sources.get(container);
    const earlier = source && this.#before.get(source);
    const before: Before = {
      members: new Map(earlier?.members),
      splices: [...(earlier?.splices ?? [])],
    };
    this.#before.set(container, before);
    return before;
  }

  #areSame(then: readonly JsonValue[], now: readonly JsonValue[]): boolean {
    return then.length === now.length && then.every((item, at) => this.isSame(item, now[at]));
  }

  #itemsBefore(array: JsonValue[]): readonly JsonValue[] {
    const before = this.#before.get(array);
    if (before === undefined) return array;
    const items = [...array];
    for (const { at, removed, inserted } of before.splices.toReversed())
      items.splice(at, inserted, ...removed);
    for (const [token, item] of before.members) items[Number(token)] = item as JsonValue;
    return items;
  }

  #memberBefore(object: JsonObject, key: string): JsonValue | undefined {
    const members = this.#before.get(object as Container)?.members;
    return members?.has(key) ? members.get(key) : member(object, key);
  }
}

const itemsOf = (item: JsonValue | undefined): JsonValue[] => (item === undefined ? [] : [item]);
