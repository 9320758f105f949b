// The schedules and cancellations of an action (rule B5). This is collected while the action runs and takes effect once it
// has succeeded.

import type { PendingAction } from "../../behaviours/behaviour.ts";
import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import { describeValue, measure, type JsonValue } from "../../protocol/json.ts";
import type { StoredSchedule } from "../../storage/room-storage.ts";
import type { RoomPorts } from "../ports.ts";
import type { Schedules } from "../schedules.ts";

export type ScheduleRequestsParts = {
  readonly ports: Pick<RoomPorts, "now" | "newId">;
  readonly behaviour: Pick<ResolvedBehaviour, "actions" | "limits">;
  readonly schedules: Pick<Schedules, "get" | "all" | "size">;
  /** Ids of the schedules that are done when the action has succeeded. */
  readonly done: readonly string[];
};

/** Maximum number of scheduled actions that may be pending in a room. */
const maxSchedules = 1000;
/** Maximum bytes of the input of one scheduled action. */
const maxInput = 16 * 1024;
/** The largest time that a Date can hold, in epoch ms. */
const maxTime = 8.64e15;

export class ScheduleRequests {
  readonly #parts: ScheduleRequestsParts;
  readonly #added = new Map<string, StoredSchedule>();
  readonly #removed: Set<string>;

  constructor(parts: ScheduleRequestsParts) {
    this.#parts = parts;
    this.#removed = new Set(parts.done);
  }

  get added(): readonly StoredSchedule[] {
    return [...this.#added.values()];
  }

  /** Ids. */
  get removed(): readonly string[] {
    return [...this.#removed];
  }

  /** The pending actions in order of time, as if the action had succeeded. */
  pending(): readonly PendingAction[] {
    const before = this.#parts.schedules.all().filter(({ id }) => !this.#removed.has(id));
    const all = [...before, ...this.#added.values()].toSorted((a, b) => a.at - b.at);
    return Object.freeze(all.map(({ id, name, at }) => Object.freeze({ id, name, at })));
  }

  /**
   * @returns its id
   * @throws TypeError or RangeError; nothing is scheduled then
   */
  add(name: string, input: JsonValue, at: Date | number): string {
    const { ports, behaviour, schedules } = this.#parts;
    const time = at instanceof Date ? at.getTime() : at;
    if (!(Number.isFinite(time) && Math.abs(time) <= maxTime))
      throw new TypeError(
        `room.schedule: the time must be a Date or epoch ms, got ${describeValue(at)}`,
      );
    const { bytes } = measure(input, behaviour.limits.stateDepth);
    if (bytes > maxInput)
      throw new RangeError(`room.schedule: the input has ${bytes} bytes; the limit is ${maxInput}`);
    this.#checkInput(name, input);
    if (schedules.size + this.#added.size - this.#removed.size >= maxSchedules)
      throw new RangeError(
        `room.schedule: ${maxSchedules} actions are pending, which is the limit; cancel some first`,
      );
    const id = ports.newId();
    const setAt = ports.now();
    // A copy, because the author's code may still modify the original.
    const copy = JSON.parse(JSON.stringify(input)) as JsonValue;
    this.#added.set(id, {
      id,
      name,
      input: copy,
      at: Math.ceil(time),
      due: Math.max(Math.ceil(time), setAt),
      setAt,
      attempts: 0,
    });
    return id;
  }

  /** @returns false if none with this id is pending */
  cancel(id: string): boolean {
    if (this.#added.delete(id)) return true;
    if (this.#removed.has(id) || this.#parts.schedules.get(id) === undefined) return false;
    this.#removed.add(id);
    return true;
  }

  #checkInput(name: string, input: JsonValue): void {
    const { actions } = this.#parts.behaviour;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action === undefined)
      throw new TypeError(
        `room.schedule: there is no action ${JSON.stringify(name)}; the room's actions are ${Object.keys(actions).join(", ")}`,
      );
    const checked = action.schema["~standard"].validate(input);
    if (checked instanceof Promise) {
      checked.catch(() => {});
      throw new TypeError(
        `room.schedule: the schema of ${name} is asynchronous; only actions with a synchronous one can be scheduled`,
      );
    }
    if (checked.issues)
      throw new TypeError(
        `room.schedule: the input does not match the schema of ${name}: ${checked.issues.map(({ message }) => message).join("; ")}`,
      );
  }
}
