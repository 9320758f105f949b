// One room under fuzz, and what all who use it note down: what was asked, told and seen, what went wrong,
// and how often the room was disturbed, for only then may a call get no answer.

import { setScript } from "../../fixtures/scripts.ts";
import type { TestSession } from "../session.ts";
import { newId } from "../rooms.ts";
import { edited, type FuzzState } from "./edits.ts";
import { Events } from "./events.ts";
import { History, type Write } from "./history.ts";
import { Memberships } from "./memberships.ts";
import { Random } from "./random.ts";

/** How often things happened that a run is to meet now and then. */
export type Tally = Map<string, number>;

/** What the action `play` takes. */
export type Play = { readonly token: string; readonly seed: number; readonly refuse?: boolean };

export class FuzzRoom {
  readonly id = newId("fuzz");
  readonly behaviour: string;
  readonly problems: string[] = [];
  readonly history: History;
  readonly memberships = new Memberships();
  readonly events = new Events();
  readonly tally: Tally;
  readonly #pending = new Set<Promise<void>>();
  #epoch: string | undefined;
  /** Crashes and the like so far, and those under way: each may cost sessions and answers. */
  #disturbances = 0;
  #underWay = 0;
  /** Whether a write has failed: then sessions begin anew from a whole state. */
  writesFailed = false;
  /** Whether changes are so large that snapshots are taken, and cut the journal short. */
  readonly isBulky: boolean;
  /** Version of the state that all begins with. */
  readonly firstVersion: number;
  #tokens = 0;

  constructor(behaviour: string, isBulky: boolean, tally: Tally) {
    this.behaviour = behaviour;
    this.isBulky = isBulky;
    this.firstVersion = isBulky ? 2 : 1;
    this.history = new History(this.problems, this.firstVersion);
    this.tally = tally;
    setScript(this.id, {
      ...this.memberships.script,
      play: async (_room, state, input) => {
        const { token, seed, refuse } = input as Play;
        // Now and then the turn awaits something, and the room's other work waits for it.
        if (seed % 4 === 0) await scheduler.wait(1);
        if (refuse) return { error: "not_today" };
        return { state: played(state as FuzzState, token, seed), result: token };
      },
    });
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  problem(what: string): void {
    this.problems.push(what);
  }

  nextToken(who: string): string {
    return `${who}-${++this.#tokens}`;
  }

  /** One room has one epoch: nothing here ever loses versions. */
  noteEpoch(epoch: string): void {
    this.#epoch ??= epoch;
    if (epoch !== this.#epoch) this.problem(`epoch ${epoch} after ${this.#epoch}`);
  }

  /** The entity tag of a version; of no state before the epoch is known. */
  tagOf(version: number): string {
    return `"${this.#epoch ?? "unknown"}.${version}"`;
  }

  /** The room is disturbed: at this moment, or for as long as this takes. */
  disturb(by: Promise<unknown> = Promise.resolve()): void {
    this.#disturbances++;
    this.#underWay++;
    const over = (): void => {
      this.#disturbances++;
      this.#underWay--;
    };
    void by.then(over, over);
  }

  /** Whether the room is disturbed from here on, or was when it began. */
  watch(): { wasDisturbed(): boolean } {
    const before = this.#underWay > 0 ? -1 : this.#disturbances;
    return { wasDisturbed: () => this.#disturbances > before };
  }

  /**
   * Do something without waiting for it. It may fail if the room was disturbed meanwhile, or for a reason
   * of its own; else that is a problem.
   * @param onLost it has failed: whether there is a reason for that
   */
  begin(what: string, work: Promise<unknown>, onLost: () => boolean | void = () => {}): void {
    const { wasDisturbed } = this.watch();
    const watched = work.then(
      () => {},
      (error: unknown) => {
        const hasReason = onLost() || wasDisturbed();
        if (!hasReason) this.problem(`${what}: ${String(error)}`);
      },
    );
    this.#pending.add(watched);
    void watched.finally(() => this.#pending.delete(watched));
  }

  /** Wait until all that was begun has ended. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** A request for a change has been answered. */
  answered(write: Write, answer: { version: number } | { code: string }): void {
    if ("version" in answer) {
      write.done(answer.version);
      this.history.noteVersion(answer.version);
    } else {
      // An instance that is dying may still hold the database, so that writes of the next one fail.
      if (answer.code === "commit_failed" && this.#disturbances > 0) this.writesFailed = true;
      if (answer.code === "commit_failed" && !this.writesFailed)
        this.problem(`${write.token}: commit_failed, and no write has failed`);
      if (answer.code === "rate_limited" && !this.isBulky)
        this.problem(`${write.token}: rate_limited`);
      write.refused(answer.code);
      this.count(answer.code);
    }
  }

  /** Hold what a session was told to what others were. */
  look(session: TestSession, isOpen: boolean): void {
    for (const problem of session.problems) this.problem(problem);
    for (const problem of this.events.problems(session, isOpen)) this.problem(problem);
  }
}

/** What the action `play` makes of a state. */
export const played = (state: FuzzState, token: string, seed: number): FuzzState => ({
  ...state,
  doc: edited(new Random(seed), state.doc),
  kept: { ...state.kept, [token]: true },
});
