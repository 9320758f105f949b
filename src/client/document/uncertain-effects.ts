// Effects that may turn out not to be: what would lead elsewhere without them (rule C4). They are found by where they
// are, so that many edits in different places cost no more than their number. It decides nothing that moves.ts does not.

import type { Effect } from "../../protocol/effects.ts";
import { effectAfter, mayMove, pathsOf } from "../../protocol/moves.ts";
import { pointerOf } from "../../protocol/pointer.ts";
import type { MovingOperation } from "./moving-operation.ts";

export class Undone {
  /** By the pointer to where they are, and by a blank with the pointer to anything around that. */
  readonly #effects = new Map<string, Set<Effect>>();

  get effects(): Iterable<Effect> {
    return this.#find(" ");
  }

  /** Whether an operation would lead elsewhere. */
  moves(operation: MovingOperation): boolean {
    return operation.operations.some((each) =>
      ("from" in each ? [" "] : pointersTo(each.path)).some((key) =>
        [...this.#find(key)].some((effect) => operation.isMovedBy(effect)),
      ),
    );
  }

  /** Something else has happened on top of them. */
  pass(effect: Effect): void {
    const keys =
      effect.kind === "move" ? [" "] : pathsOf(effect).map((path) => ` ${pointerOf(path)}`);
    const moved = keys
      .flatMap((key) => [...this.#find(key)])
      .filter((each) => mayMove(each, effect));
    // All of them first: one may come to where another one has been.
    for (const each of moved) for (const key of keysOf(each)) this.#find(key).delete(each);
    for (const after of moved.flatMap((each) => effectAfter(each, effect))) this.add(after);
  }

  #find(key: string): Set<Effect> {
    return this.#effects.get(key) ?? new Set();
  }

  /** @param effect leads back from what may turn out not to be */
  add(effect: Effect): void {
    // Of two that say the same, one is enough: so it is with all items that were appended to a list.
    const isKnown = ({ kind }: Effect): boolean => kind === "exchange" && kind === effect.kind;
    if ("path" in effect && [...this.#find(pointerOf(effect.path))].some(isKnown)) return;
    for (const key of keysOf(effect)) this.#effects.set(key, this.#find(key).add(effect));
  }
}

/** The pointer, and those to all that it leads through. */
function pointersTo(pointer: string): string[] {
  const all = [pointer];
  for (let end = pointer.length; end > 0;) {
    end = pointer.lastIndexOf("/", end - 1);
    all.push(pointer.slice(0, end));
  }
  return all;
}

const keysOf = (effect: Effect): string[] =>
  pathsOf(effect).flatMap((path) => {
    const pointer = pointerOf(path);
    return [pointer, ...pointersTo(pointer).map((each) => ` ${each}`)];
  });
