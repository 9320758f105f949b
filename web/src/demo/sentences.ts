// The sentences of the page about its room: one sentence for each state, and what its button does. Nothing here renders or
// acts.

import type { RoomStatus, SaveStatus, StaleEdits, UndoResult } from "collab-room/client";

export type Notice = {
  readonly kind:
    | "full"
    | "other-kind"
    | "refused"
    | "removed"
    | "expired"
    | "locked"
    | "stopped"
    | "left";
  readonly sentence: string;
  readonly button: string;
  readonly act: "again" | "new-board" | "read-api";
};

/** The reason that the page is not in its room; `null` if there is nothing or the client recovers by itself. */
export function noticeOf(status: RoomStatus, hasToken: boolean): Notice | null {
  switch (status.state) {
    case "connecting":
    case "connected":
    case "offline":
      return null;
    case "reconnecting":
      if (status.problem?.code === "room_full")
        return {
          kind: "full",
          sentence: "This board is full. Try again when someone has left.",
          button: "Try again",
          act: "again",
        };
      return status.problem?.code === "auth_not_configured" ? locked : null;
    case "needs-token":
      if (!hasToken) return locked;
      return {
        kind: "expired",
        sentence: "Your invitation link has expired. Ask for a new one, or try again.",
        button: "Try again",
        act: "again",
      };
    case "closed":
      return closedNotice(status.problem?.code, status.code);
    default:
      return status satisfies never;
  }
}

function closedNotice(problem: string | undefined, code: number): Notice {
  if (problem === "room_stopped" || code === 4002)
    return {
      kind: "stopped",
      sentence: "This board was stopped. It restarts when someone opens it.",
      button: "Restart the board",
      act: "again",
    };
  if (problem === "kicked" || code === 4001)
    return {
      kind: "removed",
      sentence: "You were removed from this board.",
      button: "Open a new board",
      act: "new-board",
    };
  if (problem === "behaviour_conflict")
    return {
      kind: "other-kind",
      sentence: "This room is not a board, so there are no notes to show.",
      button: "Open a new board",
      act: "new-board",
    };
  if (code === 1000)
    return {
      kind: "left",
      sentence: "You left this board.",
      button: "Rejoin",
      act: "again",
    };
  return {
    kind: "refused",
    sentence: "You don’t have access to this board.",
    button: "Open a new board",
    act: "new-board",
  };
}

const locked: Notice = {
  kind: "locked",
  sentence: "This service requires a token, so the demo can’t connect.",
  button: "View the API",
  act: "read-api",
};

/** The state of the connection. */
export function lineText(status: RoomStatus, isCut: boolean): string {
  if (isCut) return "Unplugged";
  switch (status.state) {
    case "connecting":
      return "Connecting…";
    case "connected":
      return "Live";
    case "reconnecting":
      return "Reconnecting…";
    case "offline":
      return "Offline";
    case "needs-token":
    case "closed":
      return "Not connected";
    default:
      return status satisfies never;
  }
}

export function savedText(saved: SaveStatus): string {
  switch (saved.state) {
    case "saved":
      return "all saved";
    case "saving":
      return `saving ${edits(saved.count)}`;
    case "unsaved":
      return `${edits(saved.count)} not sent yet`;
    default:
      return saved satisfies never;
  }
}

const edits = (count: number): string => `${count} ${count === 1 ? "edit" : "edits"}`;

/** @param who has since changed what was to be undone; `null` if unknown */
export function undoText(
  verb: "undo" | "redo",
  { undone, skipped }: UndoResult,
  who: string | null,
): string {
  if (skipped > 0)
    return skipped === 1
      ? `Skipped 1 change: ${who ?? "someone"} has edited it since.`
      : `Skipped ${skipped} changes: ${who ?? "someone"} has edited them since.`;
  if (!undone) return `Nothing to ${verb}.`;
  return verb === "undo" ? "Undone." : "Redone.";
}

/** Describes edits that wait for a decision. */
export function staleText({ why, count, oldest }: StaleEdits): string {
  const since = new Date(oldest).toLocaleTimeString([], { timeStyle: "short" });
  const made = `${edits(count)} you made since ${since}`;
  return why === "age"
    ? `${made} ${count === 1 ? "is" : "are"} not on the board yet. Others may have changed it in the meantime.`
    : `${made} may not have reached the board.`;
}

export const refusedText = (detail: string): string => `Your edit was refused: ${detail}`;
