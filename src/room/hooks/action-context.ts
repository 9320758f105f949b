// The abilities of an action besides changing the state: send events, schedule actions, and see who is there (rule B5).
// This takes effect only once the action has succeeded, and is possible only while the action runs.

import type { ActionContext, RoomContext } from "../../behaviours/behaviour.ts";
import type { JsonValue } from "../../protocol/json.ts";
import type { Limits } from "../../protocol/limits.ts";
import type { PresenceMap } from "../../protocol/presence.ts";
import { freezeState } from "../../model/freeze.ts";
import { checkEvent } from "../../model/payload.ts";
import type { ScheduleRequests } from "./schedule-requests.ts";

/** Events that one action may send. */
const maxEvents = 100;

/** An event that an action sends. */
export type ActionEvent = { readonly event: string; readonly payload: JsonValue };

/** The view of the room for an action, with its scheduling. */
export type ActionView = {
  /** Everybody's presence, computed when the action reads it. */
  presence(): PresenceMap;
  readonly scheduling: ScheduleRequests;
};

/** The requests of an action. */
export class ActionRequests {
  readonly #limits: Limits;
  readonly #events: ActionEvent[] = [];
  #isOver = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get events(): readonly ActionEvent[] {
    return this.#events;
  }

  /** The action has ended: further requests are refused. */
  end(): void {
    this.#isOver = true;
  }

  /** The room as an action sees it. */
  context(room: RoomContext, { presence, scheduling }: ActionView): ActionContext {
    const method = <Args extends unknown[], T>(name: string, run: (...args: Args) => T) => ({
      enumerable: true,
      value: (...args: Args): T => {
        this.#checkTime(name);
        return run(...args);
      },
    });
    return Object.freeze(
      Object.defineProperties({} as ActionContext, {
        ...Object.getOwnPropertyDescriptors(room),
        presence: { enumerable: true, get: () => freezeState(presence()) },
        schedules: { enumerable: true, get: () => scheduling.pending() },
        broadcast: method("broadcast", (event: string, payload: JsonValue = null) =>
          this.#broadcast(event, payload),
        ),
        schedule: method("schedule", (name: string, input: JsonValue, at: Date | number) =>
          scheduling.add(name, input, at),
        ),
        cancel: method("cancel", (id: string) => scheduling.cancel(id)),
      }),
    );
  }

  #checkTime(method: string): void {
    if (this.#isOver)
      throw new Error(`room.${method} was called after the action had ended: await what calls it`);
  }

  #broadcast(event: string, payload: JsonValue): void {
    if (this.#events.length >= maxEvents)
      throw new RangeError(`an action may send at most ${maxEvents} events`);
    checkEvent(event, payload, this.#limits);
    // A copy, because the author's code may still modify the original.
    this.#events.push({ event, payload: JSON.parse(JSON.stringify(payload)) as JsonValue });
  }
}
