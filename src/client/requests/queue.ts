// Edits and actions that are not sent yet, in the order in which they were made, and those among them that wait for the
// application's word: they have waited too long, or nobody knows whether the room has them (rule C7).

import type { PendingEdit } from "../document/pending-edit.ts";
import type { Replica } from "../document/replica.ts";
import { RoomError } from "../room-error.ts";
import type { Problem, StaleEdits } from "../types.ts";
import { editsOf, oldestOf, type Task } from "./request.ts";

/** Operations of edits that are sent together. */
const maxTogether = 200;

type QueuePorts = {
  readonly replica: Replica;
  /** Something may be sent, or shows, that did not before. */
  released(): void;
  /** The application has taken an edit back. */
  discarded(edit: PendingEdit): void;
};

export class Queue {
  readonly #ports: QueuePorts;
  #tasks: Task[] = [];

  constructor(ports: QueuePorts) {
    this.#ports = ports;
  }

  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  add(task: Task): void {
    this.#tasks.push(task);
  }

  /** Tasks that were sent are to be sent once more. */
  putBack(tasks: readonly Task[]): void {
    this.#tasks.push(...tasks);
    this.#tasks.sort((a, b) => a.number - b.number);
  }

  remove(tasks: readonly Task[]): void {
    this.#tasks = this.#tasks.filter((task) => !tasks.includes(task));
  }

  /**
   * The tasks to send next, in one request.
   * @param sent the edits that are sent and have no reply
   * @returns nothing if that has to wait for replies
   */
  next(sent: readonly Task[]): readonly Task[] {
    const { replica } = this.#ports;
    const waiting = new Set(this.#tasks.filter(({ held }) => held !== null));
    if (waiting.size > 0) {
      // Edits on top of these wait with them, and hold up nothing else.
      const free = replica.independentOf(editsOf([...waiting]), false);
      for (const task of this.#tasks)
        if (task.action === null && task.edit && !free.has(task.edit)) waiting.add(task);
    }
    const [first, ...others] = this.#tasks.filter((task) => !waiting.has(task));
    if (first === undefined) return [];
    if (first.action !== null) return [first];
    const independent = replica.independentOf(editsOf([...sent, ...waiting]), true);
    const mayGo = ({ edit }: Task): boolean => edit === null || independent.has(edit);
    if (!mayGo(first)) return [];
    const together = [first];
    let count = first.edit?.operations.length ?? 0;
    for (const task of first.isAlone ? [] : others) {
      count += task.edit?.operations.length ?? 0;
      if (task.action || task.isAlone || count > maxTogether || !mayGo(task)) break;
      together.push(task);
    }
    return together;
  }

  /** Let those wait for the application's word that were made before a time. */
  holdBefore(time: number): void {
    for (const task of this.#tasks) if (task.madeAt < time) task.held ??= "age";
  }

  /** The question for the application; `null` if nothing waits for its decision for this reason. */
  question(why: StaleEdits["why"]): StaleEdits | null {
    const tasks = this.#tasks.filter(({ held }) => held === why);
    if (tasks.length === 0) return null;
    const stillHeld = (): Task[] =>
      tasks.filter((task) => task.held !== null && this.#tasks.includes(task));
    return {
      why,
      count: tasks.length,
      oldest: oldestOf(tasks),
      apply: () => {
        for (const task of stillHeld()) {
          task.held = null;
          if (task.edit) task.edit.isSuspended = false;
        }
        this.#ports.replica.refresh();
        this.#ports.released();
      },
      discard: () => {
        const held = stillHeld();
        this.remove(held);
        this.#ports.replica.discard(editsOf(held));
        for (const { edit, reject } of held) {
          if (edit) this.#ports.discarded(edit);
          reject(new RoomError(discarded));
        }
        this.#ports.released();
      },
    };
  }
}

const discarded: Problem = {
  code: "request_forgotten",
  detail: "The application has discarded the edit, which was never confirmed.",
};
