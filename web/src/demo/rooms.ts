// The hooks, typed with the behaviour of boards. Only types are imported, so no Worker code ends up in the page.

import { createRoomContext } from "collab-room/react";
import type { board } from "../../../src/board.ts";

export type Board = typeof board;

export const {
  RoomProvider,
  useCan,
  useCounts,
  useList,
  useOthers,
  usePeople,
  usePresence,
  useRoom,
  useRoomListener,
  useRoomState,
  useSaved,
  useSelf,
  useStatus,
  useUndo,
} = createRoomContext<Board>();
