// Encodes who made the changes in a row of the journal, as the text that is stored with the row (rule V1). It is short,
// because every change pays for it: one author of one change takes about 50 characters, most of them the session's id.

import type { Caller, Door } from "../protocol/caller.ts";
import type { ChangeAuthor } from "../protocol/inspection.ts";

/** The author of a change: a caller, and the name of the action if it is made by one. */
export type Author = { readonly caller: Caller; readonly action?: string };

/** The maximum number of authors that a row names. The changes of all others are counted together. */
const maxRuns = 32;

const letters: Readonly<Record<Door, string>> = { http: "h", socket: "s", worker: "w", room: "r" };
const doors = new Map(Object.entries(letters).map(([door, letter]) => [letter, door as Door]));
/** Stands in place of a door for the authors that a row does not name. */
const rest = "?";

/** The door's letter, the number of changes, and the user id, session id and action name, without trailing nulls. */
type Run = [door: string, changes: number, ...names: (string | null)[]];

/** @param authors the author of each change, in order */
export function encodeAuthors(authors: readonly Author[]): string {
  const runs: Run[] = [];
  for (const author of authors) {
    const run = runOf(author);
    const last = runs.at(-1);
    if (last !== undefined && isSame(last, run)) last[1]++;
    else if (runs.length < maxRuns) runs.push(run);
    else if (last?.[0] === rest) last[1]++;
    else runs.push([rest, 1]);
  }
  return JSON.stringify(runs);
}

function runOf({ caller: { door, user, session }, action }: Author): Run {
  const names = [user?.id ?? null, session, action ?? null];
  while (names.length > 0 && names.at(-1) === null) names.pop();
  return [letters[door], 1, ...names];
}

const isSame = (a: Run, b: Run): boolean =>
  a.length === b.length && a.every((item, index) => index === 1 || item === b[index]);

/** Decode a row's authors; empty if they cannot be read. */
export function decodeAuthors(text: string): ChangeAuthor[] {
  try {
    return (JSON.parse(text) as Run[]).map(([letter, changes, user, session, action]) => {
      const door = doors.get(letter);
      return {
        ...(door && { door }),
        ...(typeof user === "string" && { user }),
        ...(typeof session === "string" && { session }),
        ...(typeof action === "string" && { action }),
        changes: Number(changes),
      };
    });
  } catch {
    return [];
  }
}
