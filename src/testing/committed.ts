// The stored content of a room: a test can read it without asking the room, which would count as activity.

import { freezeState } from "../model/freeze.ts";
import { rebuild } from "../model/history.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { UserEntry } from "../protocol/users.ts";
import type { Storage } from "./instance.ts";

export type Committed = { readonly version: number; readonly state: JsonObject };

/** The state that a room has, or has kept after it has stopped; `null` for neither. */
export function committedState(storage: Storage): Committed | null {
  const record = storage.readRoom();
  if (record === null || record.status === "gone") return null;
  const { version, state } = rebuild(storage.readHistory());
  return { version, state: freezeState(state.value) };
}

export const isRunning = (storage: Storage): boolean => storage.readRoom()?.status === "running";

/** Everybody in the room, in the order in which they joined. */
export const committedUsers = (storage: Storage): readonly UserEntry[] =>
  storage.readMembers().map(({ entry, seq }) => freezeState({ ...entry, seq }));
