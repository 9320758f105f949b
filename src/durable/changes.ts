// Every way to change the state: a request, a function of the caller's, an action (rules S1–S7). Each is
// planned, then staged: applied in memory, to be committed when the window ends. The versions returned
// here count once they are committed, see `settled`; and so do refusals, which may tell of what is staged.

import type { RoomContext } from "../behaviours/behaviour.ts";
import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import { CollabError } from "../protocol/errors.ts";
import type { Change } from "../protocol/history.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import {
  planChange,
  planReturned,
  type ChangeRequest,
  type PlannedChange,
} from "../room/change.ts";
import { checkPayload } from "../room/payload.ts";
import type { Author } from "./author.ts";
import { callWithin } from "./call-within.ts";
import type { Saver } from "./saver.ts";
import type { CommitWindow } from "./sockets/commit-window.ts";
import type { StateJournal } from "./state-journal.ts";

export type ChangesParts = {
  readonly behaviour: ResolvedBehaviour;
  readonly journal: StateJournal;
  readonly author: Author;
  readonly saver: Saver;
  readonly window: CommitWindow;
  /** What an action is told: with all that is staged. */
  context(): RoomContext;
  /** Something has happened in the room. */
  onActivity(): void;
};

export class Changes {
  readonly #parts: ChangesParts;
  #failure: CollabError | null = null;
  /** For those who wait for what is staged to be committed. */
  #commit: PromiseWithResolvers<void> | null = null;

  constructor(parts: ChangesParts) {
    this.#parts = parts;
  }

  /**
   * Change the state as asked.
   * @param ifVersion versions of which the state must have one, if it matters
   * @returns the version after it
   */
  request(request: ChangeRequest, ifVersion?: readonly number[]): number {
    const { journal, behaviour } = this.#parts;
    if (ifVersion && !ifVersion.includes(journal.headVersion))
      throw new CollabError("version_conflict", {
        detail: `The state has version ${journal.headVersion}.`,
      });
    return this.#stage(planChange(journal.state, request, behaviour.limits));
  }

  /**
   * Change the state by a function of the caller's (rules S1, S2).
   * @param next JSON text in, JSON text out, `null` when it fails
   */
  async update(next: (stateText: string) => Promise<string | null>): Promise<number> {
    const { journal, behaviour } = this.#parts;
    this.settle();
    const text = await this.#callUpdate(next, journal.text);
    if (text === null) throw new CollabError("update_failed");
    return this.#stage(planReturned(journal.state, parseJson(text), behaviour.limits));
  }

  async #callUpdate(
    next: (stateText: string) => Promise<string | null>,
    stateText: string,
  ): Promise<string | null> {
    const { callTimeout } = this.#parts.behaviour;
    try {
      return await callWithin(callTimeout, "The update function", () => next(stateText));
    } catch (error) {
      if (error instanceof CollabError) throw error;
      return null; // whoever called has gone
    }
  }

  /** Run an action (rule S7). */
  async act(name: string, payload: JsonValue): Promise<{ result: JsonValue; version: number }> {
    const { author, behaviour, journal } = this.#parts;
    const { limits } = behaviour;
    const action = author.action(name);
    const input = checkPayload(payload, limits);
    const { state, result } = await author.act(name, action, this.#parts.context(), input);
    const change = state === undefined ? null : planReturned(journal.state, state, limits);
    return { result, version: this.#stage(change) };
  }

  /**
   * Commit what is staged now: the state is about to be seen.
   * @throws CollabError `commit_failed`
   */
  settle(): void {
    if (this.areStaged && this.#failure === null) this.#parts.window.flush();
    if (this.#failure) throw this.#failure;
  }

  /** Whether something is applied that is not committed: a reply that may show it has to wait. */
  get areStaged(): boolean {
    return this.#parts.journal.isStaged;
  }

  /**
   * Resolves when all that is staged is committed; `null` when nothing is.
   * @throws CollabError (rejects) `commit_failed`
   */
  settled(): Promise<void> | null {
    if (this.#failure) return Promise.reject(this.#failure);
    if (!this.areStaged) return null;
    this.#commit ??= Promise.withResolvers();
    return this.#commit.promise;
  }

  /** Commit what is staged: one row. Throws what storage throws. */
  commit(): Change | null {
    const { journal, saver } = this.#parts;
    if (!journal.isStaged) return null;
    // The change itself comes last: if it fails, the note before it does no harm, and the hot path needs
    // no transaction around them.
    saver.note();
    const change = journal.commit();
    saver.proceed();
    this.#commit?.resolve();
    this.#commit = null;
    return change;
  }

  /** What is staged will not be committed. */
  reject(error: CollabError): void {
    this.#failure = error;
    this.#commit?.reject(error);
    this.#commit = null;
  }

  #stage(change: PlannedChange | null): number {
    const { journal, onActivity } = this.#parts;
    onActivity();
    if (change !== null) journal.stage(change);
    return journal.headVersion;
  }
}
