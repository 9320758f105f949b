// A running room: what each operation does, one turn at a time. The caller (RoomProcess) sees to it
// that turns do not overlap, and that a room which is absent is never asked.
//
// An operation goes: check → hook → plan → write. Until the write nothing has changed; the write is all
// or nothing, and nothing waits in it. If it fails, memory is thrown away and the room wakes anew.

import type { RoomContext } from "../behaviours/behaviour.ts";
import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import { CollabError } from "../protocol/errors.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import type { RoomEntry, RoomInfo } from "../protocol/rooms.ts";
import { isoTime } from "../protocol/time.ts";
import {
  decodeChange,
  planChange,
  planReturned,
  type ChangeInput,
  type PlannedChange,
} from "../room/change.ts";
import { freezeState } from "../room/freeze.ts";
import type { Members } from "../room/members.ts";
import { decodePayload } from "../room/payload.ts";
import { roomEntry, type RoomRecord, type StopRequest } from "../room/record.ts";
import type { UserEntry } from "../protocol/users.ts";
import { Activity } from "./activity.ts";
import { Author } from "./author.ts";
import { callWithin } from "./call-within.ts";
import type { Listing } from "./listing.ts";
import { Membership } from "./membership.ts";
import type { RoomPorts } from "./ports.ts";
import { Saver } from "./saver.ts";
import type { StateJournal } from "./state-journal.ts";
import type { Timers } from "./timers.ts";

export type RunningParts = {
  readonly ports: RoomPorts;
  readonly timers: Timers;
  readonly listing: Listing;
  readonly behaviour: ResolvedBehaviour;
  readonly journal: StateJournal;
  readonly record: RoomRecord;
  readonly members: Members;
  /** All unsaved state has been saved. */
  onSaved(): void;
};

export class RunningRoom {
  readonly behaviour: ResolvedBehaviour;
  readonly membership: Membership;
  readonly saver: Saver;
  readonly #author: Author;
  readonly #ports: RoomPorts;
  readonly #timers: Timers;
  readonly #journal: StateJournal;
  readonly #members: Members;
  readonly #activity: Activity;

  constructor({
    ports,
    timers,
    listing,
    behaviour,
    journal,
    record,
    members,
    onSaved,
  }: RunningParts) {
    this.behaviour = behaviour;
    this.#ports = ports;
    this.#timers = timers;
    this.#journal = journal;
    this.#members = members;
    this.#activity = new Activity(ports, record);
    this.#author = new Author(behaviour, ports);
    this.membership = new Membership({
      ports,
      timers,
      listing,
      members,
      activity: this.#activity,
      author: this.#author,
      maxUsers: behaviour.maxUsers,
      context: () => this.#context(),
    });
    this.saver = new Saver({
      behaviour,
      ports,
      timers,
      enabled: this.#author.saves,
      save: () => this.#author.save(this.#context()),
      version: () => journal.version,
      onSaved,
    });
  }

  // Reading

  get record(): RoomRecord {
    return this.#activity.record;
  }

  get version(): number {
    return this.#journal.version;
  }

  /** The state as compact JSON. */
  get stateText(): string {
    return this.#journal.text;
  }

  get users(): UserEntry[] {
    return this.#members.entries();
  }

  get entry(): RoomEntry {
    return roomEntry(this.#ports.id, this.record, this.#members.size);
  }

  info(): RoomInfo {
    const { behaviour, epoch, createdAt, idleTimeout } = this.record;
    return {
      id: this.#ports.id,
      behaviour,
      epoch,
      version: this.version,
      users: this.#members.size,
      sockets: 0,
      createdAt: isoTime(createdAt),
      lastActivityAt: isoTime(this.#activity.lastAt),
      idleTimeout,
      ...(this.isEmpty && { idleDeadline: isoTime(this.idleDeadline) }),
      save: this.saver.status,
      alive: true,
    };
  }

  /** Note a sign of life: of the room, and of a user if one is named. */
  touch(userId?: string): void {
    this.#ports.storage.atomically(() => {
      if (userId !== undefined) this.membership.touch(userId);
      this.#active();
    });
  }

  // State

  /**
   * Change the state.
   * @param ifVersion versions of which the state must have one, if it matters
   * @returns the version after it
   */
  change(input: ChangeInput, ifVersion?: readonly number[]): number {
    const { limits } = this.behaviour;
    const request = decodeChange(input, limits);
    if (ifVersion && !ifVersion.includes(this.version))
      throw new CollabError("version_conflict", {
        detail: `The state has version ${this.version}.`,
      });
    this.#commit(planChange(this.#journal.state, request, limits));
    return this.version;
  }

  /**
   * Change the state by a function of the caller's (rules S1, S2).
   * @param next JSON text in, JSON text out, `null` when it fails
   */
  async update(next: (stateText: string) => Promise<string | null>): Promise<number> {
    const text = await this.#callUpdate(next);
    if (text === null) throw new CollabError("update_failed");
    this.#commit(planReturned(this.#journal.state, parseJson(text), this.behaviour.limits));
    return this.version;
  }

  async #callUpdate(next: (stateText: string) => Promise<string | null>): Promise<string | null> {
    const { callTimeout } = this.behaviour;
    try {
      return await callWithin(callTimeout, "The update function", () => next(this.stateText));
    } catch (error) {
      if (error instanceof CollabError) throw error;
      return null; // whoever called has gone
    }
  }

  /** Run an action (rule S7). */
  async act(name: string, payload: string): Promise<{ result: JsonValue; version: number }> {
    const action = this.#author.action(name);
    const input = decodePayload(payload, this.behaviour.limits);
    const { state, result } = await this.#author.act(name, action, this.#context(), input);
    if (state === undefined) this.#active();
    else this.#commit(planReturned(this.#journal.state, state, this.behaviour.limits));
    return { result, version: this.version };
  }

  #commit(change: PlannedChange | null): void {
    if (change === null) return this.#active();
    // The change itself comes last: if it fails, the notes before it do no harm, and the hot path needs
    // no transaction around them.
    this.saver.note();
    this.#active();
    this.#journal.commit(change);
    this.saver.proceed();
  }

  #active(): void {
    this.#activity.note(!this.isEmpty);
  }

  // Starting and stopping

  /** Note whether the directory has the entry: a crash beside a call to it must not hide that. */
  noteListed(listed: boolean): void {
    this.#activity.noteListed(listed);
  }

  /** Write a room that starts: its record, and the state it has loaded. */
  found(): void {
    this.#activity.write();
    this.#journal.found();
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  get idleDeadline(): number {
    return this.#activity.idleDeadline;
  }

  /** Whether the room has been empty and idle for long enough (rule T2). */
  get idleIsOver(): boolean {
    return this.isEmpty && this.#ports.now() >= this.idleDeadline;
  }

  /** Whether the state stays in the room's own storage when it stops. */
  get keepsState(): boolean {
    return this.behaviour.retention === "keep" && !this.#author.saves;
  }

  /** Note that a stop was asked for, if it takes more than this turn's writes: a crash must not undo it. */
  requestStop(stopping: StopRequest): void {
    if (this.isEmpty && this.saver.isClean) return;
    this.#ports.storage.atomically(() => {
      this.#activity.noteStop(stopping);
      this.#timers.atLatest("idle", this.#ports.now());
    });
  }

  /** What hooks are told; the costly parts are made when they are read. */
  #context(): RoomContext {
    const [journal, members] = [this.#journal, this.#members];
    const { value, version } = journal;
    return Object.freeze({
      id: this.#ports.id,
      env: this.#ports.env,
      get users() {
        return Object.freeze(members.entries().map(freezeState));
      },
      get state() {
        return freezeState(value);
      },
      version,
      epoch: this.record.epoch,
      now: this.#ports.now(),
    });
  }
}
