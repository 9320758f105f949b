// The record of a client whose edits the room does not have yet: enough to continue where its page stopped. A state
// and the edits on top of it belong together; a later state needs no new record as long as the edits are the same.

import { inverseOf, type Effect } from "../../protocol/effects.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import { isObject, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import type { Scope } from "../../protocol/scopes.ts";
import type { DocumentSync } from "../document-sync.ts";
import { MovingOperation } from "../document/moving-operation.ts";
import type { PendingEdit, PendingOperation } from "../document/pending-edit.ts";
import type { Request, Task } from "../requests/request.ts";
import type { Stored } from "./database.ts";

export type KeptTask = {
  readonly madeAt: number;
  /** Of the request that it was sent in; `null` if it was not. */
  readonly seq: number | null;
  readonly held: Task["held"];
  readonly action: Task["action"];
  /** The operations of its edit, on top of the state and of the tasks before it. */
  readonly operations: readonly Operation[];
};

/** The edits of a record. */
export type Kept = {
  readonly client: string;
  readonly epoch: string;
  readonly version: number;
  readonly nextSeq: number;
  readonly scopes: readonly Scope[];
  /** Messages as they were sent. */
  readonly requests: readonly { readonly seq: number; readonly text: string }[];
  readonly tasks: readonly KeptTask[];
};

/** The author of these edits, and their scopes. */
export type Owner = { client: string; scopes: readonly Scope[] };

/** A task that has no final reply, and what its record says of it. */
export type PendingTask = Pick<KeptTask, "seq" | "held"> & { readonly task: Task };

/**
 * All tasks without a final reply, in order.
 * @param forsaken requests that were sent under another client name: nobody knows what has become of them
 */
export function pendingIn(
  { outbox }: DocumentSync,
  forsaken: ReadonlySet<Request>,
): readonly PendingTask[] {
  const { sent, queued } = outbox.work;
  const pending = [
    ...sent.flatMap((request): PendingTask[] =>
      request.tasks.map((task) =>
        forsaken.has(request)
          ? { task, seq: null, held: "unknown" }
          : { task, seq: request.seq, held: null },
      ),
    ),
    ...queued.map((task): PendingTask => ({ task, seq: null, held: task.held })),
  ];
  return pending.toSorted((a, b) => a.task.number - b.task.number);
}

/** The record to keep; `null` if the copy of the state is not to be trusted now. */
export function keptOf(
  document: DocumentSync,
  { client, scopes }: Owner,
  pending: readonly PendingTask[],
): Kept | null {
  const { epoch, since } = document.resumeFrom;
  if (epoch === undefined || since === undefined) return null;
  const { nextSeq, sent } = document.outbox.work;
  const seqs = new Set(pending.map(({ seq }) => seq));
  const operations = operationsIn(document.replica.edits, pending);
  return {
    client,
    epoch,
    version: since,
    nextSeq,
    scopes,
    requests: sent.flatMap(({ seq, text }) => (seqs.has(seq) ? { seq, text } : [])),
    tasks: pending.map(({ task: { madeAt, action, edit }, seq, held }) => ({
      madeAt,
      seq,
      held,
      action,
      operations: (edit && operations.get(edit)) ?? [],
    })),
  };
}

/**
 * The current operations of edits. The optimistic change of an action cannot be kept: edits after it are moved to where they lead
 * without it.
 */
function operationsIn(
  edits: readonly PendingEdit[],
  pending: readonly PendingTask[],
): ReadonlyMap<PendingEdit, readonly Operation[]> {
  const expected = new Set(
    pending.flatMap(({ task: { edit, action } }) => (edit && action ? edit : [])),
  );
  const found = new Map<PendingEdit, readonly Operation[]>();
  /** The effects from the shown state to the state without the optimistic changes of actions. */
  let back: readonly Effect[] = [];
  for (const edit of edits) {
    const operations: Operation[] = [];
    for (const operation of edit.operations)
      if (!expected.has(edit)) back = moved(operation, edit.isSuspended, back, operations);
      else if (operation.effect !== null) back = [inverseOf(operation.effect), ...back];
    if (!expected.has(edit)) found.set(edit, operations);
  }
  return found;
}

/** @returns `back`, as it is after the operation */
function moved(
  { operations, effect, isApplied }: PendingOperation,
  isSuspended: boolean,
  back: readonly Effect[],
  into: Operation[],
): readonly Effect[] {
  // Operations that others have made impossible are dropped, as they are when sent.
  if (!isApplied && !isSuspended) return back;
  let after = back;
  for (const operation of operations) {
    if (back.length === 0) {
      into.push(operation);
      continue;
    }
    const copy = new MovingOperation(operation, effect);
    copy.isApplied = isApplied;
    after = copy.pass(after);
    into.push(...copy.operations);
  }
  return after;
}

/** The room's state without pending edits, as JSON. */
export function confirmedState({ replica }: DocumentSync): string {
  let text = "";
  replica.refresh(() => {
    text = JSON.stringify(replica.tree.root);
  });
  return text;
}

/** Names the state that edits are on top of. A stored state begins with it, to be taken with these edits alone. */
export const placeOf = ({ epoch, version }: Kept): string => JSON.stringify([epoch, version]);

/** A state as it is stored. */
export const stateText = (place: string, state: string): string => `${place}\n${state}`;

/**
 * Read a record.
 * @throws Error for one that is damaged
 */
export function readRecord({ edits, state }: Stored): {
  readonly text: string;
  readonly kept: Kept;
  readonly state: JsonObject;
} {
  if (typeof edits !== "string" || typeof state !== "string") throw damaged("texts");
  const kept = JSON.parse(edits) as JsonValue;
  if (!isKept(kept)) throw damaged("edits");
  const place = stateText(placeOf(kept), "");
  if (!state.startsWith(place)) throw damaged("place");
  const value = JSON.parse(state.slice(place.length)) as JsonValue;
  if (!isObject(value)) throw damaged("state");
  return { text: edits, kept, state: value };
}

const damaged = (what: string): Error => new Error(`its ${what} cannot be read`);

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function isKept(value: JsonValue): value is JsonObject & Kept {
  if (!isObject(value)) return false;
  const { client, epoch, version, nextSeq, scopes, requests, tasks } = value;
  if (typeof client !== "string" || !/^[\w-]{1,64}$/.test(client)) return false;
  if (typeof epoch !== "string" || !isCount(version) || !isCount(nextSeq)) return false;
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === "string")) return false;
  if (!Array.isArray(requests) || !Array.isArray(tasks)) return false;
  const seqs = new Set<JsonValue>();
  for (const request of requests as JsonValue[]) {
    if (!isObject(request) || typeof request["text"] !== "string") return false;
    const { seq, text } = request;
    const message = JSON.parse(text) as JsonValue;
    if (!isCount(seq) || seq >= nextSeq || !isObject(message) || message["seq"] !== seq)
      return false;
    seqs.add(seq);
  }
  return (tasks as JsonValue[]).every((task) => isTask(task, seqs));
}

function isTask(task: JsonValue, seqs: ReadonlySet<JsonValue>): boolean {
  if (!isObject(task)) return false;
  const { madeAt, seq, held, action, operations } = task;
  if (typeof madeAt !== "number" || seq === undefined || !(seq === null || seqs.has(seq)))
    return false;
  if (held !== null && held !== "age" && held !== "unknown") return false;
  if (!Array.isArray(operations) || !operations.every(isOperation)) return false;
  return action === null || (isObject(action) && typeof action["name"] === "string");
}

/** The operations of an edit, and the members that each needs besides its path. */
const operationMembers = new Map<JsonValue | undefined, string | null>([
  ["add", "value"],
  ["replace", "value"],
  ["remove", null],
  ["move", "from"],
  ["inc", "by"],
  ["str_ins", "str"],
  ["str_del", "len"],
]);

function isOperation(operation: JsonValue): boolean {
  if (!isObject(operation) || typeof operation["path"] !== "string") return false;
  const needed = operationMembers.get(operation["op"]);
  return needed === null || (needed !== undefined && operation[needed] !== undefined);
}
