// The database of kept edits: two texts for each record, that of its edits and that of the state that they are on top
// of, which is written more seldom. It knows nothing of what the texts say.

import type { Browser, DatabaseLike, KeyLike, ObjectStoreLike, RequestLike } from "./browser.ts";
import type { Environment } from "../environment.ts";

export type Stored = { readonly edits: unknown; readonly state: unknown };

type Stores = { readonly edits: ObjectStoreLike; readonly states: ObjectStoreLike };

const [name, version] = ["collab-room", 1];
const [edits, states] = ["edits", "states"];

export class Database {
  readonly #environment: Environment;
  #open: Promise<DatabaseLike> | null = null;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The ids of all records of a user in a room. @throws (rejects) whatever a browser finds wrong, here and below */
  async ids(address: string, user: string): Promise<string[]> {
    const keys = await this.#run("readonly", (stores) => stores.edits.getAllKeys());
    return (keys as KeyLike[]).flatMap((key) =>
      key[0] === address && key[1] === user ? key[2] : [],
    );
  }

  /** @returns `null` if there is no such record */
  async read(key: KeyLike): Promise<Stored | null> {
    let state: RequestLike<unknown> | null = null;
    const found = await this.#run("readonly", (stores) => {
      state = stores.states.get(key);
      return stores.edits.get(key);
    });
    const read = state as RequestLike<unknown> | null;
    return found === undefined ? null : { edits: found, state: read?.result };
  }

  /** @param state `null` leaves the one that is there */
  async write(key: KeyLike, text: string, state: string | null): Promise<void> {
    await this.#run("readwrite", (stores) => {
      if (state !== null) stores.states.put(state, key);
      return stores.edits.put(text, key);
    });
  }

  async remove(key: KeyLike): Promise<void> {
    await this.#run("readwrite", (stores) => {
      stores.states.delete(key);
      return stores.edits.delete(key);
    });
  }

  /** Run a transaction. @param work asks for all that it needs at once */
  #run<T>(mode: "readonly" | "readwrite", work: (stores: Stores) => RequestLike<T>): Promise<T> {
    const run = async (): Promise<T> => {
      this.#open ??= this.#opening();
      const database = await this.#open;
      // What is sent once it is written must not be unwritten when the machine fails.
      const transaction = database.transaction([edits, states], mode, { durability: "strict" });
      const store = (each: string): ObjectStoreLike => transaction.objectStore(each);
      const request = work({ edits: store(edits), states: store(states) });
      return new Promise<T>((resolve, reject) => {
        transaction.addEventListener("complete", () => resolve(request.result));
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
