// The effects of edits that the room may not have, and may yet refuse. An operation that they move must wait for the
// room's reply (rule C4). Effects are found by their paths, so that edits in different places are not compared with
// each other. Whether one moves another is for moves.ts to say.

import type { Effect } from "../../protocol/effects.ts";
import { effectAfter, mayMove, pathsOf } from "../../protocol/moves.ts";
import { pointerOf } from "../../protocol/pointer.ts";
import type { MovingOperation } from "./moving-operation.ts";

export class UncertainEffects {
  /** By the pointer to where each is; and, behind a blank, by that pointer and those to all that is around it. */
  readonly #effects = new Map<string, Set<Effect>>();

  get effects(): Iterable<Effect> {
    return this.#find(" ");
  }

  /** Whether an operation would lead elsewhere without the edits. */
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

  /** @param effect leads back from what an uncertain edit has done */
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
