// What an action can do beside changing the state: send events, and see who is there (rule B5). It counts only once
// the action has succeeded, and only while the action runs.

import type { ActionContext, RoomContext } from "../../behaviours/behaviour.ts";
import type { JsonValue } from "../../protocol/json.ts";
import type { Limits } from "../../protocol/limits.ts";
import type { PresenceMap } from "../../protocol/presence.ts";
import { freezeState } from "../../model/freeze.ts";
import { checkEvent } from "../../model/payload.ts";

/** Events that one action may send. */
const maxEvents = 100;

/** An event that an action sends. */
export type ActionEvent = { readonly event: string; readonly payload: JsonValue };

/** What an action has asked for. */
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

  /** The action has ended: what it asks for from now on is refused. */
  end(): void {
    this.#isOver = true;
  }

  /** The room, as an action sees it. @param presence is made when it is read */
  context(room: RoomContext, presence: () => PresenceMap): ActionContext {
    return Object.freeze(
      Object.defineProperties({} as ActionContext, {
        ...Object.getOwnPropertyDescriptors(room),
        presence: { enumerable: true, get: () => freezeState(presence()) },
        broadcast: {
          enumerable: true,
          value: (event: string, payload: JsonValue = null) => this.#broadcast(event, payload),
        },
      }),
    );
  }

  #broadcast(event: string, payload: JsonValue): void {
    if (this.#isOver)
      throw new Error("room.broadcast was called after the action had ended: await what calls it");
    if (this.#events.length >= maxEvents)
      throw new RangeError(`an action may send ${maxEvents} events`);
    checkEvent(event, payload, this.#limits);
    // A copy, because the author's code may still change it.
    this.#events.push({ event, payload: JSON.parse(JSON.stringify(payload)) as JsonValue });
  }
}
