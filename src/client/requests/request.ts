// The tasks that an application gives the room, and the requests that carry them.

import type { JsonValue } from "../../protocol/json.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import type { PendingEdit } from "../document/pending-edit.ts";
import type { RoomError } from "../room-error.ts";
import type { RoomStatus, SaveStatus, StaleEdits } from "../types.ts";

/** How whoever has asked for something is told what has become of it. */
export type Asker<T> = { resolve(answer: T): void; reject(error: RoomError): void };

/** Nobody waits for an answer. */
export const nobody: Asker<unknown> = { resolve() {}, reject() {} };

/** How a task has ended well. */
export type Answer = {
  readonly version: number;
  /** Of an edit: indexes of its operations that were left out. */
  readonly dropped: readonly number[];
  /** Of an action. */
  readonly result?: JsonValue;
};

/** One edit or one call of an action. */
export type Task = {
  /** Of an action: what it is expected to do, if the application has said so. */
  readonly edit: PendingEdit | null;
  readonly action: { readonly name: string; readonly payload: JsonValue } | null;
  /** Grows from task to task. */
  readonly number: number;
  /** Epoch ms. */
  readonly madeAt: number;
  /** Whether it is sent alone, because it was refused together with others. */
  isAlone: boolean;
  /** Why it waits for the application's word; `null` if it does not. */
  held: StaleEdits["why"] | null;
  /** How often it was made anew, because the room could not move it. */
  remade: number;
} & Asker<Answer>;

/** The source of an operation in a request: its task, and the index in its edit. */
type Origin = { readonly task: Task; readonly index: number };

/** A numbered message with tasks in it. */
export type Request = {
  readonly seq: number;
  readonly tasks: readonly Task[];
  readonly text: string;
  /** Of each operation of its patch. */
  readonly origins: readonly Origin[];
  /** Operations that were left out before it was sent. */
  readonly missing: readonly Origin[];
  /** Epoch ms at which it is sent again; `null` while it is on its way. */
  retryAt: number | null;
  /** How often it was refused for now. */
  attempts: number;
};

/** All that has no final reply. */
export type Work = {
  readonly nextSeq: number;
  readonly sent: readonly Request[];
  readonly queued: readonly Task[];
};

type Wire = Pick<Request, "text" | "origins" | "missing">;

/** The message for an action. */
export function actionMessage(
  seq: number,
  { name, payload }: { readonly name: string; readonly payload: JsonValue },
): Wire {
  const text = JSON.stringify({ type: "action", ref: seq, name, payload, seq });
  return { text, origins: [], missing: [] };
}

/** The message for edits that follow each other. @param base the version that they are made on */
export function updateMessage(seq: number, tasks: readonly Task[], base: number): Wire {
  const patch: Operation[] = [];
  const origins: Origin[] = [];
  const missing: Origin[] = [];
  for (const task of tasks)
    for (const [index, operation] of (task.edit?.operations ?? []).entries()) {
      if (!operation.isApplied || operation.operations.length === 0) missing.push({ task, index });
      else
        for (const each of operation.operations) {
          patch.push(each);
          origins.push({ task, index });
        }
    }
  const text = JSON.stringify({ type: "update", ref: seq, patch, base, seq });
  return { text, origins, missing };
}

/** The part of a reply that concerns one of the tasks of its request. @param dropped indexes in the request's patch */
export function answerTo(
  { origins, missing }: Request,
  task: Task,
  version: number,
  dropped: readonly number[],
  result: JsonValue,
): Answer {
  const left = dropped.map((index) => origins[index]);
  const own = [...missing, ...left].flatMap((each) => (each?.task === task ? each.index : []));
  const indexes = [...new Set(own)].toSorted((a, b) => a - b);
  return { version, dropped: indexes, ...(task.action && { result }) };
}

export const editsOf = (tasks: readonly Task[]): ReadonlySet<PendingEdit> =>
  new Set(tasks.flatMap(({ edit }) => edit ?? []));

export const oldestOf = (tasks: readonly Task[]): number =>
  Math.min(...tasks.map(({ madeAt }) => madeAt));

/** Whether the room has all that was asked of it. @param tasks those that have no final reply */
export function savedOf(tasks: readonly Task[], connection: RoomStatus["state"]): SaveStatus {
  if (tasks.length === 0) return { state: "saved" };
  const what = { count: tasks.length, oldest: oldestOf(tasks) };
  const isHeld = tasks.some(({ held }) => held);
  if (connection === "connected" && !isHeld) return { state: "saving", ...what };
  const reason = connection === "closed" ? connection : isHeld ? "stale" : "disconnected";
  return { state: "unsaved", reason, ...what };
}

/** The decisions of a frame about edits, see `Outcome`. */
export type Decided = {
  readonly done: Set<PendingEdit>;
  readonly accepted: Map<PendingEdit, number | null>;
  readonly idle: Set<PendingEdit>;
  /** To be told once the frame has been taken in. */
  readonly afterwards: (() => void)[];
};

export const nothingDecided = (): Decided => ({
  done: new Set(),
  accepted: new Map(),
  idle: new Set(),
  afterwards: [],
});
