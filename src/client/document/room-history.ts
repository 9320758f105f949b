// The history of edits, as applications see it.

import type { RoomHistory, UndoResult } from "../types.ts";
import type { History } from "./history.ts";

/** @param change checks that undoing is allowed, does it, and tells everybody */
export const historyOf = (
  history: History,
  change: (go: () => UndoResult) => UndoResult,
): RoomHistory => ({
  get canUndo() {
    return history.canUndo;
  },
  get canRedo() {
    return history.canRedo;
  },
  undo: () => change(() => history.undo()),
  redo: () => change(() => history.redo()),
  pause: () => history.pause(),
  resume: () => history.resume(),
  ignore: (work) => history.ignore(work),
  clear: () => history.clear(),
});
