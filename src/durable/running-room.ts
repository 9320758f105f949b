// A running room: what each operation does, one turn at a time. The caller (RoomProcess) sees to it
// that turns do not overlap, and that a room which is absent is never asked.
//
// An operation goes: check → hook → plan → write → remember. Until the write nothing has changed, and
// from there on nothing can fail or wait.

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
import { type Lease, type Member } from "../room/members.ts";
import { decodePayload } from "../room/payload.ts";
import { roomEntry, type RoomRecord, type StopRequest } from "../room/record.ts";
import { deadline, seeAgain, seenExactly, seenFromStorage, type Seen } from "../room/seen.ts";
import { createEntry, type User, type UserEntry } from "../room/user.ts";
import { Author } from "./author.ts";
import { callWithin } from "./call-within.ts";
import type { Listing } from "./listing.ts";
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
  readonly saver: Saver;
  readonly #author: Author;
  readonly #ports: RoomPorts;
  readonly #timers: Timers;
  readonly #listing: Listing;
  readonly #journal: StateJournal;
  readonly #members: Members;
  #record: RoomRecord;
  #seen: Seen;

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
    this.#listing = listing;
    this.#journal = journal;
    this.#record = record;
    this.#members = members;
    this.#seen = seenFromStorage(record.activeUntil);
    this.#author = new Author(behaviour, ports);
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
    return this.#record;
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
    return roomEntry(this.#ports.id, this.#record, this.#members.size);
  }

  info(): RoomInfo {
    const { behaviour, epoch, createdAt, idleTimeout } = this.#record;
    return {
      id: this.#ports.id,
      behaviour,
      epoch,
      version: this.version,
      users: this.#members.size,
      sockets: 0,
      createdAt: isoTime(createdAt),
      // A cold room knows only a bound of its last activity, which may lie ahead.
      lastActivityAt: isoTime(Math.min(this.#seen.at, this.#ports.now())),
      idleTimeout,
      ...(this.#members.size === 0 && { idleDeadline: isoTime(this.idleDeadline) }),
      save: this.saver.status,
      alive: true,
    };
  }

  // Users

  /**
   * Let a user join (rules U1–U3, U9).
   * @param begin writes the room itself, for a user whose join starts it
   */
  async join(user: User, ttl: number | undefined, begin?: () => void): Promise<UserEntry> {
    if (!this.#members.get(user.id) && this.#members.size >= this.behaviour.maxUsers)
      throw new CollabError("room_full");
    const meta = await this.#author.onJoin(this.#context(), user);
    const now = this.#ports.now();
    const entry = createEntry(user, meta, now);
    const member: Member = {
      seq: this.#members.nextSeq,
      entry,
      ...(ttl !== undefined && { lease: { ttl, seen: seenExactly(now) } }),
    };
    this.#ports.storage.atomically(() => {
      begin?.();
      const before = this.#members.get(user.id);
      if (before) this.#ports.storage.removeMember(before.seq);
      this.#ports.storage.writeMember(member);
    });
    this.#members.put(member);
    this.#active();
    if (ttl !== undefined) this.#timers.atLatest("lease", now + ttl);
    if (begin === undefined) this.#listing.countChanged();
    return entry;
  }

  /** Let a user leave; one who is not there is no error (rule U4). */
  async leave(userId: string): Promise<void> {
    const member = this.#members.get(userId);
    if (member === undefined) return this.#active();
    this.#remove(member);
    this.#afterLeaving();
    await this.#author.onLeave(this.#context(), member.entry);
  }

  /** Let every user leave, in join order, for a room that stops. */
  async leaveAll(): Promise<void> {
    for (const { id } of this.users) {
      const member = this.#members.get(id);
      if (member === undefined) continue;
      this.#remove(member);
      await this.#author.onLeave(this.#context(), member.entry);
    }
  }

  /** Let users leave whose lease has run out, and wait for the next one (rule U7). */
  async lapse(): Promise<void> {
    for (const { entry } of this.#members.lapsed(this.#ports.now())) await this.leave(entry.id);
    const next = this.#members.nextLapse();
    if (next === undefined) this.#timers.clear("lease");
    else this.#timers.set("lease", next);
  }

  /**
   * Note a sign of life: of the room, and of a user if one is named.
   * @throws CollabError `user_not_found`
   */
  touch(userId?: string): void {
    const member = userId === undefined ? undefined : this.#members.get(userId);
    if (userId !== undefined && member === undefined) throw new CollabError("user_not_found");
    if (member?.lease) this.#renew(member, member.lease);
    this.#active();
  }

  #renew(member: Member, { ttl, seen }: Lease): void {
    const renewed = { ...member, lease: { ttl, seen: seeAgain(seen, this.#ports.now(), ttl) } };
    if (renewed.lease.seen.until !== seen.until) this.#ports.storage.writeMember(renewed);
    this.#members.put(renewed);
  }

  #remove(member: Member): void {
    this.#ports.storage.removeMember(member.seq);
    this.#members.remove(member.entry.id);
  }

  #afterLeaving(): void {
    this.#listing.countChanged();
    if (this.#members.size > 0) return this.#active();
    // From now on the deadline counts, so it is written exactly.
    this.#see(seenExactly(this.#ports.now()));
    this.#timers.atLatest("idle", this.idleDeadline);
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
    if (change !== null) {
      this.#journal.commit(change);
      this.saver.changed();
    }
    this.#active();
  }

  // Idleness

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Epoch ms at which the room stops if it is empty and nothing happens (rule T2). */
  get idleDeadline(): number {
    return deadline(this.#seen, this.#record.idleTimeout);
  }

  get idleIsOver(): boolean {
    return this.isEmpty && this.#ports.now() >= this.idleDeadline;
  }

  /** Something has happened (rules T1, T4). */
  #active(): void {
    const { idleTimeout } = this.#record;
    this.#see(seeAgain(this.#seen, this.#ports.now(), idleTimeout, this.isEmpty));
  }

  #see(seen: Seen): void {
    this.#seen = seen;
    if (seen.until !== this.#record.activeUntil)
      this.#write({ ...this.#record, activeUntil: seen.until });
  }

  // Starting and stopping

  /** Write a room that starts: its record, and the state it has loaded. */
  found(): void {
    this.#ports.storage.writeRoom(this.#record);
    this.#journal.found();
  }

  /** Whether the state stays in the room's own storage when it stops. */
  get keepsState(): boolean {
    return this.behaviour.retention === "keep" && !this.#author.saves;
  }

  /** Note that a stop was asked for, if it takes more than this turn's writes: a crash must not undo it. */
  requestStop(stopping: StopRequest): void {
    if (this.isEmpty && this.saver.isClean) return;
    this.#write({ ...this.#record, stopping });
    this.#timers.atLatest("idle", this.#ports.now());
  }

  #write(record: RoomRecord): void {
    this.#ports.storage.writeRoom(record);
    this.#record = record;
  }

  /** What hooks are told; the costly parts are made when they are read. */
  #context(): RoomContext {
    const [journal, members] = [this.#journal, this.#members];
    const { value, version } = journal;
    return {
      id: this.#ports.id,
      env: this.#ports.env,
      get users() {
        return members.entries().map(freezeState);
      },
      get state() {
        return freezeState(value);
      },
      version,
      now: this.#ports.now(),
    };
  }
}
