// The hooks of `collab-room/react`: what an application imports. Nothing is decided here. The directive keeps it out of
// server components, which have no hooks.
"use client";

import { connectRoom } from "../client/connect.ts";
import type { JsonObject } from "../protocol/json.ts";
import { createHooks } from "./create-room-context.ts";
import type { RoomHooks } from "./types.ts";

export { shallowEqual } from "./shallow-equal.ts";
export type { Entry, Ordered, Place } from "./list.ts";
export type { RoomProviderProps } from "./room-provider.ts";
export type { Hooks, Keyed, List, RoomHooks, ShownState, Undo } from "./types.ts";
export type { Equality } from "./use-selected.ts";

/**
 * Create hooks for one kind of room, with their own context. Call it once for each kind of room, outside components.
 * `T` is the type of its behaviour or of its state, `P` the type of people's presence.
 * @example
 * ```ts
 * export const { RoomProvider, useRoomState, useUpdate } = createRoomContext<typeof board>();
 * ```
 */
export const createRoomContext = <T = JsonObject, P = unknown>(): RoomHooks<T, P> =>
  createHooks<T, P>(connectRoom);

/** Hooks for rooms with any state. `createRoomContext` creates typed ones. */
export const {
  RoomProvider,
  useRoom,
  useStatus,
  useSaved,
  useRoomState,
  useUpdate,
  useAction,
  useList,
  useUndo,
  useSelf,
  useOthers,
  useOther,
  usePeople,
  useCounts,
  usePresence,
  useBroadcast,
  useRoomEvent,
  useRoomListener,
  useScopes,
  useCan,
  suspense,
} = createRoomContext();
