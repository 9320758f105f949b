// The hooks for boards, with the types of their behaviour. Nothing of the Worker gets into the page.

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
