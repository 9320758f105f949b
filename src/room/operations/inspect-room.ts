// Inspect a running room: what keeps it running and awake, its timers, sizes and saves (rule V3). It does not wait for
// a turn, so that it answers while the author's code hangs.

import type { Reason, RoomInspection, SaveInfo } from "../../protocol/inspection.ts";
import { isoTime } from "../../protocol/time.ts";
import type { Lifecycle } from "../lifecycle.ts";
import { noInput, roomOperation } from "../operation.ts";
import type { RunningRoom } from "../running-room.ts";
import { roomInfo } from "./get-room-info.ts";

export const inspectRoom = roomOperation({
  scope: "room:admin",
  repeatable: true,
  besideTurns: true,
  decode: noInput,
  run(lifecycle): RoomInspection {
    const room = lifecycle.running();
    const { behaviour, record, document, members, sessions, observers, traces, timers } = room;
    const { id, createdAt, lastActivityAt } = roomInfo(room);
    const size = room.ports.storage.measureJournal();
    const { version } = document;
    const all = timers.all();
    const [first] = all;
    const { alarmAt } = timers;
    return {
      id,
      behaviour: record.behaviour,
      writes: behaviour.writes,
      epoch: record.epoch,
      version,
      state: { bytes: document.head.bytes, limit: behaviour.limits.stateBytes },
      journal: { ...size, start: size.start ?? version },
      users: {
        count: members.size,
        limit: behaviour.maxUsers,
        kickedOut: lifecycle.bans.all().length,
      },
      sockets: {
        sessions: sessions.size,
        streams: observers.size,
        traces: traces.size,
        limit: behaviour.maxSockets,
      },
      createdAt,
      lastActivityAt,
      idleTimeout: record.idleTimeout,
      wokeAt: isoTime(lifecycle.wokeAt),
      running: whyRunning(room),
      awake: whyAwake(lifecycle, room),
      ...(first && { alarm: { at: isoTime(alarmAt ?? first.at), for: first.name } }),
      timers: all.map(({ name, at, attempts }) => ({ name, at: isoTime(at), attempts })),
      save: saveInfo(room),
    };
  },
});

function whyRunning({ members, schedules, activity, record, mayStop }: RunningRoom): Reason[] {
  return [
    ...(members.size > 0 ? [{ why: "users", count: members.size }] : []),
    ...(schedules.isEmpty ? [] : [{ why: "schedules", count: schedules.size }]),
    ...(record.stopping ? [{ why: "stopping" }] : []),
    ...(mayStop ? [{ why: "idle", until: isoTime(activity.idleDeadline) }] : []),
  ];
}

function whyAwake({ mailbox, leaveHooks, syncing }: Lifecycle, room: RunningRoom): Reason[] {
  const { hooks, saver, window, usage, nextNewsAt } = room;
  const waiting = { flush: window.dueAt, news: nextNewsAt, usage: usage.dueAt };
  return [
    ...(mailbox.isBusy ? [{ why: "turn", count: 1 }] : []),
    ...(mailbox.waiting > 0 ? [{ why: "waiting", count: mailbox.waiting }] : []),
    ...Array.from(hooks.running, ({ what, since }) => ({
      why: "call",
      what,
      since: isoTime(since),
    })),
    ...(leaveHooks.size > 0 ? [{ why: "leaving", count: leaveHooks.size }] : []),
    ...(saver.isSaving ? [{ why: "saving" }] : []),
    ...(syncing ? [{ why: "directory" }] : []),
    ...Object.entries(waiting).flatMap(([why, at]) =>
      Number.isFinite(at) ? [{ why, until: isoTime(at) }] : [],
    ),
  ];
}

/** Characters of a reason that the author's hook has returned. */
const maxReason = 500;

function saveInfo({ saver, hooks, timers }: RunningRoom): SaveInfo {
  const { status, record } = saver;
  const problem = status.status === "failing" ? hooks.saveProblem : null;
  const { savedAt, failingSince, attempts } = record;
  const waits = timers.get("save");
  return {
    ...status,
    ...(problem && "reason" in problem && { reason: problem.reason.slice(0, maxReason) }),
    ...(problem && "instance" in problem && { instance: problem.instance }),
    ...(savedAt !== null && { savedAt: isoTime(savedAt) }),
    ...(failingSince !== null && { failingSince: isoTime(failingSince) }),
    attempts,
    ...(waits && { dueAt: isoTime(waits.at) }),
  };
}
