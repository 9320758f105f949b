// How members are removed (rules U4, B6): in one way, whatever the cause. The row is removed first, then `onLeave`
// is called once, outside the turn. The callers decide who leaves, and when.

import type { Caller } from "../../protocol/caller.ts";
import type { Member, Members } from "../../model/members.ts";
import type { Activity } from "../activity.ts";
import type { BatchBuilder } from "../batch/batch.ts";
import type { DirectoryRegistration } from "../directory-registration.ts";
import type { HookRunner } from "../hooks/hook-runner.ts";
import type { LeaveHooks } from "../hooks/leave-hooks.ts";
import type { RoomPorts } from "../ports.ts";
import type { Observers } from "../sessions/observers.ts";
import type { EndReason } from "../sessions/session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import type { Timers } from "../timers.ts";
import type { PresenceBoard } from "./presence-board.ts";

export type DeparturesParts = {
  readonly ports: Pick<RoomPorts, "storage">;
  readonly timers: Timers;
  readonly registration: DirectoryRegistration;
  readonly members: Members;
  readonly activity: Activity;
  readonly hooks: HookRunner;
  readonly leaveHooks: LeaveHooks;
  readonly hub: SessionHub;
  readonly observers: Observers;
  readonly presence: PresenceBoard;
  readonly batch: BatchBuilder;
};

export class Departures {
  readonly #parts: DeparturesParts;

  constructor(parts: DeparturesParts) {
    this.#parts = parts;
  }

  /**
   * Remove members, end their sessions and notify the others. `onLeave` is called outside the turn.
   * @param reason why their sessions end, if they still have any
   */
  depart(leaving: readonly Member[], caller: Caller, reason: EndReason = "kicked"): void {
    const { ports, members, hub, observers, presence, batch } = this.#parts;
    ports.storage.atomically(() => {
      for (const { seq } of leaving) ports.storage.removeMember(seq);
      for (const { entry } of leaving) members.remove(entry.id);
      this.#afterDeparture();
    });
    for (const { entry } of leaving) {
      hub.endAllOf(entry.id, reason);
      observers.endUnlessAllowed(entry.id);
      batch.users.remove(entry.id);
      presence.markChanged(entry.id);
    }
    batch.requestFlush("signal");
    this.callLeaveHooks(leaving, caller);
  }

  #afterDeparture(): void {
    const { members, activity, registration, timers } = this.#parts;
    registration.markCountChanged();
    if (members.size > 0) return activity.markActive(true);
    activity.markEmptied();
    timers.setAtLatest("idle", activity.idleDeadline);
  }

  /**
   * Remove every member of a room that is stopping, as part of its write.
   * @returns the members, for `callLeaveHooks` once that write has succeeded
   */
  removeAll(): readonly Member[] {
    const { ports, members } = this.#parts;
    const all = members.all();
    ports.storage.removeMembers();
    for (const { entry } of all) members.remove(entry.id);
    return all;
  }

  /** Call `onLeave` for removed members, outside the turn, in this order (rule B6). */
  callLeaveHooks(left: readonly Member[], caller: Caller): void {
    const { hooks, leaveHooks } = this.#parts;
    if (!hooks.hasOnLeave) return;
    for (const { entry } of left) leaveHooks.add(entry.id, () => hooks.onLeave(entry, caller));
  }
}
