// A fake room that follows the contract in src/client/types.ts: frozen snapshots that share unchanged parts, the user's
// own updates at once, and one notification per frame. `calls` records the calls that the hooks make.

import type {
  ConnectOptions,
  Edit,
  Person,
  Room,
  RoomEvents,
  RoomSnapshot,
} from "../../../src/client/types.ts";
import { setMember, type JsonObject, type JsonValue } from "../../../src/protocol/json.ts";
import { CollabError } from "../../../src/protocol/errors.ts";
import type { Presence } from "../../../src/protocol/presence.ts";
import { allows } from "../../../src/protocol/scopes.ts";
import type { Connect } from "../../../src/react/room-provider.ts";

type Listener = (event: never) => void;

/** Some state. (The type of an arbitrary JSON state is infinitely deep for the compiler.) */
type Plain = { readonly whatever: unknown };
type Snapshot = RoomSnapshot<Plain>;

export type FakeRoom<T> = Room<T> & {
  /** The calls, in order. */
  readonly calls: readonly (readonly unknown[])[];
  /** How many listeners there are, for snapshots and for events. */
  listeners(): number;
  /** Simulate a frame that changes what the room shows. */
  frame(change: Partial<Omit<RoomSnapshot<unknown>, "state">>): void;
  /** Simulate the first answer of the room. */
  answer(state: JsonObject): void;
  /** Simulate a change of the state by others. */
  change(recipe: (state: never) => void): void;
  emit<Name extends keyof RoomEvents>(name: Name, event: RoomEvents[Name]): void;
  close(code: number, error?: CollabError): void;
};

export const person = (id: string, seq = 1, cursor: JsonValue = null): Person => ({
  id,
  entry: { id, joinedAt: "2026-11-22T10:00:00.000Z", seq, meta: {} },
  presence: { name: id, color: "#6366F1", typing: false, status: "online", cursor },
});

const noCounts = { users: 0, online: 0, idle: 0, away: 0, typing: 0 };

export function createFakeRoom<T>(state?: JsonObject): FakeRoom<T> {
  const calls: unknown[][] = [];
  const subscribers = new Set<() => void>();
  const events = new Map<string, Set<Listener>>();
  let snapshot: Snapshot = Object.freeze<Snapshot>({
    state: null,
    version: 0,
    self: null,
    people: [],
    others: [],
    counts: noCounts,
    status: { state: "connecting" },
    saved: { state: "saved" },
    scopes: [],
    history: { canUndo: false, canRedo: false },
  });
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});

  const frame = (change: Partial<Snapshot>): void => {
    snapshot = Object.freeze({ ...snapshot, ...change });
    for (const listener of subscribers) listener();
  };
  const edited = (recipe: (state: never) => void): Plain => {
    if (snapshot.state === null) throw new Error("The room has not answered yet.");
    const draft = structuredClone(snapshot.state);
    recipe(draft as never);
    return shared(snapshot.state, draft as JsonValue) as unknown as Plain;
  };
  const log =
    (name: string) =>
    (...input: unknown[]): void => {
      calls.push([name, ...input]);
    };

  const room: FakeRoom<Plain> = {
    id: "design",
    ready: ready.promise,
    get state() {
      if (snapshot.state === null) throw new Error("The room has not answered yet.");
      return snapshot.state;
    },
    get self() {
      if (snapshot.self === null) throw new Error("The room has not answered yet.");
      return snapshot.self;
    },
    get people() {
      return snapshot.people;
    },
    get others() {
      return snapshot.others;
    },
    get counts() {
      return snapshot.counts;
    },
    get status() {
      return snapshot.status;
    },
    get saved() {
      return snapshot.saved;
    },
    get scopes() {
      return snapshot.scopes;
    },
    can: (scope) => allows(snapshot.scopes, scope),
    history: {
      get canUndo() {
        return snapshot.history.canUndo;
      },
      get canRedo() {
        return snapshot.history.canRedo;
      },
      undo() {
        log("undo")();
        return { undone: true, skipped: 0 };
      },
      redo() {
        log("redo")();
        return { undone: true, skipped: 0 };
      },
      pause: log("pause"),
      resume: log("resume"),
      ignore: (run) => run(),
      clear: log("clear"),
    },
    update(recipe): Edit {
      const next = edited(recipe);
      if (next !== snapshot.state) frame({ state: next });
      return { committed: Promise.resolve({ version: snapshot.version + 1, dropped: [] }) };
    },
    async action(name, ...call) {
      log("action")(name, ...call);
      return `did ${name}` as never;
    },
    setPresence(change) {
      log("setPresence")(change);
      const { self } = snapshot;
      if (self?.presence)
        frame({ self: { ...self, presence: { ...self.presence, ...change } as Presence } });
    },
    async broadcast(...input) {
      log("broadcast")(...input);
    },
    watch: log("watch"),
    on(name, listener) {
      const all = events.get(name) ?? new Set();
      events.set(name, all.add(listener as Listener));
      return () => void all.delete(listener as Listener);
    },
    subscribe(listener) {
      subscribers.add(listener);
      return () => void subscribers.delete(listener);
    },
    getSnapshot: () => snapshot,
    leave: log("leave"),
    disconnect: log("disconnect"),
    reconnect() {
      log("reconnect")();
      if (snapshot.status.state === "closed") frame({ status: { state: "connecting" } });
    },

    calls,
    listeners: () =>
      Array.from(events.values(), (all) => all.size).reduce((a, b) => a + b, subscribers.size),
    frame,
    answer(first) {
      const self = person("ada");
      frame({
        state: shared(undefined, structuredClone<unknown>(first) as JsonObject) as unknown as Plain,
        status: { state: "connected" },
        self,
        people: [self],
        scopes: ["room:read", "room:write", "presence:write"],
      });
      ready.resolve();
    },
    change: (recipe) => frame({ state: edited(recipe), version: snapshot.version + 1 }),
    emit(name, event) {
      for (const listener of events.get(name) ?? []) listener(event as never);
    },
    close(code, error = new CollabError("join_refused", { reason: "banned" })) {
      const problem = { code: error.code, detail: error.message };
      ready.reject(error);
      frame({ status: { state: "closed", code, reason: error.code, problem } });
    },
  };
  if (state !== undefined) room.answer(state);
  // This fake accepts any state. The test determines its type.
  return room as unknown as FakeRoom<T>;
}

/** Connects to fake rooms, and records them. As in the contract, nothing happens if `connect` is false. */
export function fakeConnect(): {
  readonly connect: Connect;
  readonly made: { readonly options: ConnectOptions; readonly room: FakeRoom<unknown> }[];
} {
  const made: { options: ConnectOptions; room: FakeRoom<unknown> }[] = [];
  const connect: Connect = <T, P>(options: ConnectOptions<P>) => {
    const room = createFakeRoom<unknown>();
    if (options.connect !== false) room.reconnect();
    made.push({ options: options as ConnectOptions, room });
    return room as unknown as Room<T, P>;
  };
  return { connect, made };
}

/** A frozen copy of the second value that reuses the parts of the first one that are equal. */
function shared(before: unknown, after: JsonValue): JsonValue {
  if (typeof after !== "object" || after === null) return after;
  const old = (typeof before === "object" && before !== null ? before : {}) as Record<
    string,
    unknown
  >;
  const keys = Object.keys(after);
  let isSame =
    Array.isArray(before) === Array.isArray(after) && Object.keys(old).length === keys.length;
  const next: Record<string, JsonValue> = {};
  for (const key of keys) {
    const was = Object.hasOwn(old, key) ? old[key] : undefined;
    const value = shared(was, (after as Record<string, JsonValue>)[key] as JsonValue);
    if (value !== was) isSame = false;
    setMember(next, key, value);
  }
  if (isSame && before !== undefined) return before as JsonValue;
  return Object.freeze(Array.isArray(after) ? Object.values(next) : next);
}
