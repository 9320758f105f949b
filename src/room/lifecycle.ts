// Absent, running, and the way from one to the other. Each of these methods is called within a turn.
//
//             start                              stop
//   absent ─────────────────▶ running ─────────────────────▶ absent
//     ▲                          │  ▲
//     └ load fails, join refused └──┘ eviction, crash: the room wakes as it was

import { resolveBehaviour, type ResolvedBehaviour } from "../behaviours/resolve.ts";
import type { Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";
import type { StartOptions } from "../protocol/rooms.ts";
import { planReturned } from "../model/change.ts";
import { checkDuration } from "../model/duration.ts";
import { memberFromStorage, Members } from "../model/members.ts";
import type { RoomRecord } from "../model/record.ts";
import { DirectoryRegistration } from "./directory-registration.ts";
import { JsonDocument } from "./document/json-document.ts";
import { HookRunner } from "./hooks/hook-runner.ts";
import { describe } from "./log.ts";
import type { RoomPorts } from "./ports.ts";
import { createRunningRoom, type RunningRoom } from "./running-room.ts";
import { refuseSocket } from "./sessions/session.ts";
import { Timers } from "./timers.ts";

type Life =
  | { readonly kind: "absent"; readonly record: RoomRecord | null }
  | { readonly kind: "running"; readonly room: RunningRoom }
  /** Its storage cannot be used: nothing is read from it and nothing written. */
  | { readonly kind: "refused"; readonly error: CollabError };

export class Lifecycle {
  readonly timers: Timers;
  readonly registration: DirectoryRegistration;
  readonly #ports: RoomPorts;
  #life: Life = { kind: "absent", record: null };

  constructor(ports: RoomPorts) {
    this.#ports = ports;
    this.timers = new Timers(ports);
    this.registration = new DirectoryRegistration(ports, this.timers);
  }

  /** The running room, or `null` for an absent one. */
  get room(): RunningRoom | null {
    return this.#life.kind === "running" ? this.#life.room : null;
  }

  /** Why the room takes no operation at all; `null` when it does. */
  get refusal(): CollabError | null {
    return this.#life.kind === "refused" ? this.#life.error : null;
  }

  /**
   * The running room, for an operation.
   * @throws CollabError `room_not_running`, `behaviour_missing`
   */
  running(): RunningRoom {
    const { room } = this;
    if (room === null) throw new CollabError("room_not_running");
    if (!this.#ports.behaviours.has(room.record.behaviour))
      throw new CollabError("behaviour_missing");
    return room;
  }

  /** Read from storage what this room is. No hook is called: waking is not starting (rule R6). */
  wake(): void {
    const { storage, behaviours, log, sockets } = this.#ports;
    const { version, isSupported } = storage.open();
    if (!isSupported) {
      log("error", "storage_too_new", { version });
      this.#life = { kind: "refused", error: new CollabError("storage_too_new") };
      return;
    }
    this.timers.restore();
    const found = this.#readRecord();
    if (found?.status !== "running") {
      // A stop that was interrupted may have left sockets open.
      for (const socket of sockets()) refuseSocket(socket, "room_stopped");
      this.#life = { kind: "absent", record: found };
      return;
    }
    const { document, record } = this.#openDocument(found);
    const members = new Members(storage.readMembers().map(memberFromStorage));
    const quarantined = storage.readQuarantine().length;
    if (quarantined > 0) log("warn", "records_quarantined", { quarantined });
    const behaviour = behaviours.get(record.behaviour);
    if (behaviour === undefined) log("error", "behaviour_missing", { behaviour: record.behaviour });
    if (!record.listed) this.registration.markUncertain();
    const room = this.#createRoom(
      behaviour ?? this.#standIn(record.behaviour),
      document,
      record,
      members,
    );
    this.#life = { kind: "running", room };
    room.restore();
  }

  /** The record. If it cannot be read, the room counts as stopped: its state may well be readable. */
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
   * has something to save: then it waits until the behaviour is deployed again.
   */
  #standIn(name: string): ResolvedBehaviour {
    const unsaved = this.timers.get("save") !== undefined;
    return resolveBehaviour(
      name,
      unsaved ? { saveRoomState: () => ({ error: "behaviour_missing" }) } : {},
    );
  }

  /** The stored state, and the record, with another epoch if versions were lost. */
  #openDocument(record: RoomRecord): { document: JsonDocument; record: RoomRecord } {
    const { storage, log, newId } = this.#ports;
    const { document, quarantined, lost } = JsonDocument.open(storage);
    const { version } = document;
    if (quarantined > 0) log("error", "history_damaged", { quarantined, lost, version });
    if (lost === 0) return { document, record };
    // Versions that clients have seen with another state will be counted again: a new epoch begins.
    const renewed = { ...record, epoch: newId() };
    storage.writeRoom(renewed);
    return { document, record: renewed };
  }

  /**
   * Everything it takes to start, hooks included, without writing any of it.
   * @throws CollabError `unknown_behaviour`, `invalid_request`, `load_failed`
   */
  async prepare(options: StartOptions, caller: Caller): Promise<RunningRoom> {
    const { storage, behaviours, newId, now } = this.#ports;
    const behaviour = behaviours.get(options.behaviour ?? "default");
    if (behaviour === undefined)
      throw new CollabError("unknown_behaviour", {
        detail: `The deployed behaviours are: ${[...behaviours.keys()].join(", ")}.`,
      });
    const { idleTimeout = behaviour.idleTimeout } = options;
    checkDuration("idleTimeout", idleTimeout);

    const old = this.#life.kind === "absent" ? this.#life.record : null;
    const kept = old?.status === "stopped" ? this.#openDocument(old) : null;
    if (kept) this.#life = { kind: "absent", record: kept.record };
    const document = kept?.document ?? JsonDocument.create(storage);
    const epoch = kept?.record.epoch ?? newId();

    const members = new Members();
    const hooks = new HookRunner({ ports: this.#ports, behaviour, epoch, document, members });
    const loaded = await hooks.load(caller);
    if (loaded !== undefined) this.#load(document, loaded, behaviour, hooks, kept !== null);

    const createdAt = now();
    const record: RoomRecord = {
      status: "running",
      behaviour: behaviour.name,
      epoch,
      createdAt,
      idleTimeout,
      activeUntil: createdAt,
    };
    return this.#createRoom(behaviour, document, record, members, hooks);
  }

  #load(
    document: JsonDocument,
    loaded: unknown,
    behaviour: ResolvedBehaviour,
    hooks: HookRunner,
    kept: boolean,
  ): void {
    try {
      const change = planReturned(document.head, loaded, behaviour.limits);
      if (change !== null) document.load(change.next, kept ? document.version + 1 : 0);
    } catch (error) {
      throw hooks.badLoad(error);
    }
  }

  #createRoom(
    behaviour: ResolvedBehaviour,
    document: JsonDocument,
    record: RoomRecord,
    members: Members,
    hooks?: HookRunner,
  ): RunningRoom {
    const ports = this.#ports;
    const { timers, registration } = this;
    const { epoch } = record;
    return createRunningRoom(
      {
        ports,
        timers,
        registration,
        behaviour,
        document,
        hooks: hooks ?? new HookRunner({ ports, behaviour, epoch, document, members }),
        members,
      },
      record,
    );
  }

  /**
   * Write a prepared room: from here on it runs.
   * @param enter writes the join that starts it, together with the start
   */
  async start<T>(room: RunningRoom, enter: () => T): Promise<T> {
    const { storage } = this.#ports;
    const result = atomically(storage, () => {
      room.activity.writeInitial();
      room.document.writeInitial();
      storage.removeMembers(); // there are none, unless the room's record was lost
      this.timers.set("idle", room.activity.idleDeadline);
      return enter();
    });
    this.#life = { kind: "running", room };
    await this.register(room);
    return result;
  }

  /** Put a running room's entry into the directory. */
  async register(room: RunningRoom): Promise<void> {
    if (await this.registration.put(room.entry)) room.activity.markListed(true);
  }

  /**
   * Stop a running room. Nothing may be staged.
   * @returns false when the state could not be saved: then the room runs on
   */
  async stop(room: RunningRoom, purge: boolean): Promise<boolean> {
    const { storage } = this.#ports;
    if ((await room.saver.flush()) !== null) {
      this.timers.clear("idle"); // a save that succeeds sets it again
      return false;
    }
    await room.membership.leaveAll();
    room.hub.endAll("room_stopped");
    room.activity.markListed(false);
    const unlisted = await this.registration.remove();
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
  async repairRegistration(): Promise<void> {
    if (this.#life.kind === "running") await this.register(this.#life.room);
    else if (await this.registration.remove()) {
      const isGone = this.#life.kind === "absent" && this.#life.record?.status === "gone";
      if (isGone) await this.#clear();
    }
  }

  async #clear(): Promise<void> {
    await this.#ports.storage.clear();
    this.timers.forget();
    this.#life = { kind: "absent", record: null };
  }

  /** Stop the room if that was requested or it has been idle for long enough; else set its idle timer. */
  async stopIfDue(room: RunningRoom): Promise<void> {
    const { stopping } = room.record;
    if (stopping || room.isIdleOver) {
      // The timer's row goes with the stop, so that a crash on the way does not forget it.
      await this.stop(room, stopping?.purge ?? false);
    } else if (room.isEmpty) this.timers.set("idle", room.activity.idleDeadline);
    else this.timers.clear("idle");
  }
}

/** An atomic write with a result. */
function atomically<T>(storage: RoomPorts["storage"], write: () => T): T {
  let result!: T;
  storage.atomically(() => {
    result = write();
  });
  return result;
}
