// The records of one user in one room, in this browser: who may have which. With Web Locks, a record belongs to whoever
// holds its lock; without, a tab has only the one that it remembers. Records that cannot be read are removed.

import type { Environment } from "../environment.ts";
import type { KeyLike, LocksLike, TabStorageLike } from "./browser.ts";
import { Database } from "./database.ts";
import { tryLock, whenLocked } from "./locks.ts";
import { restorable, type Restorable } from "./restore.ts";

/** A record that belongs to this client, or the place for one. */
export type Claim = {
  readonly key: KeyLike;
  /** `null` if there is none yet. */
  readonly record: Restorable | null;
  /** Let others have it. */
  release(): void;
};

type ShelfOptions = {
  readonly environment: Environment;
  /** Of the room. */
  readonly address: string;
  /** User id. */
  readonly user: string;
  /** Is told of records that cannot be read. */
  damaged(error: unknown): void;
};

export class Shelf {
  readonly database: Database;
  readonly #environment: Environment;
  readonly #address: string;
  readonly #user: string;
  readonly #locks: LocksLike | undefined;
  readonly #tab: TabStorageLike | undefined;
  readonly #damaged: (error: unknown) => void;

  constructor({ environment, address, user, damaged }: ShelfOptions) {
    const { browser } = environment;
    this.database = new Database(environment);
    this.#environment = environment;
    this.#address = address;
    this.#user = user;
    this.#damaged = damaged;
    this.#locks = ifThere(() => browser.navigator?.locks);
    this.#tab = ifThere(() => browser.sessionStorage);
  }

  /** Whether nobody else in this browser can have a record that this client has. */
  get isSole(): boolean {
    return this.#locks !== undefined;
  }

  /** Take the first record that is to be had: this tab's own rather than another one. */
  async claim(): Promise<Claim> {
    const own = ifThere(() => this.#tab?.getItem(this.#name()));
    const ids = await this.ids();
    const wanted = [
      ...ids.filter((id) => id === own),
      ...ids.filter((id) => id !== own && this.#locks),
    ];
    for (const id of wanted) {
      const claim = await this.take(id);
      if (claim === null) continue;
      this.#remembered(claim.key);
      return claim;
    }
    return this.begin();
  }

  /** A place for a new record. */
  async begin(): Promise<Claim> {
    const key = this.another();
    const release = await this.#lock(key[2]);
    if (release === null) throw new Error("an id was given twice");
    return { key, record: null, release };
  }

  /** The same without a lock: the key alone. */
  another(): KeyLike {
    return this.#remembered(this.#key(this.#environment.newId()));
  }

  /** The ids of all records. */
  ids(): Promise<string[]> {
    return this.database.ids(this.#address, this.#user);
  }

  /** @returns `null` if somebody else has the record, or if there is none */
  async take(id: string): Promise<Claim | null> {
    const key = this.#key(id);
    const release = await this.#lock(id);
    if (release === null) return null;
    try {
      const stored = await this.database.read(key);
      const record = stored && readable(() => restorable(stored), this.#damaged);
      if (record !== null) return { key, record, release };
      if (stored !== null) await this.database.remove(key);
    } catch (error) {
      release();
      throw error;
    }
    release();
    return null;
  }

  /**
   * Call back once this client is the one that looks after the records of clients that are gone.
   * @returns a function that ends it
   */
  whenLeading(call: () => void): () => void {
    return this.#locks ? whenLocked(this.#locks, this.#name("leader"), call) : () => {};
  }

  /** Let the tab go on with this record when it is loaded again. */
  #remembered(key: KeyLike): KeyLike {
    ifThere(() => this.#tab?.setItem(this.#name(), key[2]));
    return key;
  }

  async #lock(id: string): Promise<(() => void) | null> {
    return this.#locks ? tryLock(this.#locks, this.#name("record", id)) : () => {};
  }

  #key(id: string): KeyLike {
    return [this.#address, this.#user, id];
  }

  /** A name that nobody else uses in this origin. */
  #name(...of: string[]): string {
    return JSON.stringify(["collab-room", this.#address, this.#user, ...of]);
  }
}

/** The value that `look` reads; `undefined` where the browser forbids even that. */
function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function readable<T>(read: () => T, damaged: (error: unknown) => void): T | null {
  try {
    return read();
  } catch (error) {
    damaged(error);
    return null;
  }
}
