// Runs a scheduled action (rule B5). Its removal is committed together with its changes, so they are made once.
// What it does outside the room may happen again if the room dies before that commit.

import { backoff, maxBackoff } from "../model/backoff.ts";
import { roomCaller } from "../protocol/caller.ts";
import type { CollabError } from "../protocol/errors.ts";
import type { StoredSchedule } from "../storage/room-storage.ts";
import { attempt } from "./outcome.ts";
import { runAction } from "./operations/call-action.ts";
import type { RunningRoom } from "./running-room.ts";

/** Failed attempts after which an action is dropped. */
const maxAttempts = 10;

/**
 * Run the action that is due first, within a turn. Each action has its own turn, so that many of them do not keep
 * clients waiting.
 * @param now epoch ms
 */
export async function runDueSchedule(room: RunningRoom, now: number): Promise<void> {
  const { schedules, timers, ports, batch } = room;
  const schedule = schedules.firstDue(now);
  if (schedule === undefined) return schedules.setTimer();
  // The action waits until its behaviour is deployed again.
  if (!ports.behaviours.has(room.record.behaviour)) return timers.set("schedule", now + maxBackoff);
  const { id, name, input } = schedule;
  // The author's code may modify its input, which must not affect the next attempt.
  const own = structuredClone(input);
  const outcome = await attempt(() => runAction(room, name, own, roomCaller, [id]));
  if ("error" in outcome) afterFailure(room, schedule, outcome.error);
  room.markActive();
  batch.requestFlush("change");
}

/** Retry later, or never after a refusal or too many failures. */
function afterFailure(room: RunningRoom, schedule: StoredSchedule, error: CollabError): void {
  const { schedules, ports } = room;
  const { id, name: action } = schedule;
  const { code, info } = error;
  // While the circuit breaker is open, the action has not been tried.
  const attempts = schedule.attempts + (code === "hook_unavailable" ? 0 : 1);
  if (code === "action_refused") {
    ports.log("schedule_refused", { id, action, reason: info.reason });
    return schedules.stage({ added: [], removed: [id] });
  }
  if (attempts >= maxAttempts) {
    ports.log("schedule_dropped", { id, action, code, attempts });
    return schedules.stage({ added: [], removed: [id] });
  }
  const setAt = ports.now();
  const due = setAt + backoff(Math.max(1, attempts), ports.random());
  schedules.stage({ added: [{ ...schedule, attempts, setAt, due }], removed: [] });
}
