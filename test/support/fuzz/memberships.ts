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
    for (const [number, id] of this.#seen) {
      const times = this.#left.get(number) ?? 0;
      const fits = here.has(number) ? times === 0 : times === 1 || this.#rejoined.has(number);
      if (!fits)
        problems.push(
          `onLeave of membership ${number} (${id}) came ${times} times, ` +
            `and it is ${here.has(number) ? "still there" : "over"}`,
        );
    }
    for (const [number, times] of this.#left)
      if (times > 1) problems.push(`onLeave of membership ${number} came ${times} times`);
    return problems;
  }
}
