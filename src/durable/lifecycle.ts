// Absent, running, and the way from one to the other. The caller (RoomProcess) runs each of these in a
// turn of its mailbox.
//
//              begin                             stop
//   absent ────────────────────▶ running ────────────────────▶ absent
//     ▲                             │  ▲
//     └── load fails, join refused  └──┘ eviction, crash: the room wakes as it was

import { resolveBehaviour, type ResolvedBehaviour } from "../behaviours/resolve.ts";
import { CollabError } from "../protocol/errors.ts";
import type { StartOptions } from "../protocol/rooms.ts";
import { planReturned } from "../room/change.ts";
import { checkDuration } from "../room/duration.ts";
import { freezeState } from "../room/freeze.ts";
import { memberFromStorage, Members } from "../room/members.ts";
import type { RoomRecord } from "../room/record.ts";
import { Author } from "./author.ts";
import { Listing } from "./listing.ts";
import { describe } from "./log.ts";
import type { RoomEvents, RoomPorts } from "./ports.ts";
import { RunningRoom } from "./running-room.ts";
import { refuse } from "./sockets/audience.ts";
import { StateJournal } from "./state-journal.ts";
import { Timers } from "./timers.ts";

type Life =
  | { readonly kind: "absent"; readonly record: RoomRecord | null }
  | { readonly kind: "running"; readonly room: RunningRoom };

export class Lifecycle {
  readonly timers: Timers;
  readonly listing: Listing;
  readonly #ports: RoomPorts;
  readonly #events: RoomEvents;
  #life: Life;

  constructor(ports: RoomPorts, events: RoomEvents) {
    this.#ports = ports;
    this.#events = events;
    this.timers = new Timers(ports);
    this.listing = new Listing(ports, this.timers);
    this.#life = this.#wake();
  }

  /** The running room, or `null` for an absent one. */
  get room(): RunningRoom | null {
    return this.#life.kind === "running" ? this.#life.room : null;
  }

  /** What storage says of this room. No hook is called: waking is not starting (rule R6). */
  #wake(): Life {
    const { storage, behaviours, log } = this.#ports;
    const found = this.#readRecord();
    if (found?.status !== "running") {
      // A stop that broke off may have left sockets open.
      for (const socket of this.#ports.sockets()) refuse(socket, "room_stopped");
      return { kind: "absent", record: found };
    }
    const { journal, record } = this.#openJournal(found);
    const members = new Members(storage.readMembers().map(memberFromStorage));
    const aside = storage.readAside().length;
    if (aside > 0) log("warn", "records_aside", { aside });
    const behaviour = behaviours.get(record.behaviour);
    if (behaviour === undefined) log("error", "behaviour_missing", { behaviour: record.behaviour });
    if (!record.listed) this.listing.doubt();
    return {
      kind: "running",
      room: this.#room(behaviour ?? this.#standIn(record.behaviour), journal, record, members),
    };
  }

  /** The record; if it cannot be read, that of a room which has stopped: its state may well be readable. */
  #readRecord(): RoomRecord | null {
    const { storage, log, newId } = this.#ports;
    try {
      return storage.readRoom();
    } catch (error) {
      log("error", "record_unreadable", { error: describe(error) });
      return {
        status: "stopped",
        behaviour: "default",
        epoch: newId(),
        createdAt: 0,
        idleTimeout: 0,
        activeUntil: 0,
      };
    }
  }

  /**
   * Without its behaviour a room answers nothing, but it still stops when its time has come, unless it
   * has something to save: then it waits for the behaviour to come back.
   */
  #standIn(name: string): ResolvedBehaviour {
    const unsaved = this.timers.get("save") !== undefined;
    return resolveBehaviour(
      name,
      unsaved ? { saveRoomState: () => ({ error: "behaviour_missing" }) } : {},
    );
  }

  /** The state that was kept, and the record, with another epoch if versions were lost. */
  #openJournal(record: RoomRecord): { journal: StateJournal; record: RoomRecord } {
    const { storage, log, newId } = this.#ports;
    const { journal, aside, lost } = StateJournal.open(storage);
    const { version } = journal;
    if (aside > 0) log("error", "records_set_aside", { aside, lost, version });
    if (lost === 0) return { journal, record };
    // Versions will be counted again that clients have seen with another state: a new life begins.
    const renewed = { ...record, epoch: newId() };
    storage.writeRoom(renewed);
    return { journal, record: renewed };
  }

  /**
   * All it takes to start, hooks included, without writing any of it.
   * @throws CollabError `unknown_behaviour`, `invalid_request`, `load_failed`
   */
  async prepare(options: StartOptions): Promise<RunningRoom> {
    const { storage, behaviours, newId, now, id, env } = this.#ports;
    const behaviour = behaviours.get(options.behaviour ?? "default");
    if (behaviour === undefined)
      throw new CollabError("unknown_behaviour", {
        detail: `Behaviours: ${[...behaviours.keys()].join(", ")}.`,
      });
    const { idleTimeout = behaviour.idleTimeout } = options;
    checkDuration("idleTimeout", idleTimeout);

    const old = this.#life.kind === "absent" ? this.#life.record : null;
    const kept = old?.status === "stopped" ? this.#openJournal(old) : null;
    if (kept) this.#life = { kind: "absent", record: kept.record };
    const journal = kept?.journal ?? StateJournal.begin(storage);
    const epoch = kept?.record.epoch ?? newId();

    const author = new Author(behaviour, this.#ports);
    const { value, version } = journal;
    const state = freezeState(value);
    const loaded = await author.load({ id, env, users: [], state, version, epoch, now: now() });
    if (loaded !== undefined) this.#load(journal, loaded, behaviour, author, kept !== null);

    const createdAt = now();
    const record: RoomRecord = {
      status: "running",
      behaviour: behaviour.name,
      epoch,
      createdAt,
      idleTimeout,
      activeUntil: createdAt,
    };
    return this.#room(behaviour, journal, record, new Members());
  }

  #load(
    journal: StateJournal,
    loaded: unknown,
    behaviour: ResolvedBehaviour,
    author: Author,
    kept: boolean,
  ): void {
    try {
      const change = planReturned(journal.state, loaded, behaviour.limits);
      if (change !== null) journal.load(change.next, kept ? journal.version + 1 : 0);
    } catch (error) {
      throw author.badLoad(error);
    }
  }

  /** Write a prepared room. */
  begin(room: RunningRoom): void {
    room.found();
    this.#ports.storage.removeMembers(); // there are none, unless the room's record was lost
    this.timers.set("idle", room.idleDeadline);
  }

  async begun(room: RunningRoom): Promise<void> {
    this.#life = { kind: "running", room };
    await this.list(room);
  }

  /** Put a running room's entry into the directory. */
  async list(room: RunningRoom): Promise<void> {
    if (await this.listing.put(room.entry)) room.noteListed(true);
  }

  #room(
    behaviour: ResolvedBehaviour,
    journal: StateJournal,
    record: RoomRecord,
    members: Members,
  ): RunningRoom {
    return new RunningRoom({
      ports: this.#ports,
      timers: this.timers,
      listing: this.listing,
      behaviour,
      journal,
      record,
      members,
      onSaved: () => this.#saved(),
      ...this.#events,
    });
  }

  /** @returns false when the state could not be saved: then the room runs on */
  async stop(room: RunningRoom, purge: boolean): Promise<boolean> {
    const { storage } = this.#ports;
    room.window.flush();
    if ((await room.saver.flush()) !== null) {
      this.timers.clear("idle"); // the saver's timer takes over, see #saved
      return false;
    }
    await room.membership.leaveAll();
    room.audience.endAll("room_stopped");
    room.noteListed(false);
    const unlisted = await this.listing.remove();
    const drop = purge || !room.keepsState;
    if (drop && unlisted) await this.#clear();
    else {
      const { stopping: _stopping, listed: _listed, ...rest } = room.record;
      const record = { ...rest, status: drop ? "gone" : "stopped" } as const;
      storage.atomically(() => {
        storage.removeMembers();
        if (drop) storage.removeHistory();
        storage.writeRoom(record);
        this.timers.clearAllBut("directory");
      });
      this.#life = { kind: "absent", record };
    }
    return true;
  }

  /**
   * Drop what an absent room has kept.
   * @throws CollabError `room_not_running` when it has kept nothing
   */
  async purge(): Promise<void> {
    const { storage } = this.#ports;
    const record = this.#life.kind === "absent" ? this.#life.record : null;
    if (record?.status !== "stopped") throw new CollabError("room_not_running");
    if (this.timers.get("directory") === undefined) return this.#clear();
    const gone = { ...record, status: "gone" } as const;
    storage.atomically(() => {
      storage.removeHistory();
      storage.writeRoom(gone);
    });
    this.#life = { kind: "absent", record: gone };
  }

  /** Put the directory's entry right: the timer `directory` has rung. */
  async settleListing(): Promise<void> {
    if (this.#life.kind === "running") await this.list(this.#life.room);
    else if ((await this.listing.remove()) && this.#life.record?.status === "gone")
      await this.#clear();
  }

  async #clear(): Promise<void> {
    await this.#ports.storage.clear();
    this.timers.forget();
    this.#life = { kind: "absent", record: null };
  }

  /**
   * All is saved: a stop that waited for it may go on. It comes by way of its timer, whose row is
   * written together with the save's going: a crash in between does not forget it.
   */
  #saved(): void {
    const { room } = this;
    if (room?.record.stopping) this.timers.atLatest("idle", this.#ports.now());
    else if (room?.isEmpty) this.timers.atLatest("idle", room.idleDeadline);
  }

  /** Stop the room if it was asked to or has been idle for long enough; else see to its idle timer. */
  async stopIfDue(): Promise<void> {
    const { room } = this;
    if (room === null) return;
    const { stopping } = room.record;
    if (stopping || room.idleIsOver) {
      // The timer's row goes with the stop, so that a crash on the way does not forget it.
      await this.stop(room, stopping?.purge ?? false);
    } else if (room.isEmpty) this.timers.set("idle", room.idleDeadline);
    else this.timers.clear("idle");
  }
}
