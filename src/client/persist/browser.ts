// The browser APIs with which the client keeps edits: IndexedDB, Web Locks and the storage of a tab, as far as it uses
// them. Types alone. Each may be missing, and even to look at it may throw: in private windows, in frames of other
// sites, in Node and in Workers.

export type KeyLike = readonly [address: string, user: string, id: string];

type TargetLike<Type extends string> = {
  addEventListener(type: Type, listener: () => void): void;
};

export type RequestLike<T, More extends string = never> = TargetLike<"success" | "error" | More> & {
  readonly result: T;
  readonly error: unknown;
};

export type ObjectStoreLike = {
  get(key: KeyLike): RequestLike<unknown>;
  getAllKeys(): RequestLike<unknown>;
  put(value: unknown, key: KeyLike): RequestLike<unknown>;
  delete(key: KeyLike): RequestLike<unknown>;
};

export type TransactionLike = TargetLike<"complete" | "abort"> & {
  readonly error: unknown;
  objectStore(name: string): ObjectStoreLike;
};

export type DatabaseLike = TargetLike<"close" | "versionchange"> & {
  createObjectStore(name: string): unknown;
  transaction(
    names: string[],
    mode: "readonly" | "readwrite",
    options?: { durability: "strict" },
  ): TransactionLike;
  close(): void;
};

export type OpenRequestLike = RequestLike<DatabaseLike, "upgradeneeded">;

export type FactoryLike = { open(name: string, version: number): OpenRequestLike };

export type LocksLike = {
  request(
    name: string,
    // An application without the types of a browser has no AbortSignal.
    options: { ifAvailable?: boolean; signal?: object },
    callback: (lock: object | null) => unknown,
  ): Promise<unknown>;
};

export type TabStorageLike = {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
};

export type Browser = {
  readonly indexedDB?: FactoryLike;
  readonly navigator?: { readonly onLine?: boolean; readonly locks?: LocksLike };
  readonly sessionStorage?: TabStorageLike;
};
