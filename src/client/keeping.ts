// Decides the fate of unsaved edits when the page closes (rule C7): with the option `persist` they are kept; otherwise the
// browser asks before it closes the page. Only this file loads persist/, and only with that option.

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

  /**
   * Connect; with `persist`, once it is known what an earlier page has left.
   * @throws TypeError for a `url` or a `room` that nothing can be reached at
   */
  connect(): void {
    const { options, connection } = this.#parts;
    const { address } = connection;
    this.#isWanted = true;
    if (options.persist) void this.#open(address);
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

  async #open(address: string): Promise<void> {
    const { environment, connection } = this.#parts;
    try {
      const { keep } = await environment.during(import("./persist/keep.ts"));
      this.keeper ??= keep(this.#parts, address);
      if (this.#isWanted) await environment.during(this.keeper.open());
    } catch (error) {
      environment.report(error);
    }
    if (this.#isWanted) connection.reconnect();
  }
}
