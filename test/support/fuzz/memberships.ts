// Who has come and gone, as hooks are told and as clients see it. Each membership has a number in its
// entry's `meta`: of each that anybody has seen, `onLeave` is told once, unless the user is still there,
// or has joined again in their own place (rules U3, U4).

import type { UserEntry } from "../../../src/protocol/users.ts";
import type { Script } from "../../fixtures/scripts.ts";

const numberOf = ({ meta }: UserEntry): number => Number(Object(meta).membership);

export class Memberships {
  readonly #seen = new Map<number, string>();
  readonly #left = new Map<number, number>();
  /** Whoever joined again: if that was lost in a crash, they leave as they were. */
  readonly #rejoined = new Set<number>();
  #next = 1;
  /**
   * How often an object has died in the middle of a turn: it may have called `onLeave` in vain, for what
   * it wrote is taken back. (What a hook sends out is held back by the platform until writes are durable.)
   */
  deaths = 0;

  /** The hooks of the room. They run inside the object, and settle no promise of the test. */
  readonly script: Pick<Script, "onJoin" | "onLeave"> = {
    onJoin: ({ users }, user) => {
      if (user["unwanted"] === true) return { error: "unwanted" };
      const before = users.find(({ id }) => id === user.id);
      if (before) this.#rejoined.add(numberOf(before));
      return { ok: { membership: this.#next++ } };
    },
    onLeave: (_, entry) => {
      const number = numberOf(entry);
      this.#left.set(number, (this.#left.get(number) ?? 0) + 1);
    },
  };

  /** Somebody is shown users. */
  saw(entries: readonly UserEntry[]): void {
    for (const entry of entries) this.#seen.set(numberOf(entry), entry.id);
  }

  /** What does not fit, with these users in the room. */
  problems(present: readonly UserEntry[]): string[] {
    const here = new Set(present.map(numberOf));
    const problems: string[] = [];
    const tooOften: string[] = [];
    for (const number of new Set([...this.#seen.keys(), ...this.#left.keys()])) {
      const times = this.#left.get(number) ?? 0;
      const what = `onLeave of membership ${number} (${this.#seen.get(number)}) came ${times} times`;
      const isOver = this.#seen.has(number) && !here.has(number) && !this.#rejoined.has(number);
      if (isOver && times === 0) problems.push(what);
      const most = here.has(number) ? 0 : 1;
      for (let n = most; n < times; n++) tooOften.push(what);
    }
    return tooOften.length > this.deaths ? [...problems, ...tooOften] : problems;
  }
}
