// Why a room runs, why it is awake, and what its timers are for, in words.

import type { Reason } from "../common/api.ts";
import { counted, Until } from "../common/words.tsx";

/** Why the room does not stop. */
export function Running({ running }: { running: readonly Reason[] }) {
  const [first] = running;
  if (!first) return "For no reason";
  switch (first.why) {
    case "users":
      return "People are here";
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

/** Why the room is in memory and does not sleep. */
export function awakeText(awake: readonly Reason[]): string {
  if (awake.length === 0) return "Only for you";
  return sentenceOf(awake.map(reasonText));
}

function reasonText({ why, count: many = 1, what }: Reason): string {
  switch (why) {
    case "turn":
      return "at work";
    case "waiting":
      return `${counted(many, "turn")} waiting`;
    case "call":
      return `${what ?? "a hook"} runs`;
    case "leaving":
      return "onLeave runs";
    case "saving":
      return "saving";
    case "directory":
      return "tells the directory";
    case "flush":
      return "messages to send";
    case "news":
      return "news to tell";
    case "usage":
      return "counts to write";
    default:
      return why;
  }
}

function sentenceOf(parts: readonly string[]): string {
  const text = parts.join(", ");
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** What a stored timer is for. */
export function timerText(name: string): string {
  switch (name) {
    case "idle":
      return "to stop, if still empty";
    case "lease":
      return "somebody’s sign of life is due";
    case "grace":
      return "somebody has lost the line";
    case "presence":
      return "held presence ends";
    case "liveness":
      return "to look for dead sockets";
    case "expiry":
      return "a token expires";
    case "schedule":
      return "a scheduled action";
    case "save":
      return "to save";
    case "directory":
      return "to tell the directory";
    default:
      return name;
  }
}
