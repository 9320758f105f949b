// A model of a room: its document, the documents and outboxes of its clients, and connections that deliver when a test
// says so. It has no users, sockets or timers. It shows that all documents converge, and that each edit is made once.

import type { RoomRecord } from "../../../src/model/record.ts";
import type { Member } from "../../../src/model/members.ts";
import { Recorder } from "../../../src/client/document/draft.ts";
import { History } from "../../../src/client/document/history.ts";
import { PendingEdit } from "../../../src/client/document/pending-edit.ts";
import { Replica } from "../../../src/client/document/replica.ts";
import type { Environment } from "../../../src/client/environment.ts";
import { Outbox, type Welcome } from "../../../src/client/requests/outbox.ts";
import type { Answer } from "../../../src/client/requests/request.ts";
import { CollabError } from "../../../src/protocol/errors.ts";
import { replaceAll, type Operation, type Patch } from "../../../src/protocol/json-patch.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { defaultLimits } from "../../../src/protocol/limits.ts";
import { failureMessage, type RoomMessage } from "../../../src/protocol/messages.ts";
import { JsonDocument } from "../../../src/room/document/json-document.ts";
import { MemoryRoomStorage } from "../../../src/storage/memory.ts";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

type Update = {
  readonly ref: number;
  readonly seq: number;
  readonly base: number;
  readonly patch: Patch;
};
type Reply = Extract<RoomMessage, { type: "reply" }>;

const limits = {
  frameBytes: 262_144,
  messagesPerFrame: 100,
  messagesPerSecond: 1e6,
  bytesPerSecond: 1e9,
  stateBytes: 1_048_576,
  stateDepth: 64,
  patchOperations: 1000,
  presenceBytes: 2048,
  pingInterval: 30_000,
  reconnectGrace: 10_000,
};

export class ModelRoom {
  readonly document: JsonDocument;
  readonly clients: ModelClient[] = [];
  /** Final replies by client and request number. */
  readonly #replies = new Map<ModelClient, Map<number, Reply>>();
  readonly #window: { readonly client: ModelClient; readonly reply: Reply }[] = [];
  now = 0;
  /** Whether the room refuses every change. */
  refuse = false;

  constructor(state: JsonObject) {
    this.document = JsonDocument.create(new MemoryRoomStorage<RoomRecord, Member>());
    this.document.change(
      { kind: "patch", patch: copy(replaceAll(state)) },
      undefined,
      defaultLimits,
    );
    this.document.commit();
  }

  join(): ModelClient {
    const client = new ModelClient(this);
    this.#replies.set(client, new Map());
    this.clients.push(client);
    client.connect("fresh");
    return client;
  }

  /** Handle a request. */
  handle(client: ModelClient, { ref, seq, base, patch }: Update): void {
    const known = this.#replies.get(client)?.get(seq);
    const reply = known ?? this.#change(ref, base, patch);
    this.#replies.get(client)?.set(seq, reply);
    this.#window.push({ client, reply });
  }

  #change(ref: number, version: number, patch: Patch): Reply {
    try {
      if (this.refuse) throw new CollabError("invalid_state");
      const request = {
        kind: "patch",
        patch: copy(patch),
        base: { version, strict: false },
      } as const;
      const { version: after, dropped } = this.document.change(request, undefined, defaultLimits);
      return {
        type: "reply",
        ref,
        ok: true,
        version: after,
        ...(dropped.length > 0 && { dropped }),
      };
    } catch (error) {
      if (error instanceof CollabError) return failureMessage(ref, error) as Reply;
      throw error;
    }
  }

  /** End the batching window, and send everybody what has happened. */
  commit(): void {
    const change = this.document.commit();
    const replies = this.#window.splice(0);
    for (const client of this.clients) {
      const frame: RoomMessage[] = [];
      if (change)
        frame.push({
          type: "change",
          from: change.from,
          to: change.to,
          patch: JSON.parse(change.patch) as Patch,
          ...(change.sizes && { sizes: change.sizes }),
        });
      frame.push(...replies.flatMap((each) => (each.client === client ? each.reply : [])));
      if (frame.length > 0) client.line?.fromRoom.push(frame);
    }
  }

  /** The welcome for a client that connects. */
  welcome(client: ModelClient, since: number | null, isWhole: boolean): Welcome {
    this.commit();
    const { version } = this.document;
    const replies = [...(this.#replies.get(client) ?? [])].toSorted(([a], [b]) => a - b);
    const seq = replies.at(-1)?.[0] ?? 0;
    const handled = new Set(replies.map(([each]) => each));
    const missing = Array.from({ length: seq }, (_, index) => index + 1).filter(
      (each) => !handled.has(each),
    );
    const refused = replies.flatMap(([each, { ok }]) => (ok ? [] : each));
    const patch =
      since === null || isWhole ? undefined : this.document.patchesSince([since]).get(since);
    return {
      type: "welcome",
      version,
      seq,
      refused,
      missing,
      limits,
      ...(patch === undefined
        ? { resumed: false, state: copy(this.document.value) }
        : { resumed: true, patch: JSON.parse(patch) as Patch }),
    } as unknown as Welcome;
  }

  /** Deliver everything, everywhere. */
  settle(): void {
    for (let turn = 0; turn < 200; turn++) {
      for (const client of this.clients) client.sendAll();
      this.commit();
      for (const client of this.clients) client.receiveAll();
      if (this.clients.every(({ isQuiet }) => isQuiet)) return;
    }
    throw new Error("the room did not settle");
  }
}

type Line = { readonly toRoom: Update[]; readonly fromRoom: RoomMessage[][] };

export class ModelClient {
  readonly #room: ModelRoom;
  readonly history: History;
  readonly replica = new Replica((own, effects) => this.history.moved(effects, own));
  readonly outbox: Outbox;
  #version = 0;
  line: Line | null = null;
  readonly #soon: (() => void)[] = [];
  readonly answers: Answer[] = [];
  readonly refusals: string[] = [];
  made = 0;

  constructor(room: ModelRoom) {
    this.#room = room;
    this.history = new History({
      tree: this.replica.tree,
      maxOperations: () => this.outbox.maxOperations,
      edit: (change) => this.#edit(change),
    });
    this.outbox = new Outbox({
      environment: {
        now: () => room.now,
        random: () => 0.5,
        soon: (call: () => void) => void this.#soon.push(call),
        later: () => () => {},
      } as unknown as Environment,
      replica: this.replica,
      maxOfflineAge: Infinity,
      version: () => this.#version,
      send: (text) => {
        this.line?.toRoom.push(JSON.parse(text) as Update);
        return this.line !== null;
      },
      refused: () => {},
      forgotten: (edit) => this.history.forget(edit),
      stale: () => {},
      changed: () => {},
    });
  }

  get state(): JsonObject {
    return this.replica.tree.root as JsonObject;
  }

  get isQuiet(): boolean {
    return (
      this.outbox.status("connected").state === "saved" &&
      this.line?.toRoom.length === 0 &&
      this.line.fromRoom.length === 0
    );
  }

  /** Apply an operation to the state that the client shows. */
  edit(operation: Operation): void {
    const made = this.#edit((recorder) => recorder.apply(operation));
    if (made) this.history.record(made.edit, made.recorded);
  }

  /** Make one edit of several operations, each based on the state after the previous one. */
  editAll(operations: readonly ((state: JsonObject) => Operation | null)[]): void {
    this.#edit((recorder) => {
      for (const each of operations) {
        const operation = each(this.state);
        if (operation !== null) recorder.apply(operation);
      }
    });
  }

  #edit(
    change: (recorder: Recorder) => void,
  ): { edit: PendingEdit; recorded: Recorder["recorded"] } | null {
    const recorder = new Recorder(this.replica.tree);
    change(recorder);
    recorder.close();
    const { recorded } = recorder;
    if (recorded.length === 0) return null;
    const edit = new PendingEdit(recorded);
    this.replica.add(edit);
    this.made++;
    this.outbox.add({
      edit,
      action: null,
      number: this.made,
      madeAt: this.#room.now,
      isAlone: false,
      held: null,
      remade: 0,
      resolve: (answer) => this.answers.push(answer),
      reject: ({ code }) => this.refusals.push(code),
    });
    return { edit, recorded };
  }

  /** Run deferred calls. */
  #run(): void {
    for (const call of this.#soon.splice(0)) call();
  }

  /** Send what may be sent, and let the room handle some of it. */
  send(count: number): void {
    this.#run();
    for (const each of this.line?.toRoom.splice(0, count) ?? []) this.#room.handle(this, each);
  }

  sendAll(): void {
    this.send(Infinity);
  }

  /** Receive some of the frames in transit. */
  receive(count: number): void {
    for (const frame of this.line?.fromRoom.splice(0, count) ?? []) this.#take(frame, true);
    this.#run();
  }

  receiveAll(): void {
    this.receive(Infinity);
  }

  /** Drop the connection and reconnect. @param how `whole`: the room sends its state instead of the changes */
  connect(how: "fresh" | "resume" | "whole"): void {
    this.line = { toRoom: [], fromRoom: [] };
    const welcome = this.#room.welcome(
      this,
      how === "fresh" ? null : this.#version,
      how === "whole",
    );
    this.line.fromRoom.length = 0; // the welcome includes what has just been committed
    this.#take([welcome], true);
  }

  #take(frame: readonly RoomMessage[], isResumed: boolean): void {
    const decided = this.outbox.take(frame, isResumed);
    const { accepted } = decided;
    this.replica.receive(() => {
      for (const message of frame)
        if (message.type === "change") {
          if (message.from !== this.#version)
            throw new Error(`version ${message.from} came after ${this.#version}`);
          this.replica.change(message.patch, accepted);
          this.#version = message.to;
        } else if (message.type === "welcome") {
          if ("patch" in message) this.replica.change(message.patch, accepted);
          else this.replica.begin(message.state, accepted);
          this.#version = message.version;
        }
    }, decided);
    for (const tell of decided.afterwards) tell();
  }
}
