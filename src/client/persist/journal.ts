// Keeps the record of one client up to date, and sees to it that no edit is sent twice: what a record has in it is sent
// under another number only once the record says so.
//
//   outbox ──▶ send ──not in the record, or as it says──▶ connection
//               └──▶ held back ──written──▶ connection
//
// A connection that works answers before anything is written: then there is no record.

import type { Connection } from "../connection/connection.ts";
import type { DocumentSync } from "../document-sync.ts";
import type { Environment } from "../environment.ts";
import type { Request } from "../requests/request.ts";
import type { KeyLike } from "./browser.ts";
import type { Database } from "./database.ts";
import {
  confirmedState,
  keptOf,
  pendingIn,
  placeOf,
  stateText,
  type Owner,
  type PendingTask,
} from "./record.ts";
import type { Restorable } from "./restore.ts";

type JournalPorts = {
  readonly database: Database;
  readonly environment: Environment;
  readonly document: DocumentSync;
  readonly connection: Connection;
  readonly key: KeyLike;
  /** A place for another record, if somebody else goes on with this one. */
  another(): KeyLike;
  readonly owner: Owner;
  /** Whether nobody else in this browser can have the record. */
  readonly isSole: boolean;
  /** Whether the room knows this client as the user whose record it is. Otherwise nothing is sent. */
  isOwn(): boolean;
  /** The record cannot be written. Told once, until it can be again. */
  failed(error: unknown): void;
};

/** ms from a change until it is written; a long record is written less often. */
const firstDelay = 250;
const charactersPerMs = 1000;
/** ms until the next try, where the browser does not take a record. */
const failureDelay = 5000;
/** ms for which a socket of the page before may still arrive at the room. */
const arrivalTime = 30_000;

/** The content of the record. */
type Stored = {
  /** The part about tasks, to detect whether they have changed; empty if there is none. */
  readonly said: string;
  /** Where its state belongs. */
  readonly place: string | null;
  readonly text: string | null;
};

const noRecord: Stored = { said: "", place: null, text: null };

/** A message that waits for the record. Two of them may have the same text, but are not the same object. */
type HeldBack = { readonly text: string };

export class Journal {
  readonly #ports: JournalPorts;
  #stored = noRecord;
  /** By the number of a task in the record: that of its request. */
  #requests: ReadonlyMap<number, number | null> = new Map();
  /** The highest number of a task that may be in the record. */
  #reach = -Infinity;
  /** Messages that wait for the record. */
  #heldBack: HeldBack[] = [];
  /** Epoch ms until which a socket of the page before may arrive. */
  #arrivedBy = -Infinity;
  #key: KeyLike;
  #client: string;
  /** Requests that were sent under another client name. */
  #forsaken: ReadonlySet<Request> = new Set();
  #writing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #delay = firstDelay;
  #hasFailed = false;
  #isClosed = false;

  /** @param restored the record that the document was restored from; `null` for none */
  constructor(ports: JournalPorts, restored: Restorable | null) {
    this.#ports = ports;
    this.#key = ports.key;
    this.#client = ports.owner.client;
    if (restored === null) return;
    const pending = this.#pending;
    const { text, kept } = restored;
    this.#wrote(pending, { said: this.#said(pending), place: placeOf(kept), text });
    this.#arrivedBy = ports.environment.now() + arrivalTime;
  }

  /** Of its record. */
  get id(): string {
    return this.#key[2];
  }

  /** The text of the record; `null` if there is none. */
  get text(): string | null {
    return this.#stored.text;
  }

  /** Whether the record has everything that the room does not have yet. */
  get hasAll(): boolean {
    return this.#said(this.#pending) === this.#stored.said;
  }

  /** Send a request, once the record knows of it. @returns false without a connection */
  send(text: string, { seq, tasks }: Request): boolean {
    const { connection, environment } = this.#ports;
    if (!connection.isUp || !this.#ports.isOwn()) return false;
    const isAsItSays = tasks.every(
      ({ number }) => number > this.#reach || this.#requests.get(number) === seq,
    );
    if (this.#heldBack.length === 0 && (isAsItSays || this.#isClosed)) return connection.send(text);
    this.#heldBack.push({ text });
    // By then, the outbox counts it as sent.
    environment.soon(() => void this.write());
    return true;
  }

  /** Something may have changed. */
  changed(): void {
    const { connection, document, environment } = this.#ports;
    const { sent, queued } = document.outbox.work;
    // The outbox sends it again.
    if (!connection.isUp) this.#heldBack = [];
    this.#checkName();
    if (this.#isClosed || (sent.length + queued.length === 0 && this.#stored.said === "")) return;
    this.#cancelTimer ??= environment.later(this.#delay, () => this.#due());
  }

  /** Under another client name, nobody knows what has become of what was sent. */
  #checkName(): void {
    const { document, isSole, owner } = this.#ports;
    if (owner.client === this.#client) return;
    this.#client = owner.client;
    this.#forsaken = new Set(document.outbox.work.sent);
    if (isSole) return;
    this.#key = this.#ports.another();
    this.#stored = noRecord;
  }

  /** New edits get time to be answered before a record is written. */
  #due(): void {
    this.#cancelTimer = null;
    const { environment } = this.#ports;
    const made = this.#pending.map(({ task }) => task.madeAt);
    const rest = Math.min(...made) + this.#delay - environment.now();
    if (made.length === 0 || this.#stored.text !== null || rest <= 0) void this.write();
    else this.#cancelTimer = environment.later(Math.min(rest, this.#delay), () => this.#due());
  }

  /**
   * Another socket has opened under the client's name.
   * @returns whether it can only be one of the page before, which was long on its way: then the name stays
   */
  isReplacedByItself(): boolean {
    const { environment, isSole } = this.#ports;
    const isSoon = environment.now() < this.#arrivedBy;
    this.#arrivedBy = -Infinity;
    return isSole && isSoon;
  }

  /**
   * Write what has changed.
   * @param isUrgent whether the page may be gone before what is being written now is written: the database takes one
   * after the other
   * @returns when it is written, or cannot be
   */
  async write(isUrgent = false): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (!isUrgent) while (this.#writing !== null) await this.#writing;
    if (this.#isClosed) return;
    const writing = this.#write();
    this.#writing = writing;
    await writing;
    if (this.#writing !== writing) return;
    this.#writing = null;
    if (!this.hasAll) this.changed();
  }

  /** Write for the last time. */
  async close(): Promise<void> {
    await this.write(true);
    this.stop();
  }

  /** The record stays as it is. Later requests are not kept. */
  stop(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** The record is this client's again, and as it was. */
  reopen(): void {
    this.#isClosed = false;
    this.changed();
  }

  /** The record is somebody else's: this client must not send by itself what is in it. */
  forsake(): void {
    const { document, environment, owner } = this.#ports;
    owner.client = environment.newId();
    document.outbox.rename();
    for (const task of document.outbox.work.queued)
      if (task.number <= this.#reach) {
        task.held = "unknown";
        if (task.edit) task.edit.isSuspended = true;
      }
    document.replica.refresh();
  }

  get #pending(): readonly PendingTask[] {
    return pendingIn(this.#ports.document, this.#forsaken);
  }

  async #write(): Promise<void> {
    const ready = [...this.#heldBack];
    try {
      await this.#store();
    } catch (error) {
      await this.#recover(error);
    }
    // If the line was cut meanwhile, the outbox sends them again.
    const going = this.#heldBack.filter((each) => ready.includes(each));
    this.#heldBack = this.#heldBack.filter((each) => !ready.includes(each));
    for (const { text } of going) this.#ports.connection.send(text);
  }

  async #store(): Promise<void> {
    const { database, document, owner } = this.#ports;
    const key = this.#key;
    const pending = this.#pending;
    const said = this.#said(pending);
    if (said === this.#stored.said) return;
    if (said === "") {
      await database.remove(key);
      return this.#wrote(pending, noRecord);
    }
    const kept = keptOf(document, owner, pending);
    // Then there is no line, either, and nothing is held back.
    if (kept === null) return;
    this.#reach = pending.at(-1)?.task.number ?? this.#reach;
    const place = placeOf(kept);
    const text = JSON.stringify(kept);
    // A write in progress may fail, or remove the state.
    const isThere = this.#writing === null && place === this.#stored.place;
    const state = isThere ? null : stateText(place, confirmedState(document));
    this.#delay = firstDelay + (text.length + (state?.length ?? 0)) / charactersPerMs;
    await database.write(key, text, state);
    this.#hasFailed = false;
    this.#wrote(pending, { said, place, text });
  }

  /** Without a record, nothing has to wait for it. */
  async #recover(error: unknown): Promise<void> {
    if (!this.#hasFailed) this.#ports.failed(error);
    this.#hasFailed = true;
    this.#delay = failureDelay;
    try {
      await this.#ports.database.remove(this.#key);
      this.#wrote([], noRecord);
      this.#reach = -Infinity;
    } catch {
      // The record lags behind. Sending now matters more than being able to resend.
    }
  }

  /** The record has what was pending when it was begun. */
  #wrote(pending: readonly PendingTask[], stored: Stored): void {
    this.#stored = stored;
    this.#requests = new Map(pending.map(({ task, seq }) => [task.number, seq]));
    this.#reach = Math.max(this.#reach, pending.at(-1)?.task.number ?? -Infinity);
  }

  #said(pending: readonly PendingTask[]): string {
    if (pending.length === 0) return "";
    const tasks = pending.map(({ task, seq, held }) => [task.number, seq, held]);
    return JSON.stringify([this.#client, ...tasks]);
  }
}
