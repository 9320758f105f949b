// What a room shows, as one frozen snapshot: made when somebody asks for it, and kept until something has changed. It
// tells everybody of that.

import { jsonEqual } from "../protocol/json.ts";
import type { DocumentSync } from "./document-sync.ts";
import type { Listeners } from "./listeners.ts";
import type { People } from "./people/people.ts";
import { renew } from "./renew.ts";
import type { RoomEvents, RoomHistory, RoomSnapshot } from "./types.ts";

type Parts = Pick<RoomSnapshot, "status" | "saved" | "scopes"> & { readonly history: RoomHistory };

export class View {
  readonly #room: Parts;
  readonly #document: DocumentSync;
  readonly #people: People;
  readonly #listeners: Listeners<RoomEvents & { change: null }>;
  #snapshot: RoomSnapshot | null = null;
  #parts: Pick<RoomSnapshot, keyof Parts> | null = null;
  #told: Pick<Parts, "status" | "saved">;
  #isTelling = false;
  #isToldOf = true;

  constructor(
    room: Parts,
    document: DocumentSync,
    people: People,
    listeners: Listeners<RoomEvents & { change: null }>,
  ) {
    this.#room = room;
    this.#document = document;
    this.#people = people;
    this.#listeners = listeners;
    this.#told = { status: room.status, saved: room.saved };
  }

  get snapshot(): RoomSnapshot {
    if (this.#snapshot) return this.#snapshot;
    const { status, saved, scopes, history } = this.#room;
    const { canUndo, canRedo } = history;
    this.#parts = renew(this.#parts, { status, saved, scopes, history: { canUndo, canRedo } });
    const { state, version } = this.#document;
    this.#snapshot = Object.freeze({ ...this.#people.view, ...this.#parts, state, version });
    return this.#snapshot;
  }

  /** @returns a function that goes back to what is shown now */
  hold(): () => void {
    const shown = this.#snapshot;
    return () => void (this.#snapshot = shown);
  }

  /** Whether listeners are being told. */
  get isTelling(): boolean {
    return this.#isTelling;
  }

  /**
   * Tell everybody that there is something new to see. What a listener changes is told once all have been told of what
   * was before, so that each hears everything in order.
   */
  changed(): void {
    this.#snapshot = null;
    this.#isToldOf = false;
    if (this.#isTelling) return;
    this.#isTelling = true;
    while (!this.#isToldOf) {
      this.#isToldOf = true;
      const { status, saved } = this.#room;
      const before = this.#told;
      this.#told = { status, saved };
      this.#listeners.emit("change", null);
      if (status !== before.status) this.#listeners.emit("status", status);
      if (!jsonEqual(saved, before.saved)) this.#listeners.emit("saved", saved);
    }
    this.#isTelling = false;
  }
}
