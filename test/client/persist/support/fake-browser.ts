// A fake browser with tabs. All tabs share one IndexedDB and one set of locks. Each tab has a page that can be
// reloaded, closed or killed. What a page had under way when it ended has no further effect.

import { IDBFactory } from "fake-indexeddb";
import { connectRoom } from "../../../../src/client/connect.ts";
import type { Environment, SocketLike } from "../../../../src/client/environment.ts";
import type {
  Browser,
  DatabaseLike,
  FactoryLike,
  KeyLike,
  LocksLike,
  OpenRequestLike,
  RequestLike,
  TabStorageLike,
  TransactionLike,
} from "../../../../src/client/persist/browser.ts";
import type { Problem, Room, StaleEdits } from "../../../../src/client/types.ts";
import type { User } from "../../../../src/protocol/users.ts";
import type { JoinOptions } from "../../../../src/testing/options.ts";
import type { TestRoom } from "../../../../src/testing/test-room.ts";
import { FakeLocks } from "./fake-locks.ts";

export class FakeBrowser {
  readonly factory = new IDBFactory() as unknown as FactoryLike;
  readonly locks = new FakeLocks();
  /** The features that the browser lacks. */
  without: readonly ("indexedDB" | "locks" | "sessionStorage")[] = [];
  /** Whether nothing more can be written. */
  isFull = false;
  /** Whether its database opens only after `catchUp`. */
  isSilent = false;
  /** Whether the end of a write is reported only after `catchUp`. */
  isSlow = false;
  readonly written: (() => void)[] = [];
  /** How many transactions have written something. */
  writes = 0;

  /** Open a tab with a page that joins a room. */
  open<T>(net: TestRoom<never>, user: string, options: PageOptions = {}): Tab<T> {
    return new Tab<T>(this, net, user, options);
  }

  /** Everything that is stored: the key and the texts of each record. */
  async stored(): Promise<readonly StoredRecord[]> {
    const database = await this.#database();
    const read = (store: "edits" | "states", key: KeyLike): Promise<unknown> =>
      done(database.transaction([store], "readonly").objectStore(store).get(key));
    const edits = database.transaction(["edits"], "readonly").objectStore("edits");
    const keys = (await done(edits.getAllKeys())) as KeyLike[];
    const records = keys.map(async (key) => {
      const texts = await Promise.all([read("edits", key), read("states", key)]);
      return { key, edits: texts[0] as string, state: texts[1] as string };
    });
    const all = await Promise.all(records);
    database.close();
    return all;
  }

  /** Report all writes that have ended. */
  catchUp(): void {
    this.isSlow = false;
    this.isSilent = false;
    for (const tell of this.written.splice(0)) tell();
  }

  /** Replace a stored record. */
  async store({ key, edits, state }: StoredRecord): Promise<void> {
    const database = await this.#database();
    const stores = database.transaction(["edits", "states"], "readwrite");
    stores.objectStore("edits").put(edits, key);
    await done(stores.objectStore("states").put(state, key));
    database.close();
  }

  #database(): Promise<DatabaseLike> {
    const request = this.factory.open("collab-room", 1);
    request.addEventListener("upgradeneeded", () => {
      for (const store of ["edits", "states"]) request.result.createObjectStore(store);
    });
    return done(request);
  }
}

export type StoredRecord = {
  readonly key: KeyLike;
  readonly edits: string;
  readonly state: string;
};

export type PageOptions = JoinOptions;

/** A tab. `room` belongs to its current page. */
export class Tab<T> {
  readonly #browser: FakeBrowser;
  readonly #net: TestRoom<never>;
  readonly #user: string;
  readonly #session: Map<string, string>;
  #page: Page<T>;

  constructor(
    browser: FakeBrowser,
    net: TestRoom<never>,
    user: string,
    options: PageOptions,
    session = new Map<string, string>(),
  ) {
    this.#browser = browser;
    this.#net = net;
    this.#user = user;
    this.#session = session;
    this.#page = new Page(browser, net, user, options, session);
  }

  get room(): Room<T> {
    return this.#page.room;
  }

  get problems(): readonly Problem[] {
    return this.#page.problems;
  }

  get stale(): readonly StaleEdits[] {
    return this.#page.stale;
  }

  get refused(): readonly Problem[] {
    return this.#page.refused;
  }

  /** Whether the browser would ask before it closes the tab. */
  get asks(): boolean {
    return this.#page.asks;
  }

  /** From now on, nothing is sent or received. */
  cutOff(): void {
    this.#page.cutOff();
  }

  /** Tell the page that it may be closed soon. */
  hide(): void {
    this.#page.hide();
  }

  /** Close its databases, as a browser does with pages in the background. */
  closeDatabases(): void {
    this.#page.closeDatabases();
  }

  /** End its page at once, and begin another one. */
  reload(options: PageOptions = {}): void {
    this.#page.end();
    this.#page = new Page(this.#browser, this.#net, this.#user, options, this.#session);
  }

  /** End its page at once. */
  close(): void {
    this.#page.end();
  }

  /** Open another tab with a copy of this one's session storage. */
  duplicate(options: PageOptions = {}): Tab<T> {
    return new Tab(this.#browser, this.#net, this.#user, options, new Map(this.#session));
  }
}

class Page<T> {
  readonly room: Room<T>;
  readonly problems: Problem[] = [];
  readonly stale: StaleEdits[] = [];
  readonly refused: Problem[] = [];
  readonly #browser: FakeBrowser;
  readonly #ends: (() => void)[] = [];
  readonly #pageListeners: ((event: "hide") => void)[] = [];
  readonly #unsaved: (() => boolean)[] = [];
  readonly #databases: DatabaseLike[] = [];
  #isAlive = true;
  #isCutOff = false;

  constructor(
    browser: FakeBrowser,
    net: TestRoom<never>,
    user: string,
    options: PageOptions,
    session: Map<string, string>,
  ) {
    this.#browser = browser;
    const { user: named, ...given } = net.optionsFor(user, { persist: true, ...options });
    const environment = this.#world(given.environment as Environment, session);
    // A token already names its user.
    const who = options.token ? {} : { user: named as User };
    this.room = connectRoom<T>({ ...given, ...who, environment });
    this.room.on("problem", ({ problem }) => this.problems.push(problem));
    this.room.on("stale", (edits) => this.stale.push(edits));
    this.room.on("refused", ({ problem }) => this.refused.push(problem));
  }

  get asks(): boolean {
    return this.#unsaved.some((isUnsaved) => isUnsaved());
  }

  cutOff(): void {
    this.#isCutOff = true;
  }

  hide(): void {
    for (const listener of this.#pageListeners) listener("hide");
  }

  closeDatabases(): void {
    for (const database of this.#databases.splice(0)) database.close();
  }

  end(): void {
    this.#isAlive = false;
    for (const end of this.#ends) end();
  }

  #ifAlive<Input extends unknown[]>(call: (...input: Input) => void): (...input: Input) => void {
    return (...input) => {
      if (this.#isAlive) call(...input);
    };
  }

  #world(environment: Environment, session: Map<string, string>): Environment {
    return {
      ...environment,
      later: (ms, call) => environment.later(ms, this.#ifAlive(call)),
      soon: (call) => environment.soon(this.#ifAlive(call)),
      open: (url, protocols) => this.#socket(environment.open(url, protocols)),
      onPage: (listener) => {
        this.#pageListeners.push(this.#ifAlive(listener));
        return environment.onPage(this.#ifAlive(listener));
      },
      beforeUnload: (isUnsaved) => {
        this.#unsaved.push(isUnsaved);
        return () => {};
      },
      browser: this.#globals(session),
      during: (work) => {
        const { isSilent, isSlow } = this.#browser;
        // Virtual time cannot wait for a browser that does not answer.
        return isSilent || isSlow ? work : environment.during(work);
      },
    };
  }

  #socket(socket: SocketLike): SocketLike {
    this.#ends.push(() => socket.close());
    return {
      get readyState() {
        return socket.readyState;
      },
      send: this.#ifAlive((text: string) => {
        if (!this.#isCutOff) socket.send(text);
      }),
      close: this.#ifAlive((code?: number, reason?: string) => socket.close(code, reason)),
      addEventListener: (type: string, listener: (event: never) => void) =>
        socket.addEventListener(
          type as never,
          this.#ifAlive((event: never) => {
            if (!this.#isCutOff) listener(event);
          }) as never,
        ),
    };
  }

  #globals(session: Map<string, string>): Browser {
    const { locks, factory } = this.#browser;
    const has = (name: (typeof FakeBrowser.prototype.without)[number]): boolean =>
      !this.#browser.without.includes(name);
    const tab: TabStorageLike = {
      getItem: (name) => session.get(name) ?? null,
      setItem: (name, value) => void session.set(name, value),
    };
    const database: FactoryLike = { open: (...given) => this.#open(factory, given) };
    return {
      get indexedDB() {
        return has("indexedDB") ? database : (undefined as never);
      },
      ...(has("locks") && { navigator: { locks: this.#locks(locks) } }),
      get sessionStorage() {
        if (has("sessionStorage")) return tab;
        throw new Error("The operation is insecure.");
      },
    };
  }

  #locks(locks: FakeLocks): LocksLike {
    this.#ends.push(() => locks.releaseAllOf(this));
    return {
      request: (name, options, callback) => {
        if (!this.#isAlive) throw new Error("The page is gone.");
        return locks.request(this, name, options, callback);
      },
    };
  }

  #open(factory: FactoryLike, [name, version]: [string, number]): OpenRequestLike {
    if (!this.#isAlive) throw new Error("The page is gone.");
    const request = factory.open(name, version);
    request.addEventListener("success", () => {
      const database = request.result;
      if (!this.#isAlive) database.close();
      // Operations under way are completed, and no others.
      this.#ends.push(() => database.close());
      this.#databases.push(database);
      this.#watch(database);
    });
    return this.#browser.isSilent ? slow(request, this.#browser.written) : request;
  }

  /** Count writes, and let them fail if the browser is full. */
  #watch(database: DatabaseLike): void {
    const begin = database.transaction.bind(database);
    const transaction: DatabaseLike["transaction"] = (names, mode, options) => {
      const begun = begin(names, mode, options);
      if (mode === "readonly") return begun;
      this.#browser.writes++;
      if (this.#browser.isSlow) return slow(begun, this.#browser.written);
      return this.#browser.isFull ? full(begun) : begun;
    };
    Object.assign(database, { transaction });
  }
}

/** Delays the events of a target until a test lets them through. */
function slow<T extends { addEventListener(type: never, listener: () => void): void }>(
  target: T,
  later: (() => void)[],
): T {
  const listen = target.addEventListener.bind(target);
  return Object.assign(target, {
    addEventListener: (type: string, listener: () => void) =>
      listen(type as never, type === "upgradeneeded" ? listener : () => void later.push(listener)),
  });
}

/** A transaction that is aborted if it puts anything. */
function full(transaction: TransactionLike): TransactionLike {
  const objectStore = transaction.objectStore.bind(transaction);
  return Object.assign(transaction, {
    objectStore: (name: string) => {
      const store = objectStore(name);
      const put = store.put.bind(store);
      return Object.assign(store, {
        put: (value: unknown, key: KeyLike) => {
          const request = put(value, key);
          request.addEventListener("success", () =>
            (transaction as unknown as { abort(): void }).abort(),
          );
          return request;
        },
      });
    },
  });
}

/** The result of an IndexedDB request. */
function done<R>(request: RequestLike<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
