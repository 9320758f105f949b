// How a component reads a room: a part of its snapshot, and what a selector makes of it. The component renders again
// when that has changed, and not before. Everything that hooks show goes through here; nothing else subscribes.

import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Room, RoomSnapshot } from "../client/types.ts";
import { blankSnapshot } from "./blank-snapshot.ts";

export type Equality<Value> = (a: Value, b: Value) => boolean;

/**
 * @param pick the part of the snapshot; must be the same function in each render, or the part is read again
 * @param select runs only if the part has changed, or `select` itself
 * @returns `undefined` if there is no such part
 */
export function useSelected<T, P, Part, Value>(
  room: Room<T, P>,
  pick: (snapshot: RoomSnapshot<T, P>) => Part | null | undefined,
  select: (part: Part) => Value,
  isEqual: Equality<Value>,
): Value | undefined {
  const shown = useRef<{ readonly value: Value | undefined }>(null);
  const subscribe = useCallback((listener: () => void) => room.subscribe(listener), [room]);
  const [read, readBlank] = useMemo(() => {
    const reader = (snapshot: () => RoomSnapshot<T, P>) => {
      let last: {
        readonly part: Part | null | undefined;
        readonly value: Value | undefined;
      } | null = null;
      return () => {
        const part = pick(snapshot());
        if (last !== null && Object.is(last.part, part)) return last.value;
        const before = last ?? shown.current;
        let value = part === null || part === undefined ? undefined : select(part);
        // An equal value stays the same object, also if a new function has selected it.
        if (
          value !== undefined &&
          before?.value !== undefined &&
          isEqual(before.value as Value, value)
        )
          value = before.value;
        last = { part, value };
        return value;
      };
    };
    return [reader(() => room.getSnapshot()), reader(() => blankSnapshot as RoomSnapshot<T, P>)];
  }, [room, pick, select, isEqual]);
  const value = useSyncExternalStore(subscribe, read, readBlank);
  useEffect(() => {
    shown.current = { value };
  });
  return value;
}
