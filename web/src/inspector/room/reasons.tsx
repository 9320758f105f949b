// Describes why a room runs, why it is awake, and what its timers are for.

import type { Reason } from "../common/api.ts";
import { counted, Until } from "../common/words.tsx";

/** Why the room does not stop. */
export function Running({ running }: { running: readonly Reason[] }) {
  const [first] = running;
  if (!first) return "No reason";
  switch (first.why) {
    case "users":
      return "While people are here";
    case "schedules":
      return `For ${counted(first.count ?? 1, "scheduled action")}`;
    case "stopping":
      return "Until it is saved";
    case "idle":
      return first.until === undefined ? (
        "Nobody is here"
      ) : (
        <>
          Stops <Until at={first.until} />
        </>
      );
    default:
      return first.why;
  }
}

/** Why the room is in memory and not hibernating. */
export function awakeText(awake: readonly Reason[]): string {
  if (awake.length === 0) return "Only for this page";
  return sentenceOf(awake.map(reasonText));
}

function reasonText({ why, count: many = 1, what }: Reason): string {
  switch (why) {
    case "turn":
      return "handling a request";
    case "waiting":
      return `${counted(many, "turn")} waiting`;
    case "call":
      return `running ${what ?? "a hook"}`;
    case "leaving":
      return "running onLeave";
    case "saving":
      return "saving";
    case "directory":
      return "updating the directory";
    case "flush":
      return "sending messages";
    case "news":
      return "sending people updates";
    case "usage":
      return "storing usage counts";
    default:
      return why;
  }
}

function sentenceOf(parts: readonly string[]): string {
  const text = parts.join(", ");
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The purpose of a stored timer. */
export function timerText(name: string): string {
  switch (name) {
    case "idle":
      return "stop if still empty";
    case "lease":
      return "a user’s lease ends";
    case "grace":
      return "a disconnected user leaves";
    case "presence":
      return "a user’s presence ends";
    case "liveness":
      return "check for dead sockets";
    case "expiry":
      return "a token expires";
    case "schedule":
      return "run a scheduled action";
    case "save":
      return "save the state";
    case "directory":
      return "update the directory";
    default:
      return name;
  }
}
