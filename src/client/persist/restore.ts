// Lets a document go on where the page before has stopped: its state as the room's own welcome would bring it, the edits
// on top of it, and the requests as they were sent.

import type { RoomMessage } from "../../protocol/messages.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import type { JsonObject } from "../../protocol/json.ts";
import { Recorder, type Recorded } from "../document/draft.ts";
import { PendingEdit } from "../document/pending-edit.ts";
import { Tree, Unfit } from "../document/tree.ts";
import type { DocumentSync } from "../document-sync.ts";
import { nobody, type Answer, type Asker, type Task, type Work } from "../requests/request.ts";
import { readRecord, type Kept, type KeptTask } from "./record.ts";
import type { Stored } from "./database.ts";

/** A record that can be gone on with. */
export type Restorable = {
  /** Its edits, as they are stored. */
  readonly text: string;
  readonly kept: Kept;
  /**
   * @param isSole whether no other page can have sent any of it
   * @param asker is told of the outcome of actions; whoever has called them is gone
   */
  into(document: DocumentSync, isSole: boolean, asker: Asker<Answer>): void;
};

/**
 * Read a record, and find out whether it can be gone on with.
 * @throws Error for one that is damaged
 */
export function restorable(stored: Stored): Restorable {
  const { text, kept, state } = readRecord(stored);
  const trial = new Tree();
  trial.begin(readRecord(stored).state);
  for (const task of kept.tasks) editOf(task, trial);
  return {
    text,
    kept,
    into(document, isSole, asker) {
      begin(document, kept, state);
      const work = workOf(document, kept, asker);
      document.outbox.restore(work, isSole ? [] : work.queued);
    },
  };
}

/** Without `seq`, a welcome says nothing about requests. */
function begin(document: DocumentSync, { epoch, version }: Kept, state: JsonObject): void {
  const limits = { frameBytes: Infinity, patchOperations: Infinity };
  document.take([{ type: "welcome", epoch, version, state, limits } as RoomMessage]);
}

function workOf({ replica }: DocumentSync, kept: Kept, asker: Asker<Answer>): Work {
  const bySeq = new Map<number | null, Task[]>();
  for (const [index, each] of kept.tasks.entries()) {
    const { madeAt, held, action, seq } = each;
    const edit = action === null ? editOf(each, replica.tree) : null;
    if (edit !== null) replica.add(edit);
    // Those of this page are numbered from 1.
    const number = index + 1 - kept.tasks.length;
    // The outbox tells of edits that are refused.
    const told = action === null ? nobody : asker;
    const task: Task = { edit, action, number, madeAt, isAlone: false, held, remade: 0, ...told };
    bySeq.set(seq, [...(bySeq.get(seq) ?? []), task]);
  }
  const sent = kept.requests.map(({ seq, text }) => {
    const tasks = bySeq.get(seq) ?? [];
    return { seq, text, tasks, origins: [], missing: [], retryAt: null, attempts: 0 };
  });
  return { nextSeq: kept.nextSeq, sent, queued: bySeq.get(null) ?? [] };
}

/** Apply an edit to a tree. @throws Error for what is no edit */
function editOf({ operations, held }: KeptTask, tree: Tree): PendingEdit {
  const isSuspended = held === "unknown";
  const recorded = isSuspended ? operations.map(unapplied) : applied(operations, tree);
  const edit = new PendingEdit(recorded);
  edit.isSuspended = isSuspended;
  for (const operation of edit.operations) operation.isApplied = !isSuspended;
  return edit;
}

function applied(operations: readonly Operation[], tree: Tree): readonly Recorded[] {
  const recorder = new Recorder(tree);
  for (const operation of operations)
    try {
      recorder.apply(operation);
    } catch (error) {
      // It was for something that an action before it was expected to make.
      if (!(error instanceof Unfit)) throw error;
    }
  recorder.close();
  return recorder.recorded;
}

const unapplied = (operation: Operation): Recorded => ({
  operation,
  applied: { effect: null, old: undefined, steps: [] },
  value: "value" in operation ? operation.value : undefined,
});
