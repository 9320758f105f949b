// The database of kept edits: two texts for each record, that of its edits and that of the state that they are on top
// of, which is written more seldom. It knows nothing of what the texts say.

import type { Browser, DatabaseLike, KeyLike, ObjectStoreLike } from "./browser.ts";
import type { Environment } from "../environment.ts";

export type Stored = { readonly edits: unknown; readonly state: unknown };

type Stores = { readonly edits: ObjectStoreLike; readonly states: ObjectStoreLike };

const name = "collab-room";
const version = 1;
/** The names of its stores. */
const edits = "edits";
const states = "states";

export class Database {
  readonly #environment: Environment;
  #open: Promise<DatabaseLike> | null = null;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The ids of all records of a user in a room. @throws (rejects) whatever a browser finds wrong, here and below */
  async ids(address: string, user: string): Promise<string[]> {
    const keys = await this.#run("readonly", (stores) => {
      const request = stores.edits.getAllKeys();
      return () => request.result as KeyLike[];
    });
    return keys.flatMap((key) => (key[0] === address && key[1] === user ? key[2] : []));
  }

  /** @returns `null` if there is no such record */
  async read(key: KeyLike): Promise<Stored | null> {
    const stored = await this.#run("readonly", (stores) => {
      const own = { edits: stores.edits.get(key), state: stores.states.get(key) };
      return () => ({ edits: own.edits.result, state: own.state.result });
    });
    return stored.edits === undefined ? null : stored;
  }

  /** @param state `null` leaves the one that is there */
  async write(key: KeyLike, text: string, state: string | null): Promise<void> {
    await this.#run("readwrite", (stores) => {
      if (state !== null) stores.states.put(state, key);
      stores.edits.put(text, key);
      return () => {};
    });
  }

  async remove(key: KeyLike): Promise<void> {
    await this.#run("readwrite", (stores) => {
      stores.states.delete(key);
      stores.edits.delete(key);
      return () => {};
    });
  }

  /** Run a transaction. @param work asks for all that it needs at once, and returns how to read what comes of it */
  #run<T>(mode: "readonly" | "readwrite", work: (stores: Stores) => () => T): Promise<T> {
    const run = async (): Promise<T> => {
      this.#open ??= this.#opening();
      const database = await this.#open;
      // A record that allows sending must survive a crash of the machine.
      const transaction = database.transaction([edits, states], mode, { durability: "strict" });
      const store = (each: string): ObjectStoreLike => transaction.objectStore(each);
      const read = work({ edits: store(edits), states: store(states) });
      return new Promise<T>((resolve, reject) => {
        transaction.addEventListener("complete", () => resolve(read()));
        transaction.addEventListener("abort", () =>
          reject(transaction.error ?? new Error("it was aborted")),
        );
      });
    };
    return this.#environment.during(
      run().catch((error: unknown) => {
        this.#open = null;
        // A browser may close the database of a page in the background, and opens it again.
        if (error instanceof Error && error.name === "InvalidStateError") return run();
        throw error;
      }),
    );
  }

  async #opening(): Promise<DatabaseLike> {
    const { indexedDB }: Browser = this.#environment.browser;
    if (!indexedDB) throw new Error("there is no IndexedDB here");
    const request = indexedDB.open(name, version);
    return new Promise((resolve, reject) => {
      request.addEventListener("upgradeneeded", () => {
        request.result.createObjectStore(edits);
        request.result.createObjectStore(states);
      });
      request.addEventListener("error", () => reject(request.error));
      request.addEventListener("success", () => {
        const database = request.result;
        const gone = (): void => {
          this.#open = null;
        };
        database.addEventListener("close", gone);
        // A later release needs it for itself.
        database.addEventListener("versionchange", () => {
          gone();
          database.close();
        });
        resolve(database);
      });
    });
  }
}
