// Whether a client's edits are kept across reloads (rule C7), or the browser asks before they are lost. Without `persist`
// they are not kept, and the page does not load what that takes: this file is the only way to persist/.

import type { ClientParts, Keeper } from "./persist/keeper.ts";

export class Keeping {
  readonly #parts: ClientParts;
  /** `null` if nothing is kept, or not yet. */
  keeper: Keeper | null = null;
  /** Whether the application wants the client to be connected. */
  #isWanted = false;
  /** Whether the browser is still to be told to ask before the page is closed. */
  #isGuardDue: boolean;

  /** @throws TypeError for `persist` if nobody knows whose edits these are */
  constructor(parts: ClientParts) {
    const { persist, user, warnBeforeUnload = true } = parts.options;
    if (persist === true && !user)
      throw new TypeError("`persist: true` needs `user`: with tokens, give its id");
    this.#parts = parts;
    this.#isGuardDue = warnBeforeUnload;
  }

  /** Connect; with `persist`, once it is known what an earlier page has left. */
  connect(): void {
    const { options, environment, document, connection } = this.#parts;
    const isUnsaved = (): boolean =>
      document.outbox.status("connected").state !== "saved" && !this.keeper?.hasAll;
    if (this.#isGuardDue) environment.beforeUnload(isUnsaved);
    this.#isGuardDue = false;
    this.#isWanted = true;
    if (options.persist) void this.#open();
    else connection.reconnect();
  }

  /** The client is not connected any more. */
  rest(): void {
    this.#isWanted = false;
    this.keeper?.close();
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
