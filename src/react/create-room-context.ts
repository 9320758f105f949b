// Makes the hooks, for rooms of one type and with a context of their own. Each is a few lines on top of `useSelected`.
// They keep no state: what they show is the room's snapshot, and what they do is done by the room.

import { createContext, useCallback, useContext, useEffect, useMemo } from "react";
import type { Person, Room, RoomEvent, RoomEvents, RoomSnapshot } from "../client/types.ts";
import { allows, type Scope } from "../protocol/scopes.ts";
import { entriesOf, readerOf, type Ordered } from "./list.ts";
import { createRoomProvider, type Connect } from "./room-provider.ts";
import { shallowEqual } from "./shallow-equal.ts";
import type { Hooks, RoomHooks } from "./types.ts";
import { useLatest } from "./use-latest.ts";
import { listFunctions } from "./use-list.ts";
import { useReady } from "./use-ready.ts";
import { useSelected } from "./use-selected.ts";

/** `createRoomContext`, with a function that connects. */
export function createHooks<T>(connect: Connect): RoomHooks<T> {
  const context = createContext<Room<T> | null>(null);
  const useRoom = (): Room<T> => {
    const room = useContext(context);
    if (room === null) throw new Error("A hook of a room needs its <RoomProvider> above it.");
    return room;
  };
  const useReadyRoom = (): Room<T> => {
    const room = useRoom();
    useReady(room);
    return room;
  };
  return {
    RoomProvider: createRoomProvider(context, connect),
    ...hooksOf(useRoom, useRoom),
    suspense: hooksOf(useRoom, useReadyRoom) as Hooks<T, never>,
  };
}

type Snapshot = RoomSnapshot<unknown>;
type Select = (part: unknown) => unknown;
type IsEqual = (a: unknown, b: unknown) => boolean;

const same = <Value>(value: Value): Value => value;
const status = (snapshot: Snapshot) => snapshot.status;
const saved = (snapshot: Snapshot) => snapshot.saved;
const state = (snapshot: Snapshot) => snapshot.state;
const self = (snapshot: Snapshot) => snapshot.self;
const presence = (person: Person) => person.presence;
const others = (snapshot: Snapshot) => snapshot.others;
const people = (snapshot: Snapshot) => snapshot.people;
const counts = (snapshot: Snapshot) => snapshot.counts;
const scopes = (snapshot: Snapshot) => snapshot.scopes;
const steps = (snapshot: Snapshot) => snapshot.history;

/** @param useStarted gives the room to the hooks that show the state or oneself */
function hooksOf<T>(useRoom: () => Room<T>, useStarted: () => Room<T>): Hooks<T, undefined> {
  const hookFor =
    (use: () => Room<T>, pick: (snapshot: Snapshot) => unknown) =>
    (select: Select = same, isEqual: IsEqual = shallowEqual): unknown =>
      useSelected(use(), pick, select, isEqual);

  const useRoomState = hookFor(useStarted, state);
  const useSelf = hookFor(useStarted, self);
  const useScopes = hookFor(useRoom, scopes);
  const useHistory = hookFor(useRoom, steps);

  /** A function of the room that stays the same one. */
  const functionFor =
    <Fn>(of: (room: Room<T>) => Fn) =>
    (): Fn => {
      const room = useRoom();
      return useMemo(() => of(room), [room]);
    };
  const useSetPresence = functionFor<Room<T>["setPresence"]>(
    (room) => (change) => room.setPresence(change),
  );
  const useSteps = functionFor(({ history }) => ({
    undo: () => history.undo(),
    redo: () => history.redo(),
    pause: () => history.pause(),
    resume: () => history.resume(),
  }));

  function useRoomListener<Name extends keyof RoomEvents>(
    name: Name,
    listener: (event: RoomEvents[Name]) => void,
  ): void {
    const room = useRoom();
    const latest = useLatest(listener);
    useEffect(() => room.on(name, (event) => latest.current(event)), [room, name, latest]);
  }

  const hooks = {
    useRoom,
    useStatus: hookFor(useRoom, status),
    useSaved: hookFor(useRoom, saved),
    useRoomState,
    useUpdate: functionFor<Room<T>["update"]>((room) => (recipe) => room.update(recipe)),
    useAction(name: string) {
      const room = useRoom() as unknown as { action(name: string, ...call: unknown[]): unknown };
      return useCallback((...call: unknown[]) => room.action(name, ...call), [room, name]);
    },
    useList(at: string | ((state: unknown) => unknown)) {
      const room = useRoom();
      const find = useMemo(() => (typeof at === "string" ? readerOf(at) : at), [at]);
      const list = useRoomState(find, Object.is);
      const latest = useLatest(find);
      const items = useMemo(() => entriesOf<Ordered>(list), [list]);
      const functions = useMemo(
        () => listFunctions<T, Ordered>(room, (value) => latest.current(value)),
        [room, latest],
      );
      return useMemo(() => ({ items, ...functions }), [items, functions]);
    },
    useUndo: () => ({ ...(useHistory() as Snapshot["history"]), ...useSteps() }),
    useSelf,
    useOthers: hookFor(useRoom, others),
    useOther(id: string, select: Select = same, isEqual: IsEqual = shallowEqual) {
      const pick = useCallback(
        (snapshot: Snapshot) => snapshot.others.find((other) => other.id === id),
        [id],
      );
      return useSelected(useRoom(), pick, select, isEqual);
    },
    usePeople: hookFor(useRoom, people),
    useCounts: hookFor(useRoom, counts),
    usePresence: () => [useSelf(presence as Select), useSetPresence()],
    useBroadcast: functionFor<Room<T>["broadcast"]>(
      (room) => (event, payload, options) => room.broadcast(event, payload, options),
    ),
    useRoomEvent(...input: EventInput) {
      const [name, listener] = input.length === 1 ? [null, input[0]] : input;
      useRoomListener("event", (event) => {
        if (name === null || event.event === name) listener(event);
      });
    },
    useRoomListener,
    useScopes,
    useCan: (scope: Scope) =>
      useScopes((given) => allows(given as readonly Scope[], scope)) as boolean,
  };
  // Inside, parts and selectors are unknown: only the overloads say what belongs together.
  return hooks as unknown as Hooks<T, undefined>;
}

type EventListener = (event: RoomEvent) => void;
type EventInput = [listener: EventListener] | [name: string, listener: EventListener];
