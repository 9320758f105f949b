// Builds a running room, either from storage or for a start. The lifecycle decides which.

import { resolveBehaviour, type ResolvedBehaviour } from "../behaviours/resolve.ts";
import type { Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";
import type { StartOptions } from "../protocol/rooms.ts";
import { planReturned } from "../model/change.ts";
import { checkDuration } from "../model/duration.ts";
import { memberFromStorage, Members } from "../model/members.ts";
import { isOfLaterRelease, isRecord, type RoomRecord } from "../model/record.ts";
import type { DirectoryRegistration } from "./directory-registration.ts";
import { JsonDocument } from "./document/json-document.ts";
import { HookRunner } from "./hooks/hook-runner.ts";
import type { LeaveHooks } from "./hooks/leave-hooks.ts";
import type { Bans } from "./members/bans.ts";
import { describe } from "./log.ts";
import type { RoomPorts } from "./ports.ts";
import type { IdempotencyKeys } from "./requests/idempotency-keys.ts";
import { createParts } from "./room-parts.ts";
import { RunningRoom } from "./running-room.ts";
import type { Timers } from "./timers.ts";

export type RoomBuilderParts = {
  readonly ports: RoomPorts;
  readonly timers: Timers;
  readonly registration: DirectoryRegistration;
  readonly leaveHooks: LeaveHooks;
  readonly keys: IdempotencyKeys;
  readonly bans: Bans;
};

/** A stored state, and the record it belongs to. */
export type StoredRoom = { readonly document: JsonDocument; readonly record: RoomRecord };

export class RoomBuilder {
  readonly #parts: RoomBuilderParts;
  readonly #ports: RoomPorts;

  constructor(parts: RoomBuilderParts) {
    this.#parts = parts;
    this.#ports = parts.ports;
  }

  /**
   * Open the room that storage says is running.
   * @returns the room, and whether versions or members that clients know are lost
   */
  open(found: RoomRecord): { room: RunningRoom; hasLosses: boolean } {
    const { storage, behaviours, log } = this.#ports;
    const { document, record } = this.openDocument(found);
    const behaviour = behaviours.get(record.behaviour);
    if (behaviour === undefined) log("behaviour_missing", { behaviour: record.behaviour });
    const quarantined = storage.readQuarantine().length;
    const members = this.#readMembers(behaviour);
    const hasLosses = record.epoch !== found.epoch || storage.readQuarantine().length > quarantined;
    const known = behaviour ?? this.#standIn(record.behaviour);
    return { room: this.#createRoom(known, document, record, members), hasLosses };
  }

  /** Log how many records could not be read so far. */
  reportQuarantined(): void {
    const { storage, log } = this.#ports;
    const quarantined = storage.readQuarantine().length;
    if (quarantined > 0) log("records_quarantined", { quarantined });
  }

  /**
   * Read the record. If it is unreadable, the room counts as stopped, because its state may well be readable. Its
   * behaviour is then unknown, so the caller who starts the room may name one.
   */
  readRecord(): RoomRecord | null {
    const { storage, log, newId } = this.#ports;
    try {
      const record: unknown = storage.readRoom();
      if (record === null || isRecord(record) || isOfLaterRelease(record))
        return record as RoomRecord | null;
      throw new TypeError("the record has an unknown shape");
    } catch (error) {
      log("record_unreadable", { error: describe(error) });
      return {
        status: "stopped",
        behaviour: "",
        epoch: newId(),
        createdAt: 0,
        idleTimeout: 0,
        activeUntil: 0,
      };
    }
  }

  /** Read the members. An unusable one is quarantined on its own. */
  #readMembers(behaviour: ResolvedBehaviour | undefined): Members {
    const { storage, now } = this.#ports;
    const members = new Members();
    for (const stored of storage.readMembers()) {
      const member = memberFromStorage(stored, behaviour?.reconnectGrace ?? Infinity, now());
      if (member === null) storage.quarantine([{ kind: "member", version: stored.seq }]);
      else members.put(member);
    }
    return members;
  }

  /**
   * A stand-in for a behaviour that is not deployed. The room then answers nothing, but it still stops when it is
   * due, unless it has something to save: then it waits until the behaviour is deployed again.
   */
  #standIn(name: string): ResolvedBehaviour {
    const unsaved = this.#parts.timers.get("save") !== undefined;
    return resolveBehaviour(
      name,
      unsaved ? { saveRoomState: () => ({ error: "behaviour_missing" }) } : {},
    );
  }

  /** Open the stored state. If versions were lost, the record gets a new epoch. */
  openDocument(record: RoomRecord): StoredRoom {
    const { storage, log, newId } = this.#ports;
    const { document, quarantined, lost } = JsonDocument.open(storage);
    const { version } = document;
    if (quarantined > 0) log("history_damaged", { quarantined, lost, version });
    if (lost === 0) return { document, record };
    // Version numbers that clients have seen with another state will be reused, so a new epoch begins.
    const renewed = { ...record, epoch: newId() };
    storage.writeRoom(renewed);
    return { document, record: renewed };
  }

  /**
   * Do everything that a start needs, including hooks, without writing any of it.
   * @param kept what a stopped room has kept
   * @throws CollabError `unknown_behaviour`, `behaviour_missing`, `invalid_request`, `load_failed`
   */
  async prepare(
    options: StartOptions & { readonly behaviour: string },
    kept: StoredRoom | null,
    caller: Caller,
  ): Promise<RunningRoom> {
    const { storage, behaviours, newId, now } = this.#ports;
    const behaviour = behaviours.get(options.behaviour);
    if (behaviour === undefined && options.behaviour === kept?.record.behaviour)
      throw new CollabError("behaviour_missing");
    if (behaviour === undefined)
      throw new CollabError("unknown_behaviour", {
        detail: `The deployed behaviours are: ${[...behaviours.keys()].join(", ")}.`,
      });
    const { idleTimeout = behaviour.idleTimeout } = options;
    checkDuration("idleTimeout", idleTimeout);

    const document = kept?.document ?? JsonDocument.create(storage);
    const epoch = kept?.record.epoch ?? newId();

    const members = new Members();
    const hooks = new HookRunner({ ports: this.#ports, behaviour, epoch, document, members });
    const loaded = await hooks.load(caller);
    if (loaded === null && kept === null) document.begin(behaviour.initialState);
    try {
      if (loaded !== null) this.#load(document, loaded.state, behaviour, hooks, kept !== null);
    } catch (error) {
      throw hooks.badLoad(error, caller);
    }

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
    const change = planReturned(document.head, loaded, behaviour.limits, hooks.checkState);
    if (change !== null) document.load(change.next, kept ? document.version + 1 : 0);
  }

  #createRoom(
    behaviour: ResolvedBehaviour,
    document: JsonDocument,
    record: RoomRecord,
    members: Members,
    hooks?: HookRunner,
  ): RunningRoom {
    const ports = this.#ports;
    const { timers, registration, leaveHooks, keys, bans } = this.#parts;
    const { epoch } = record;
    const basis = {
      ports,
      timers,
      registration,
      behaviour,
      document,
      hooks: hooks ?? new HookRunner({ ports, behaviour, epoch, document, members }),
      leaveHooks,
      keys,
      bans,
      members,
    };
    return new RunningRoom(createParts(basis, record));
  }
}
