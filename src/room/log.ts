// The structured log for operators: one JSON line per event. It may contain what no client may see, but never what
// an application keeps in a room: no state, payload, presence or token. docs/OPERATING.md explains each event.

import type { Caller } from "../protocol/caller.ts";

/** All events, with their levels. None is logged for each message or each join. */
export const logEvents = {
  // A room's life.
  room_started: "info",
  room_stopped: "info",
  join_refused: "warn",
  kicked: "info",
  kick_lifted: "info",
  session_closed: "info",
  trace_opened: "info",
  turns_refused: "warn",
  // The author's code.
  hook_failed: "error",
  action_failed: "error",
  load_refused: "warn",
  save_refused: "error",
  save_failed: "warn",
  save_recovered: "info",
  schedule_refused: "warn",
  schedule_dropped: "error",
  behaviour_missing: "error",
  // Storage and what depends on it.
  commit_failed: "error",
  internal: "error",
  restart_failed: "error",
  background_failed: "error",
  background_turn_failed: "warn",
  timer_failed: "error",
  alarm_failed: "error",
  key_not_written: "error",
  storage_too_new: "error",
  record_unreadable: "error",
  history_damaged: "error",
  records_quarantined: "warn",
  unknown_timer: "warn",
  // Between objects.
  room_unavailable: "error",
  directory_unreachable: "warn",
  directory_unavailable: "error",
  analytics_failed: "warn",
  // The deployment.
  flags_missing: "warn",
  auth_open: "warn",
  auth_misconfigured: "error",
  auth_unavailable: "error",
} as const satisfies Record<string, "info" | "warn" | "error">;

export type LogEvent = keyof typeof logEvents;

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type Log = (event: LogEvent, fields?: LogFields) => void;

/** Create a log whose lines all carry these fields. */
export const createLog =
  (common: LogFields = {}): Log =>
  (event, fields) => {
    const level = logEvents[event];
    console[level](JSON.stringify({ level, event, ...common, ...fields }, cut));
  };

/** Maximum characters of one field: the platform drops log output beyond its own limit. */
const maxFieldLength = 4096;

const cut = (_name: string, value: unknown): unknown =>
  typeof value === "string" && value.length > maxFieldLength
    ? `${value.slice(0, maxFieldLength)}…`
    : value;

/** The caller behind the event of a line. */
export const askedBy = ({ door, user, session, request }: Caller): LogFields => ({
  door,
  ...(user && { by: user.id }),
  ...(session !== null && { session }),
  ...(request !== null && { request }),
});

/** Describe something thrown, for the log. */
export function describe(error: unknown): string {
  try {
    return withoutExcerpt(
      error instanceof Error
        ? String(error.stack ?? `${error.name}: ${error.message}`)
        : String(error),
    );
  } catch {
    return "a value that has no text"; // such as an object without a prototype
  }
}

/** Remove the excerpt that V8 quotes from text that is not JSON: the text may be private data. */
function withoutExcerpt(text: string): string {
  const start = text.indexOf('"');
  const end = text.lastIndexOf(verdict);
  return start < 0 || end < start ? text : `${text.slice(0, start)}it${text.slice(end)}`;
}

/** What V8 writes after the excerpt. */
const verdict = " is not valid JSON";
