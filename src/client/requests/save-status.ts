// Whether the room has all that was done here, as applications see it.

import type { SaveStatus } from "../types.ts";
import { oldestOf, type Task } from "./request.ts";

/** @param tasks those without a final reply */
export function saveStatus(tasks: readonly Task[], line: "up" | "down" | "closed"): SaveStatus {
  if (tasks.length === 0) return { state: "saved" };
  const what = { count: tasks.length, oldest: oldestOf(tasks) };
  if (line === "closed") return { state: "unsaved", reason: "closed", ...what };
  if (tasks.some(({ held }) => held)) return { state: "unsaved", reason: "stale", ...what };
  return line === "down"
    ? { state: "unsaved", reason: "disconnected", ...what }
    : { state: "saving", ...what };
}
