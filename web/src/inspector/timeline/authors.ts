// Describes who made a change.

import type { JournalRow } from "../common/api.ts";

const doors: Record<string, string> = {
  http: "via HTTP",
  socket: "",
  worker: "Worker code",
  room: "the room",
};

function authorText({ door, user, action }: JournalRow["authors"][number]): string {
  if (door === undefined) return "others";
  const who = [user, doors[door] ?? door].filter(Boolean).join(" ") || "someone";
  return action === undefined ? who : `${who}: ${action}`;
}

export function authorsText({ authors }: JournalRow): string {
  const names = [...new Set(authors.map(authorText))];
  if (names.length === 0) return "Unknown";
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
