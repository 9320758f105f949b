// The storage of a user's browser in a net: IndexedDB and Web Locks in memory, as far as clients use them. All clients of
// the user are tabs of it. Nothing here fails, and nothing takes time; it knows nothing of what is kept.

import type {
  Browser,
  DatabaseLike,
  KeyLike,
  LocksLike,
  ObjectStoreLike,
  OpenRequestLike,
  RequestLike,
} from "../client/persist/browser.ts";

type Rows = Map<string, { readonly key: KeyLike; readonly value: unknown }>;

export class VirtualBrowser implements Browser {
  readonly #stores = new Map<string, Rows>();
  readonly indexedDB = { open: (): OpenRequestLike => this.#open() };
  readonly navigator = { locks: new VirtualLocks() };

  #open(): OpenRequestLike {
    const isNew = this.#stores.size === 0;
    const database: DatabaseLike = {
      ...soon(),
      createObjectStore: (name) => this.#stores.set(name, new Map()),
      transaction: () => ({
        ...soon("complete"),
        error: null,
        objectStore: (name) => storeOf(this.#stores.get(name) ?? new Map()),
      }),
      close() {},
    };
    return { ...answered(database), ...soon(...(isNew ? ["upgradeneeded"] : []), "success") };
  }
}

const nameOf = (key: KeyLike): string => JSON.stringify(key);

function storeOf(rows: Rows): ObjectStoreLike {
  return {
    get: (key) => answered(rows.get(nameOf(key))?.value),
    getAllKeys: () => answered(Array.from(rows.values(), ({ key }) => key)),
    put: (value, key) => answered(rows.set(nameOf(key), { key, value }) && key),
    delete: (key) => answered(void rows.delete(nameOf(key))),
  };
}

const answered = <T>(result: T): RequestLike<T> => ({ ...soon("success"), result, error: null });

/** Something of which these events have happened: who listens at once is told of them. */
const soon = (...events: readonly string[]) => ({
  addEventListener(type: string, listener: () => void): void {
    if (events.includes(type)) void Promise.resolve().then(listener);
  },
});

class VirtualLocks implements LocksLike {
  /** By the name of a lock: who has it, and then those who wait, each with what gives it to them. */
  readonly #queues = new Map<string, Set<() => void>>();

  async request(
    name: string,
    { ifAvailable = false, signal }: Parameters<LocksLike["request"]>[1],
    callback: (lock: object | null) => unknown,
  ): Promise<unknown> {
    const queue = this.#queues.get(name) ?? new Set();
    this.#queues.set(name, queue);
    if (ifAvailable && queue.size > 0) return callback(null);
    const { promise, resolve: give, reject } = Promise.withResolvers<void>();
    const next = (): void => queue.values().next().value?.();
    queue.add(give);
    next();
    (signal as AbortSignal | undefined)?.addEventListener("abort", () => {
      const [holder] = queue;
      if (holder === give || !queue.delete(give)) return;
      reject(new Error("aborted"));
    });
    await promise;
    try {
      return await callback({});
    } finally {
      queue.delete(give);
      next();
    }
  }
}
