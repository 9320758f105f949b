// One room id as a process: every operation is one turn of its mailbox (rule R1). This is the
// counterpart of a GenServer; it knows no platform but the ports it is given.

import { CollabError } from "../protocol/errors.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import type { RoomInfo, StartOptions } from "../protocol/rooms.ts";
import type { ChangeInput } from "../room/change.ts";
import { checkDuration } from "../room/duration.ts";
import { checkEvent } from "../room/payload.ts";
import type { StopRequest } from "../room/record.ts";
import type { UserEntry } from "../protocol/users.ts";
import { checkUser } from "../room/user.ts";
import { Lifecycle } from "./lifecycle.ts";
import { describe } from "./log.ts";
import { Mailbox } from "./mailbox.ts";
import type { RoomPorts } from "./ports.ts";
import type { RunningRoom } from "./running-room.ts";
import type { TimerName } from "./timers.ts";

export type Started = {
  /** Whether this call started the room. */
  readonly created: boolean;
  readonly info: RoomInfo;
};

export class RoomProcess {
  readonly #ports: RoomPorts;
  readonly #mailbox = new Mailbox();
  #life: Lifecycle;

  constructor(ports: RoomPorts) {
    this.#ports = ports;
    this.#life = new Lifecycle(ports);
  }

  /** Start the room if it is absent (rule R2). */
  start(options: StartOptions): Promise<Started> {
    return this.#turn(async () => {
      if (this.#life.room) {
        const running = this.#running();
        // The instance that started it may have died before it was listed.
        if (!running.record.listed && !this.#life.listing.isRetrying)
          await this.#life.list(running);
        return { created: false, info: running.info() };
      }
      const room = await this.#life.prepare(options);
      this.#ports.storage.atomically(() => this.#life.begin(room));
      await this.#life.begun(room);
      return { created: true, info: room.info() };
    });
  }

  /**
   * Let a user in, starting an absent room (rule R3). A room that would start only for a user who is
   * then refused does not start.
   * @param userText JSON text
   */
  join(userText: string, ttl?: number): Promise<UserEntry> {
    return this.#turn(async () => {
      const user = checkUser(parseJson(userText));
      if (ttl !== undefined) checkDuration("ttl", ttl);
      if (this.#life.room) return this.#running().membership.join(user, ttl);
      const room = await this.#life.prepare({});
      const entry = await room.membership.join(user, ttl, () => this.#life.begin(room));
      await this.#life.begun(room);
      return entry;
    }, userText.length);
  }

  leave(userId: string): Promise<void> {
    return this.#turn(async () => {
      if (this.#life.room) await this.#running().membership.leave(userId);
    });
  }

  alive(): Promise<boolean> {
    return this.#turn(() => this.#life.room !== null);
  }

  info(): Promise<RoomInfo> {
    return this.#turn(() => this.#running().info());
  }

  users(): Promise<UserEntry[]> {
    return this.#turn(() => this.#running().users);
  }

  /** The state and its version; without its text when the caller knows the version, `"any"` at that. */
  state(known: readonly number[] | "any" = []): Promise<{ version: number; text: string | null }> {
    return this.#turn(() => {
      const room = this.#running();
      const { version } = room;
      const text = known === "any" || known.includes(version) ? null : room.stateText;
      return { version, text };
    });
  }

  /** @returns the version after the change */
  change(input: ChangeInput, ifVersion?: readonly number[]): Promise<number> {
    return this.#turn(() => this.#running().change(input, ifVersion), input.text.length);
  }

  /** @returns the version after the update */
  update(next: (stateText: string) => Promise<string | null>): Promise<number> {
    return this.#turn(() => this.#running().update(next));
  }

  /** @param payload JSON text */
  act(name: string, payload: string): Promise<{ result: JsonValue; version: number }> {
    return this.#turn(() => this.#running().act(name, payload), payload.length);
  }

  /** Note a sign of life: of the room, and of a user if one is named. */
  touch(userId?: string): Promise<void> {
    return this.#turn(() => this.#running().touch(userId));
  }

  /**
   * Send an event to every session; it is not stored.
   * @param payload JSON text
   */
  broadcast(event: string, payload: string): Promise<void> {
    return this.#turn(() => {
      const room = this.#running();
      checkEvent(event, payload, room.behaviour.limits);
      room.touch();
    }, payload.length);
  }

  /**
   * Stop the room (rule R7).
   * @param purge also drop the state, of a room that has stopped already too
   * @throws CollabError `save_failed`: the room runs on and stops when its state is saved
   */
  stop({ purge }: StopRequest): Promise<void> {
    return this.#turn(async () => {
      const { room } = this.#life;
      if (room === null) {
        if (purge) return this.#life.purge();
        throw new CollabError("room_not_running");
      }
      room.requestStop({ purge });
      if (!(await this.#life.stop(room, purge))) throw new CollabError("save_failed");
    });
  }

  /** The alarm has rung. Never throws; doing it twice does no harm. */
  async ring(again = true): Promise<void> {
    const { now, log } = this.#ports;
    const { timers: rung } = this.#life;
    await rung.ring(now(), async (name) => {
      try {
        await this.#turn(() => this.#fire(name));
      } catch (error) {
        log("error", "timer_failed", { timer: name, error: describe(error) });
        this.#life.timers.tryLater(name, now());
      }
    });
    if (this.#life.timers === rung) return;
    // The room has woken anew in between: its new timers ring too, but not without end.
    if (again) await this.ring(false);
    else this.#life.timers.ensureAlarm();
  }

  async #fire(name: TimerName): Promise<void> {
    const { room, timers } = this.#life;
    if (!timers.isDue(name, this.#ports.now())) return; // a turn before this one has seen to it
    if (name === "directory") return this.#life.settleListing();
    if (room === null) return timers.clear(name);
    switch (name) {
      case "idle":
        return this.#life.stopIfDue();
      case "lease":
        return room.membership.lapse();
      case "save":
        return room.saver.ring(this.#ports.now());
      default:
        name satisfies never;
    }
  }

  async #wakeAnew(): Promise<void> {
    const { timers, room } = this.#life;
    // One save at a time, whoever started it.
    await room?.saver.settled();
    timers.retire();
    this.#life = new Lifecycle({ ...this.#ports, alarmAt: timers.alarmAt });
  }

  #running(): RunningRoom {
    const { room } = this.#life;
    if (room === null) throw new CollabError("room_not_running");
    if (!this.#ports.behaviours.has(room.record.behaviour))
      throw new CollabError("behaviour_missing");
    return room;
  }

  /**
   * Run one turn. An error that is none of ours may have left memory and storage apart: the room wakes
   * anew from storage, as a supervised process would.
   */
  #turn<T>(turn: () => T | Promise<T>, characters = 0): Promise<T> {
    return this.#mailbox.run(async () => {
      try {
        this.#life.timers.ensureAlarm();
        return await turn();
      } catch (error) {
        if (error instanceof CollabError) throw error;
        const instance = this.#ports.newId();
        this.#ports.log("error", "internal", { instance, error: describe(error) });
        await this.#wakeAnew();
        throw new CollabError("internal", { instance });
      }
    }, characters);
  }
}
