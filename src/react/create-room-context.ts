// Makes the hooks, for rooms of one type and with a context of their own. Each is a few lines on top of `useSelected`.
// They keep no state: what they show is the room's snapshot, and what they do is done by the room.

import { createContext, useCallback, useContext, useEffect, useMemo } from "react";
import type {
  Person,
  Room,
  RoomEvent,
  RoomEvents,
  RoomSnapshot,
  UndoResult,
} from "../client/types.ts";
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
export function createHooks<T, P = unknown>(connect: Connect): RoomHooks<T, P> {
  const context = createContext<Room<T, P> | null>(null);
  const useRoom = (): Room<T, P> => {
    const room = useContext(context);
    if (room === null) throw new Error("A hook of a room needs its <RoomProvider> above it.");
    return room;
  };
  const useReadyRoom = (): Room<T, P> => {
    const room = useRoom();
    useReady(room);
    return room;
  };
  return {
    RoomProvider: createRoomProvider(context, connect),
    ...hooksOf(useRoom, useRoom),
    suspense: hooksOf(useRoom, useReadyRoom) as Hooks<T, never, P>,
  };
}

/** The parts of a snapshot, whose types only the caller knows. */
type Snapshot = { readonly [Part in keyof RoomSnapshot]: unknown };
type Select = (part: unknown) => unknown;
type IsEqual = (a: unknown, b: unknown) => boolean;

const same = <Value>(value: Value): Value => value;
const presenceOf = (person: Person) => person.presence;

/** @param useStarted gives the room to the hooks that show the state or oneself */
function hooksOf<T, P>(
  useRoom: () => Room<T, P>,
  useStarted: () => Room<T, P>,
): Hooks<T, undefined, P>;
// Inside, parts and selectors are unknown: only `Hooks` says what belongs together.
function hooksOf<T, P>(useRoom: () => Room<T, P>, useStarted: () => Room<T, P>): object {
  const hookFor = (use: () => Room<T, P>, part: keyof Snapshot) => {
    const pick = (snapshot: Snapshot): unknown => snapshot[part];
    return (select: Select = same, isEqual: IsEqual = shallowEqual): unknown =>
      useSelected(use(), pick, select, isEqual);
  };

  const useRoomState = hookFor(useStarted, "state");
  const useSelf = hookFor(useStarted, "self");
  const useScopes = hookFor(useRoom, "scopes");
  const useHistory = hookFor(useRoom, "history");

  /** A function of the room that stays the same one. */
  const functionFor =
    <Fn>(of: (room: Room<T, P>) => Fn) =>
    (): Fn => {
      const room = useRoom();
      return useMemo(() => of(room), [room]);
    };
  const useSetPresence = functionFor<Room<T, P>["setPresence"]>(
    (room) => (change) => room.setPresence(change),
  );

  function useRoomListener<Name extends keyof RoomEvents>(
    name: Name,
    listener: (event: RoomEvents[Name]) => void,
  ): void {
    const room = useRoom();
    const latest = useLatest(listener);
    useEffect(() => room.on(name, (event) => latest.current(event)), [room, name, latest]);
  }

  return {
    useRoom,
    useStatus: hookFor(useRoom, "status"),
    useSaved: hookFor(useRoom, "saved"),
    useRoomState,
    useUpdate: functionFor<Room<T, P>["update"]>((room) => (recipe) => room.update(recipe)),
    useAction(name: string) {
      const room = useRoom() as { action(name: string, ...call: unknown[]): unknown };
      return useCallback((...call: unknown[]) => room.action(name, ...call), [room, name]);
    },
    useList(at: string | ((state: unknown) => unknown)) {
      const room = useRoom();
      const find = useMemo(() => (typeof at === "string" ? readerOf(at) : at), [at]);
      const list = useRoomState(find, Object.is);
      const latest = useLatest(find);
      const items = useMemo(() => entriesOf<Ordered>(list), [list]);
      const functions = useMemo(
        () => listFunctions<T, Ordered, P>(room, (value) => latest.current(value)),
        [room, latest],
      );
      return useMemo(() => ({ items, ...functions }), [items, functions]);
    },
    useUndo(listener?: (result: UndoResult) => void) {
      const { history } = useRoom();
      const latest = useLatest(listener);
      const functions = useMemo(() => {
        const stepper = (name: "undo" | "redo") => () => {
          const result = history[name]();
          latest.current?.(result);
          return result;
        };
        return {
          undo: stepper("undo"),
          redo: stepper("redo"),
          pause: () => history.pause(),
          resume: () => history.resume(),
        };
      }, [history, latest]);
      return { ...(useHistory() as RoomSnapshot["history"]), ...functions };
    },
    useSelf,
    useOthers: hookFor(useRoom, "others"),
    useOther(id: string, select: Select = same, isEqual: IsEqual = shallowEqual) {
      const pick = useCallback(
        (snapshot: Snapshot) =>
          (snapshot.others as readonly Person[]).find((other) => other.id === id),
        [id],
      );
      return useSelected(useRoom(), pick, select, isEqual);
    },
    usePeople: hookFor(useRoom, "people"),
    useCounts: hookFor(useRoom, "counts"),
    usePresence: () => [useSelf(presenceOf as Select), useSetPresence()],
    useBroadcast: functionFor<Room<T, P>["broadcast"]>(
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
}

type EventListener = (event: RoomEvent) => void;
type EventInput = [listener: EventListener] | [name: string, listener: EventListener];
