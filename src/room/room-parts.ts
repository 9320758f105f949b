// The parts of a running room, and how they are created: a part calls only parts that come before it here.

import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import type { Members } from "../model/members.ts";
import type { RoomRecord } from "../model/record.ts";
import { Activity } from "./activity.ts";
import { BatchBuilder } from "./batch/batch.ts";
import { CommitWindow } from "./batch/commit-window.ts";
import type { DirectoryRegistration } from "./directory-registration.ts";
import type { JsonDocument } from "./document/json-document.ts";
import type { HookRunner } from "./hooks/hook-runner.ts";
import type { LeaveHooks } from "./hooks/leave-hooks.ts";
import type { Bans } from "./members/bans.ts";
import { Crowd } from "./members/crowd.ts";
import { Departures } from "./members/departures.ts";
import { Membership } from "./members/membership.ts";
import { PresenceBoard } from "./members/presence-board.ts";
import type { RoomPorts } from "./ports.ts";
import type { IdempotencyKeys } from "./requests/idempotency-keys.ts";
import { RequestLog } from "./requests/request-log.ts";
import { Schedules } from "./schedules.ts";
import { Observers } from "./sessions/observers.ts";
import { SessionHub } from "./sessions/session-hub.ts";
import { SessionTimers } from "./sessions/session-timers.ts";
import { Sessions } from "./sessions/sessions.ts";
import { Traces } from "./sessions/traces.ts";
import { StateSaver } from "./state-saver.ts";
import type { Timers } from "./timers.ts";
import { UsageMeter } from "./usage-meter.ts";

/** The inputs of a room's parts. */
export type RoomBasis = {
  readonly ports: RoomPorts;
  readonly timers: Timers;
  readonly registration: DirectoryRegistration;
  readonly behaviour: ResolvedBehaviour;
  readonly document: JsonDocument;
  readonly hooks: HookRunner;
  readonly leaveHooks: LeaveHooks;
  readonly keys: IdempotencyKeys;
  readonly bans: Bans;
  readonly members: Members;
};

/** Create the parts of a room. This reads and writes nothing. */
export function createParts(basis: RoomBasis, record: RoomRecord) {
  const { ports, members, document } = basis;
  const requests = new RequestLog(ports.storage, document);
  const activity = new Activity(ports, record);
  const sessions = new Sessions();
  const batch = new BatchBuilder();
  const presence = new PresenceBoard(members, sessions);
  const { presenceLimit } = basis.behaviour;
  const crowd = new Crowd({ presenceLimit, members, sessions, presence, delta: batch.users });
  const usage = new UsageMeter(basis);
  const hub = new SessionHub({ ...basis, sessions, presence, batch, usage });
  const sessionTimers = new SessionTimers({ ...basis, sessions, hub });
  const traces = new Traces({ ...basis, sessions });
  const observers = new Observers({ ...basis, activity, traces });
  const shared = { activity, sessions, hub, observers, presence, batch };
  const departures = new Departures({ ...basis, ...shared });
  const membership = new Membership({ ...basis, ...shared, departures });
  const saver = new StateSaver(basis);
  const schedules = new Schedules(basis);
  const window = new CommitWindow();
  return {
    ...basis,
    requests,
    activity,
    sessions,
    batch,
    presence,
    crowd,
    hub,
    sessionTimers,
    departures,
    membership,
    observers,
    traces,
    saver,
    schedules,
    window,
    usage,
  };
}

/** The parts of a running room. */
export type RoomParts = Readonly<ReturnType<typeof createParts>>;
