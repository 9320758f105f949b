// Whether a client's edits are kept across reloads (rule C7), or the browser asks before they are lost. Without `persist`
// they are not kept, and the page does not load what that takes: this file is the only way to persist/.

import type { ClientParts, Keeper } from "./persist/keeper.ts";
import type { SaveStatus } from "./types.ts";

export class Keeping {
  readonly #parts: ClientParts;
  /** `null` if nothing is kept, or not yet. */
  keeper: Keeper | null = null;
  /** Whether the application wants the client to be connected. */
  #isWanted = false;
  /** While edits are unsaved: ends that the browser asks before the page is closed. */
  #endGuard: (() => void) | null = null;

  /** @throws TypeError for `persist` if nobody knows whose edits these are */
  constructor(parts: ClientParts) {
    const { persist, user, warnBeforeUnload = true } = parts.options;
    if (persist === true && !user)
      throw new TypeError("`persist: true` needs `user`: with tokens, give its id");
    this.#parts = parts;
    if (warnBeforeUnload) parts.listeners.on("saved", (saved) => this.#guard(saved));
  }

  /** Connect; with `persist`, once it is known what an earlier page has left. */
  connect(): void {
    const { options, connection } = this.#parts;
    this.#isWanted = true;
    if (options.persist) void this.#open();
    else connection.reconnect();
  }

  /** The client is not connected any more. */
  rest(): void {
    this.#isWanted = false;
    this.keeper?.close();
  }

  /** A listener that stayed would hold the client for as long as there is the page. */
  #guard({ state }: SaveStatus): void {
    if (state === "saved") {
      this.#endGuard?.();
      this.#endGuard = null;
    } else this.#endGuard ??= this.#parts.environment.beforeUnload(() => !this.keeper?.hasAll);
  }

  async #open(): Promise<void> {
    const { environment, connection } = this.#parts;
    try {
      const { keep } = await environment.during(import("./persist/keep.ts"));
      this.keeper ??= keep(this.#parts);
      if (this.#isWanted) await environment.during(this.keeper.open());
    } catch (error) {
      environment.report(error);
    }
    if (this.#isWanted) connection.reconnect();
  }
}
