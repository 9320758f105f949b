// The types of the hooks. `Absent` is what hooks return before the room has answered: `undefined`, or `never` if they
// suspend until then.

import type { FunctionComponent } from "react";
import type {
  ActionCall,
  ActionNameFor,
  Draft,
  Edit,
  Frozen,
  Person,
  PresenceFor,
  ResultFor,
  Room,
  RoomEvent,
  RoomEvents,
  RoomHistory,
  RoomStatus,
  SaveStatus,
  StateFor,
  UndoResult,
} from "../client/types.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { PeopleCounts } from "../protocol/people.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { Entry, Ordered, Place } from "./list.ts";
import type { RoomProviderProps } from "./room-provider.ts";
import type { Equality } from "./use-selected.ts";

/** The state as hooks show it. */
export type ShownState<T> = Frozen<StateFor<T>>;

export type Undo = Pick<RoomHistory, "undo" | "redo" | "canUndo" | "canRedo" | "pause" | "resume">;

/** A list in the state: an object whose members each have an `order`. */
export type Keyed<Item extends Ordered> = { readonly [key: string]: Item };

/** An item without its place in the list. */
type Unplaced<Item> = Item extends Ordered ? Omit<Item, "order"> : never;

/** The functions are stable; `items` is a new array when the list has changed. */
export type List<Item extends Ordered> = {
  /** The items in order; empty before the room has answered. An unchanged `item` is the same object as before. */
  readonly items: readonly Entry<Item>[];
  /**
   * @param place default: `last`
   * @param key default: a random one
   * @returns the edit, and the item's key
   * @throws RangeError if the list has the key
   */
  insert(value: Unplaced<Item>, place?: Place, key?: string): Edit & { readonly key: string };
  /** Does nothing if others have removed the item; the same applies to `move` and `update`. */
  remove(key: string): Edit;
  move(key: string, place: Place): Edit;
  /** @param recipe changes the draft of the item that it gets */
  update(key: string, recipe: (item: Draft<Item>) => void): Edit;
};

type MemberOf<Value, Key extends string> = Value extends object
  ? Key extends keyof Value
    ? Value[Key]
    : never
  : never;

type ValueAt<Value, Path extends string> = Path extends `/${infer Key}/${infer Rest}`
  ? ValueAt<MemberOf<Value, Key>, `/${Rest}`>
  : Path extends `/${infer Key}`
    ? MemberOf<Value, Key>
    : never;

/** The items of the list at a path; `never` if there is no list. Any list, if the state may be anything. */
export type ItemAt<State, Path extends string> =
  JsonValue extends ValueAt<State, Path>
    ? JsonObject & Ordered
    : ValueAt<State, Path> extends infer Value
      ? Value extends Keyed<infer Item>
        ? Item
        : never
      : never;

/** The path, if it leads to a list; otherwise the text that the compiler shows instead. */
export type PathOfList<State, Path extends string> = [ItemAt<State, Path>] extends [never]
  ? `no list of items with an order at ${Path}`
  : Path;

export type Hooks<T, Absent extends undefined, P = unknown> = {
  /** @throws Error outside a provider */
  useRoom(): Room<T, P>;
  useStatus(): RoomStatus;
  /** Whether the room has stored this client's edits. */
  useSaved(): SaveStatus;

  /** The state, or the selector's result. The component re-renders when that has changed. */
  useRoomState(): ShownState<T> | Absent;
  /** @param isEqual default: compares the members of arrays and objects (shallow) */
  useRoomState<Value>(
    selector: (state: ShownState<T>) => Value,
    isEqual?: Equality<Value>,
  ): Value | Absent;
  /** `room.update`. */
  useUpdate(): Room<T, P>["update"];
  /** Returns a function that calls the action. */
  useAction<Name extends ActionNameFor<T>>(
    name: Name,
  ): (...call: ActionCall<T, Name>) => Promise<ResultFor<T, Name>>;
  /**
   * A list, given by its JSON Pointer, such as "/board/cards", or by a selector that finds it in the state and in
   * drafts.
   * @throws Error (from its functions) if there is no object
   */
  useList<Item extends Ordered>(
    selector: (state: ShownState<T>) => Keyed<Item> | undefined,
  ): List<Item>;
  // The last one, because the compiler explains why a call does not fit this one.
  useList<Path extends string>(
    path: PathOfList<ShownState<T>, Path>,
  ): List<ItemAt<ShownState<T>, Path>>;
  /** @param listener receives the result of each `undo` and `redo`; always the latest function is called */
  useUndo(listener?: (result: UndoResult) => void): Undo;

  useSelf(): Person<P> | Absent;
  useSelf<Value>(selector: (self: Person<P>) => Value, isEqual?: Equality<Value>): Value | Absent;
  /** Everyone except this client's user, in the order in which they joined. */
  useOthers(): readonly Person<P>[];
  useOthers<Value>(
    selector: (others: readonly Person<P>[]) => Value,
    isEqual?: Equality<Value>,
  ): Value;
  /** `undefined` if the user is not in the room. */
  useOther(id: string): Person<P> | undefined;
  useOther<Value>(
    id: string,
    selector: (other: Person<P>) => Value,
    isEqual?: Equality<Value>,
  ): Value | undefined;
  /** Everyone, including this client's user. */
  usePeople(): readonly Person<P>[];
  usePeople<Value>(
    selector: (people: readonly Person<P>[]) => Value,
    isEqual?: Equality<Value>,
  ): Value;
  /** The number of users: in a large room, more than `usePeople` returns. */
  useCounts(): PeopleCounts;
  /** The user's own presence, and `room.setPresence`. */
  usePresence(): readonly [PresenceFor<P> | null | Absent, Room<T, P>["setPresence"]];

  /** `room.broadcast`. */
  useBroadcast(): Room<T, P>["broadcast"];
  /** Listen to broadcast events; always the latest function is called. */
  useRoomEvent(listener: (event: RoomEvent) => void): void;
  useRoomEvent(name: string, listener: (event: RoomEvent) => void): void;
  /** `room.on` while the component is mounted; always the latest function is called. */
  useRoomListener<Name extends keyof RoomEvents>(
    name: Name,
    listener: (event: RoomEvents[Name]) => void,
  ): void;

  /** The scopes of this client. */
  useScopes(): readonly Scope[];
  useCan(scope: Scope): boolean;
};

/** What `createRoomContext` returns. */
export type RoomHooks<T, P = unknown> = Hooks<T, undefined, P> & {
  readonly RoomProvider: FunctionComponent<RoomProviderProps<T, P>>;
  /**
   * The same hooks, but those that return the state or the user's own data suspend until the room has answered. If it
   * is closed before that, an error boundary gets what `room.ready` rejects with.
   */
  readonly suspense: Hooks<T, never, P>;
};
