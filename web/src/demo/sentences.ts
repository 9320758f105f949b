// What the page says of its room: one sentence for each state, and what the one button beside it does. Nothing here
// draws or acts.

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

/** What has come between the page and its room; `null` where the client gets over it by itself. */
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
          sentence: "This board is full: every seat is taken.",
          button: "Try again",
          act: "again",
        };
      return status.problem?.code === "auth_not_configured" ? locked : null;
    case "needs-token":
      if (!hasToken) return locked;
      return {
        kind: "expired",
        sentence: "Your invitation has expired. Ask for a new link, or try this one again.",
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
      sentence: "This board has been stopped. It starts again when somebody comes.",
      button: "Start it again",
      act: "again",
    };
  if (problem === "kicked" || code === 4001)
    return {
      kind: "removed",
      sentence: "You have been removed from this board.",
      button: "Open a new board",
      act: "new-board",
    };
  if (problem === "behaviour_conflict")
    return {
      kind: "other-kind",
      sentence: "This address belongs to a room of another kind, which has no notes.",
      button: "Open a new board",
      act: "new-board",
    };
  if (code === 1000)
    return {
      kind: "left",
      sentence: "You have left this board.",
      button: "Come back",
      act: "again",
    };
  return {
    kind: "refused",
    sentence: "This board does not let you in.",
    button: "Open a new board",
    act: "new-board",
  };
}

const locked: Notice = {
  kind: "locked",
  sentence: "This service lets in only people with a token, so the demo stays outside.",
  button: "Read the API",
  act: "read-api",
};

/** How the connection is. */
export function lineText(status: RoomStatus, isCut: boolean): string {
  if (isCut) return "Plug pulled";
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

/** @param who has changed since what was to be taken back; `null` if that is not known */
export function undoText(
  verb: "undo" | "redo",
  { undone, skipped }: UndoResult,
  who: string | null,
): string {
  if (skipped > 0)
    return `${skipped} ${skipped === 1 ? "change" : "changes"} skipped: ${who ?? "somebody"} has edited it since.`;
  if (!undone) return `Nothing to ${verb}.`;
  return verb === "undo" ? "Undone." : "Done again.";
}

/** What there is to decide of edits that wait for a word. */
export function staleText({ why, count, oldest }: StaleEdits): string {
  const since = new Date(oldest).toLocaleTimeString([], { timeStyle: "short" });
  const made = `${edits(count)} that you made from ${since} on`;
  return why === "age"
    ? `${made} ${count === 1 ? "is" : "are"} not on the board yet, which others may have changed.`
    : `It is not known whether the board has ${made}.`;
}

export const refusedText = (detail: string): string => `The board has refused an edit: ${detail}`;
