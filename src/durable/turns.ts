// The turns of a room: one at a time, each on the room as storage has it (rule R1). When memory and
// storage may have come apart, the room wakes anew from storage before the next turn.

import { CollabError } from "../protocol/errors.ts";
import { Lifecycle } from "./lifecycle.ts";
import { describe } from "./log.ts";
import { Mailbox } from "./mailbox.ts";
import type { RoomPorts } from "./ports.ts";
import type { RunningRoom } from "./running-room.ts";

export class Turns {
  readonly #ports: RoomPorts;
  readonly #mailbox = new Mailbox();
  #life: Lifecycle;
  #broken = false;

  constructor(ports: RoomPorts) {
    this.#ports = ports;
    this.#life = this.#live(ports);
  }

  /** The room's life as it is now: another object after the room has woken anew. */
  get life(): Lifecycle {
    return this.#life;
  }

  /** @throws CollabError `room_not_running`, `behaviour_missing` */
  running(): RunningRoom {
    const { room } = this.#life;
    if (room === null) throw new CollabError("room_not_running");
    if (!this.#ports.behaviours.has(room.record.behaviour))
      throw new CollabError("behaviour_missing");
    return room;
  }

  /**
   * Run one turn. An error that is none of ours may have left memory and storage apart: the room wakes
   * anew from storage, as a supervised process would.
   * @param characters of input that the turn holds in memory while it waits
   * @param refusable false for a turn that must run however many wait
   */
  run<T>(turn: () => T | Promise<T>, characters = 0, refusable = true): Promise<T> {
    return this.#mailbox.run(
      async () => {
        try {
          if (this.#broken) await this.#wakeAnew();
          this.#life.timers.ensureAlarm();
          return await turn();
        } catch (error) {
          if (error instanceof CollabError) throw error;
          const instance = this.#ports.newId();
          this.#ports.log("error", "internal", { instance, error: describe(error) });
          await this.#wakeAnew();
          throw new CollabError("internal", { instance });
        }
      },
      characters,
      refusable,
    );
  }

  /** Run a turn that changes the state; its outcome counts once that is committed. */
  async commit<T>(turn: (room: RunningRoom) => T | Promise<T>, characters?: number): Promise<T> {
    const { outcome, settled } = await this.run(async () => {
      const room = this.running();
      const done = await this.#tried(room, turn);
      if (room.changes.areStaged) room.proceed();
      return { outcome: done, settled: room.changes.settled() };
    }, characters);
    if (settled !== null) await settled;
    return outcome;
  }

  async #tried<T>(room: RunningRoom, turn: (room: RunningRoom) => T | Promise<T>): Promise<T> {
    try {
      return await turn(room);
    } catch (error) {
      room.changes.settle(); // a refusal may tell of what is staged
      throw error;
    }
  }

  /**
   * Run a turn that nobody waits for, however many wait before it: a user without sockets would stay for
   * ever. Never throws: what goes wrong stands in the log.
   */
  async beside(turn: () => void | Promise<void>): Promise<void> {
    try {
      await this.run(turn, 0, false);
    } catch (error) {
      const code = error instanceof CollabError ? error.code : "internal";
      if (code !== "internal") this.#ports.log("warn", "turn_refused", { code });
    }
  }

  #live(ports: RoomPorts): Lifecycle {
    return new Lifecycle(ports, {
      othersWait: () => this.#mailbox.isWaitedFor,
      onBroken: () => {
        this.#broken = true;
        ports.background(this.beside(() => {}));
      },
      onGone: (userId) => {
        // Not in this very call: a room that wakes may end sessions before it is this one's life.
        const seen = Promise.resolve().then(() =>
          this.beside(() => this.#life.room?.membership.detach(userId)),
        );
        ports.background(seen);
      },
    });
  }

  async #wakeAnew(): Promise<void> {
    this.#broken = true; // until it has succeeded: storage itself may fail now
    const { timers, room } = this.#life;
    room?.abandon(new CollabError("commit_failed"));
    // One save at a time, whoever started it.
    await room?.saver.settled();
    timers.retire();
    this.#life = this.#live({ ...this.#ports, alarmAt: timers.alarmAt });
    this.#broken = false;
  }
}
