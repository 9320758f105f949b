// What is known of a room's history from outside. Each change adds one member to `kept` that nobody takes
// away, so that the last state tells which changes there were, in which order. With that order the
// requests are carried out once more on a plain object, and everything that anybody was told or has seen
// on the way must agree with it: nothing acknowledged is lost, nothing refused is there, and every state
// ever seen is a state that there was.

import type { ErrorCode } from "../../../src/protocol/errors.ts";
import { canonical } from "../canonical-json.ts";
import { firstState, type FuzzState } from "./edits.ts";

type Outcome =
  | { readonly kind: "pending" | "unknown" }
  | { readonly kind: "done"; readonly version: number }
  | { readonly kind: "refused"; readonly code: string };

export type WriteOptions = {
  /** What it makes of a state to which it applies. */
  readonly apply: (state: FuzzState) => FuzzState;
  /** How it may fail, beside `commit_failed` and `rate_limited`: see FuzzRoom. */
  readonly mayFail?: readonly ErrorCode[];
  readonly ifVersion?: number;
};

/** A change that somebody asks for. */
export class Write {
  readonly token: string;
  readonly options: WriteOptions;
  outcome: Outcome = { kind: "pending" };
  /** The state it was made from, as its author's code was given it. */
  given: string | undefined;

  constructor(token: string, options: WriteOptions) {
    this.token = token;
    this.options = options;
  }

  done(version: number): void {
    this.outcome = { kind: "done", version };
  }

  refused(code: string): void {
    this.outcome = { kind: "refused", code };
  }

  /** Whoever asked will not hear of it. */
  unknown(): void {
    this.outcome = { kind: "unknown" };
  }
}

export class History {
  readonly #writes = new Map<string, Write>();
  /** By version: the states seen, and by whom first. */
  readonly #seen = new Map<number, { readonly text: string; readonly by: string }>();
  readonly #problems: string[];
  readonly #firstVersion: number;
  #floor: number;

  /** @param firstVersion of the state that all changes begin with */
  constructor(problems: string[], firstVersion: number) {
    this.#problems = problems;
    this.#firstVersion = firstVersion;
    this.#floor = firstVersion;
  }

  /** The latest version that anybody knows of: nobody may be shown an earlier one from here on. */
  get floor(): number {
    return this.#floor;
  }

  /** Somebody asks for a change. */
  begin(token: string, options: WriteOptions): Write {
    const write = new Write(token, options);
    this.#writes.set(token, write);
    return write;
  }

  noteVersion(version: number): void {
    this.#floor = Math.max(this.#floor, version);
  }

  /**
   * Somebody is shown a state.
   * @param floor what was known when they asked
   */
  saw(version: number, state: unknown, by: string, floor = 0): void {
    if (version < floor) this.#problems.push(`${by} got version ${version} after ${floor}`);
    this.noteVersion(version);
    const text = canonical(state);
    const first = this.#seen.get(version);
    if (first === undefined) this.#seen.set(version, { text, by });
    else if (first.text !== text)
      this.#problems.push(
        `version ${version} is\n  ${text} to ${by}, and\n  ${first.text} to ${first.by}`,
      );
  }

  /** Hold all that was told and seen to the state in the end. */
  check(version: number, state: FuzzState): void {
    const order = Object.keys(state.kept);
    const first = this.#firstVersion;
    if (version !== first + order.length)
      this.#problems.push(`version ${version} after ${order.length} changes of version ${first}`);
    this.#checkOutcomes(new Map(order.map((token, index) => [token, first + 1 + index])));
    this.#replay(order, state);
  }

  #checkOutcomes(versions: ReadonlyMap<string, number>): void {
    for (const { token, outcome, options } of this.#writes.values()) {
      const actual = versions.get(token);
      const { mayFail = [], ifVersion } = options;
      if (outcome.kind === "pending") this.#problems.push(`${token} was never answered`);
      if (outcome.kind === "done" && outcome.version !== actual)
        this.#problems.push(`${token} made version ${outcome.version}, and it is ${actual}`);
      if (outcome.kind === "refused" && actual !== undefined)
        this.#problems.push(`${token} was refused (${outcome.code}), and made version ${actual}`);
      const allowed: readonly string[] = ["commit_failed", "rate_limited", ...mayFail];
      if (outcome.kind === "refused" && !allowed.includes(outcome.code))
        this.#problems.push(`${token} was refused: ${outcome.code}`);
      if (ifVersion !== undefined && actual !== undefined && actual !== ifVersion + 1)
        this.#problems.push(`${token}, for version ${ifVersion}, made ${actual}`);
    }
  }

  #replay(order: readonly string[], last: FuzzState): void {
    let state = firstState;
    let version = this.#firstVersion;
    this.#compare(version, state);
    for (const token of order) {
      const write = this.#writes.get(token);
      if (write === undefined) return void this.#problems.push(`nobody asked for ${token}`);
      if (write.given !== undefined && write.given !== canonical(state))
        this.#problems.push(`${token} was not made from version ${version}: ${write.given}`);
      try {
        state = write.options.apply(state);
      } catch (error) {
        return void this.#problems.push(
          `${token} does not apply to version ${version}: ${String(error)}`,
        );
      }
      version++;
      this.#compare(version, state);
    }
    if (canonical(state) !== canonical(last))
      this.#problems.push(`it ends as\n  ${canonical(last)}, not as\n  ${canonical(state)}`);
    for (const seen of this.#seen.keys())
      if (seen < this.#firstVersion || seen > version)
        this.#problems.push(`version ${seen} was seen, and is gone`);
  }

  #compare(version: number, state: FuzzState): void {
    const seen = this.#seen.get(version);
    if (seen !== undefined && seen.text !== canonical(state))
      this.#problems.push(
        `version ${version} was\n  ${seen.text} to ${seen.by}, not\n  ${canonical(state)}`,
      );
  }
}
