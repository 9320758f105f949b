// Detects a hook, an action or an update function that calls its own room, directly or through another room: the room
// would wait for itself (rule B7). The ids of the rooms that wait for the running code are kept in AsyncLocalStorage.
// In workerd that needs the compatibility flag `nodejs_als` or `nodejs_compat`; without it, such a call ends with
// `call_timeout`.

type Store = {
  run<T>(rooms: readonly string[], run: () => T): T;
  getStore(): readonly string[] | undefined;
};

const none: Store = { run: (_rooms, run) => run(), getStore: () => undefined };

async function createStore(): Promise<Store> {
  try {
    const { AsyncLocalStorage } = await import("node:async_hooks");
    return new AsyncLocalStorage<readonly string[]>();
  } catch {
    return none;
  }
}

const store = await createStore();

/** The ids of the rooms that wait for the running code. */
export const waitingRooms = (): readonly string[] => store.getStore() ?? [];

/** Run code that these rooms wait for. */
export const whileWaiting = <T>(rooms: readonly string[], run: () => T): T => store.run(rooms, run);
