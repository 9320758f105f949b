// Keeps the client's document and the room's in step: takes in what the room sends, frame by frame, and makes edits.

import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { RoomMessage } from "../protocol/messages.ts";
import { Recorder, type Recipe, type Recorded } from "./document/draft.ts";
import { History } from "./document/history.ts";
import { PendingEdit } from "./document/pending-edit.ts";
import { Replica, type Accepted } from "./document/replica.ts";
import type { Environment } from "./environment.ts";
import { Outbox, type OutboxPorts } from "./requests/outbox.ts";
import { nobody, type Answer, type Asker, type Task } from "./requests/request.ts";
import { RoomError, textOf } from "./room-error.ts";

/** The result of taking in a frame. */
type Taken = {
  /** To be called once everybody can see it. */
  readonly afterwards: (() => void)[];
  /** Why the copy of the state is not to be trusted any more; `null` if it is. */
  readonly failure: string | null;
};

type Ports = Pick<OutboxPorts, "environment" | "send" | "changed" | "stale" | "refused"> & {
  /** ms that edits may wait for a connection. Default: 5 minutes. */
  readonly maxOfflineAge: number | undefined;
};

const defaultOfflineAge = 5 * 60_000;

export class DocumentSync {
  readonly history: History;
  readonly outbox: Outbox;
  readonly #environment: Environment;
  readonly replica: Replica;
  #epoch: string | null = null;
  /** `null` if the copy of the state is not to be trusted. */
  #version: number | null = null;
  #hasBegun = false;
  #nextTask = 1;
  #isEditing = false;
  /** Of the edit that is being made. */
  #recorder: Recorder | null = null;

  constructor(ports: Ports) {
    this.#environment = ports.environment;
    this.replica = new Replica((own, effects) => this.history.moved(effects, own));
    this.history = new History({
      tree: this.replica.tree,
      maxOperations: () => this.outbox.maxOperations,
      edit: (change) => this.edit(change, nobody),
    });
    this.outbox = new Outbox({
      ...ports,
      maxOfflineAge: ports.maxOfflineAge ?? defaultOfflineAge,
      replica: this.replica,
      version: () => this.version,
      forgotten: (edit) => this.history.forget(edit),
    });
  }

  /** The position of the client, for the room to resume from. */
  get resumeFrom(): { readonly epoch?: string; readonly since?: number } {
    return {
      ...(this.#epoch !== null && { epoch: this.#epoch }),
      ...(this.#version !== null && { since: this.#version }),
    };
  }

  /** The room's version, without pending edits. */
  get version(): number {
    return this.#version ?? 0;
  }

  /** The state as it is shown, frozen; `null` before there is one. In a recipe, it is that of before. */
  get state(): JsonObject | null {
    if (!this.#hasBegun) return null;
    const look = (): JsonObject => this.replica.tree.snapshot() as JsonObject;
    return this.#recorder === null ? look() : this.#recorder.lookBefore(look);
  }

  /** Take in a frame of the room. */
  take(messages: readonly RoomMessage[]): Taken {
    const welcome = messages.find((message) => message.type === "welcome");
    const decided = this.outbox.take(messages, welcome?.epoch === this.#epoch);
    let failure: string | null = null;
    this.replica.receive(() => {
      try {
        for (const message of messages) this.#apply(message, decided.accepted);
      } catch (error) {
        failure = textOf(error);
        this.#version = null;
      }
    }, decided);
    return { afterwards: decided.afterwards, failure };
  }

  /**
   * Change what is shown, and send it.
   * @returns what was recorded; `null` if nothing was
   * @throws RoomError `too_large` for too many operations, and what `change` throws: then nothing has changed
   */
  edit(
    change: (recorder: Recorder) => void,
    asker: Asker<Answer>,
  ): { readonly edit: PendingEdit; readonly recorded: readonly Recorded[] } | null {
    const recorded = this.#record(change, true);
    if (recorded.length === 0) return null;
    const edit = new PendingEdit(recorded);
    this.replica.add(edit);
    this.outbox.add(this.#task(edit, null, asker));
    return { edit, recorded };
  }

  /**
   * Call an action.
   * @param optimistic changes the draft that it gets as the action will change the state
   * @throws what `optimistic` throws when it is called for the first time: then nothing has changed
   */
  call(
    action: { readonly name: string; readonly payload: JsonValue },
    optimistic: Recipe | null,
    asker: Asker<Answer>,
  ): void {
    let edit: PendingEdit | null = null;
    if (optimistic === null) this.#alone(() => {}); // not inside a recipe either
    else {
      const replay: Recipe = (draft) => this.#alone(() => optimistic(draft));
      const recorded = this.#record((recorder) => recorder.run(optimistic), false);
      edit = new PendingEdit(recorded, replay);
      this.replica.add(edit);
    }
    this.outbox.add(this.#task(edit, action, asker));
  }

  /** Change what is shown. @returns what was recorded @throws what `change` throws: then nothing has changed */
  #record(change: (recorder: Recorder) => void, isSent: boolean): readonly Recorded[] {
    const recorder = new Recorder(this.replica.tree);
    try {
      this.#alone(() => {
        this.#recorder = recorder;
        change(recorder);
      });
      if (isSent) this.#checkSize(recorder);
    } catch (error) {
      recorder.revert();
      throw error;
    } finally {
      recorder.close();
    }
    return recorder.recorded;
  }

  /** Run a recipe. @throws TypeError inside another one: what they do would be taken back in the wrong order */
  #alone(recipe: () => void): void {
    if (this.#isEditing)
      throw new TypeError("A recipe is running. Call update(), action() and undo() after it.");
    this.#isEditing = true;
    try {
      recipe();
    } finally {
      this.#isEditing = false;
      this.#recorder = null;
    }
  }

  #apply(message: RoomMessage, accepted: Accepted): void {
    if (message.type === "change") {
      if (message.from !== this.#version)
        throw new RangeError(`A change from version ${message.from} came after ${this.#version}.`);
      this.replica.change(message.patch, accepted, versionsOf(message));
      this.#version = message.to;
    } else if (message.type === "welcome") {
      if ("patch" in message) this.replica.change(message.patch, accepted);
      else if (this.#hasBegun) this.replica.begin(message.state, accepted);
      else this.replica.tree.begin(message.state);
      this.#hasBegun = true;
      this.#epoch = message.epoch;
      this.#version = message.version;
    }
  }

  #checkSize({ recorded }: Recorder): void {
    const { maxOperations } = this.outbox;
    if (recorded.length <= maxOperations) return;
    throw new RoomError({
      code: "too_large",
      detail: `The edit has ${recorded.length} operations; the room takes ${maxOperations}. Split it.`,
    });
  }

  #task(edit: PendingEdit | null, action: Task["action"], asker: Asker<Answer>): Task {
    const madeAt = this.#environment.now();
    const number = this.#nextTask++;
    return { edit, action, number, madeAt, isAlone: false, held: null, remade: 0, ...asker };
  }
}

/** The version that each operation of a change is of. */
function versionsOf({
  from,
  to,
  patch,
  sizes = to - from === 1 ? [patch.length] : patch.map(() => 1),
}: Extract<RoomMessage, { type: "change" }>): readonly number[] {
  return sizes.flatMap((size, at) => Array<number>(size).fill(from + at + 1));
}
