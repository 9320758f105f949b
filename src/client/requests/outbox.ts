// Sends edits and actions, each exactly once (rules C4, X1): numbered, made on the version that the client has, at the
// room's rate, and again after a cut line until a final reply has come.
//
//   made ──▶ queued ──▶ sent ──reply──▶ done or refused
//              ▲          │
//              └──────────┘ made on a version that is too old, refused together with others, or too old to be sent
//
// Requests go out one behind the other without waiting, unless an edit means a list or a text that an earlier edit
// without a reply has changed: the room would move it through that one, too.

import { utf8Bytes } from "../../protocol/json.ts";
import type { RoomMessage } from "../../protocol/messages.ts";
import type { PendingEdit } from "../document/pending-edit.ts";
import type { Replica } from "../document/replica.ts";
import type { Environment } from "../environment.ts";
import { problemOf, RoomError } from "../room-error.ts";
import type { Problem, RoomStatus, SaveStatus, StaleEdits } from "../types.ts";
import { Pace } from "./pace.ts";
import { endsAction, forgotten, isOldBase, tooLarge } from "./problems.ts";
import { Queue } from "./queue.ts";
import {
  actionMessage,
  answerTo,
  editsOf,
  nothingDecided,
  oldestOf,
  savedOf,
  updateMessage,
  type Decided,
  type Request,
  type Task,
  type Work,
} from "./request.ts";

type Message<Type extends RoomMessage["type"]> = Extract<RoomMessage, { type: Type }>;
export type Welcome = Message<"welcome">;
type Reply = Message<"reply">;
type Refusal = Extract<Reply, { ok: false }>;

export type OutboxPorts = {
  readonly environment: Environment;
  readonly replica: Replica;
  /** ms that edits may wait for a connection. */
  readonly maxOfflineAge: number;
  /** The room's version, without pending edits. */
  version(): number;
  /** Send a frame, which has a request in it. @returns false without a connection */
  send(text: string, request: Request): boolean;
  refused(problem: Problem): void;
  /** There is no such edit any more: it was refused, or the application has taken it back. */
  forgotten(edit: PendingEdit): void;
  stale(edits: StaleEdits): void;
  /** Something has changed outside a frame. */
  changed(): void;
};

/** How often an edit is made anew on a later version before that is a refusal. */
const maxRemade = 5;

export class Outbox {
  readonly #ports: OutboxPorts;
  readonly #pace: Pace;
  readonly #queue: Queue;
  #sent: Request[] = [];
  #nextSeq = 1;
  /** Queued tasks that another page may have sent. */
  #doubtful: readonly Task[] = [];
  #limits = { frameBytes: Infinity, patchOperations: Infinity };
  #cancelFlush: (() => void) | null = null;
  /** Whether the client has another name than the one that its requests were sent under. */
  #isRenamed = false;

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
    this.#pace = new Pace(() => ports.environment.now());
    this.#queue = new Queue({
      replica: ports.replica,
      discarded: (edit) => ports.forgotten(edit),
      released: () => {
        this.#flushSoon();
        ports.changed();
      },
    });
  }

  /** Operations that one edit may have. */
  get maxOperations(): number {
    return this.#limits.patchOperations;
  }

  status(connection: RoomStatus["state"]): SaveStatus {
    return savedOf(this.#tasks, connection);
  }

  get #tasks(): readonly Task[] {
    return [...this.#sent.flatMap((request) => request.tasks), ...this.#queue.tasks];
  }

  /** All tasks without a final reply, with the requests that some were sent in. */
  get work(): Work {
    return { nextSeq: this.#nextSeq, sent: this.#sent, queued: this.#queue.tasks };
  }

  /**
   * Go on with what an earlier page has left.
   * @param doubtful queued tasks that another page may have sent
   */
  restore({ nextSeq, sent, queued }: Work, doubtful: readonly Task[]): void {
    this.#doubtful = doubtful;
    this.#nextSeq = nextSeq;
    this.#sent = [...sent];
    this.#queue.putBack(queued);
  }

  add(task: Task): void {
    this.#queue.add(task);
    this.#flushSoon();
  }

  /** The client takes another name, and counts anew. */
  rename(): void {
    this.#isRenamed = true;
  }

  /**
   * Take the welcome and the replies of a frame, before its changes.
   * @param isResumed whether the welcome is of the epoch that requests were sent in
   */
  take(messages: readonly RoomMessage[], isResumed: boolean): Decided {
    const decided: Decided = nothingDecided();
    for (const message of messages)
      if (message.type === "welcome") this.#welcomed(message, isResumed, decided);
      else if (message.type === "reply") this.#replied(message, decided);
      else if (message.type === "error" && message.code === "rate_limited")
        this.#resendAll(message.retryAfter ?? 1000);
    return decided;
  }

  /** Send what may be sent, after whatever runs now. */
  #flushSoon(): void {
    this.#schedule(0);
  }

  /** The client is not to connect again by itself: whoever waits for an answer is told so. Nothing is dropped. */
  closed(error: RoomError): void {
    for (const task of this.#tasks) task.reject(error);
  }

  #stop(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
  }

  // Incoming frames

  #welcomed(
    { limits, seq, refused, missing }: Welcome,
    isResumed: boolean,
    decided: Decided,
  ): void {
    this.#limits = limits;
    if (seq === undefined) return; // the room has begun anew on the same socket: replies come
    this.#pace.begin(limits.messagesPerSecond, limits.bytesPerSecond);
    const isKnown = seq !== null && isResumed && !this.#isRenamed;
    this.#isRenamed = false;
    const now = this.#ports.environment.now();
    const again: Request[] = [];
    for (const request of this.#sent) {
      const isHandled = isKnown && request.seq <= seq && !missing?.includes(request.seq);
      const isRefused = refused?.includes(request.seq);
      for (const edit of isHandled ? editsOf(request.tasks) : []) {
        decided.done.add(edit);
        if (!isRefused) decided.accepted.set(edit, null);
      }
      if (isHandled || (isKnown && now - oldestOf(request.tasks) <= this.#ports.maxOfflineAge))
        again.push({ ...request, retryAt: now });
      else this.#hold(request, isKnown ? "age" : "unknown", decided);
    }
    this.#sent = again;
    if (seq !== null && (!isKnown || seq >= this.#nextSeq)) {
      // Another page has sent something in this client's name.
      const tasks = this.#queue.tasks.filter((task) => isKnown && this.#doubtful.includes(task));
      this.#queue.remove(tasks);
      this.#hold({ tasks }, "unknown", decided);
      this.#nextSeq = seq + 1;
    }
    this.#queue.holdBefore(now - this.#ports.maxOfflineAge);
    this.#ask("age", decided);
    this.#ask("unknown", decided);
    this.#flushSoon();
  }

  #replied(reply: Reply, decided: Decided): void {
    const at = this.#sent.findIndex(({ seq }) => seq === reply.ref);
    const request = this.#sent[at];
    if (request === undefined) return;
    if (!reply.ok) return this.#failed(request, reply, decided);
    this.#sent.splice(at, 1);
    const { version = this.#ports.version(), dropped = [], result = null } = reply;
    for (const task of request.tasks) {
      if (task.edit) {
        decided.done.add(task.edit);
        // The resulting change arrives in this frame.
        const isNew = version > this.#ports.version();
        if (isNew) decided.accepted.set(task.edit, version);
        else if (task.action === null) decided.idle.add(task.edit);
      }
      const answer = answerTo(request, task, version, dropped, result);
      decided.afterwards.push(() => task.resolve(answer));
    }
    this.#flushSoon();
  }

  #failed(request: Request, reply: Refusal, decided: Decided): void {
    const { tasks } = request;
    const [first] = tasks;
    if (reply.retry && !(first?.action && endsAction.has(reply.code))) {
      request.retryAt = this.#ports.environment.now() + this.#delay(request, reply.retryAfter);
      if (reply.code === "rate_limited") this.#pace.stop(reply.retryAfter ?? 0);
      this.#flushSoon();
      return;
    }
    this.#sent = this.#sent.filter((each) => each !== request);
    this.#flushSoon();
    if (reply.code === "request_forgotten") {
      this.#hold(request, "unknown", decided);
      this.#ask("unknown", decided);
    } else if (isOldBase.has(reply.code) && tasks.every((task) => task.remade++ < maxRemade))
      this.#queue.putBack(tasks);
    else if (tasks.length > 1) {
      for (const task of tasks) task.isAlone = true;
      this.#queue.putBack(tasks);
    } else if (first) this.#refuse(first, problemOf(reply), decided);
  }

  #refuse(task: Task, problem: Problem, decided: Decided): void {
    const { edit } = task;
    if (edit) decided.done.add(edit);
    decided.afterwards.push(() => {
      task.reject(new RoomError(problem));
      if (edit) this.#ports.forgotten(edit);
      if (task.action === null) this.#ports.refused(problem);
    });
  }

  #delay(request: Request, retryAfter: number | undefined): number {
    const most = Math.min(10_000, 300 * 2 ** request.attempts++);
    return retryAfter ?? 300 + this.#ports.environment.random() * most;
  }

  /** A frame was not read: whatever has no reply is sent again. */
  #resendAll(ms: number): void {
    this.#pace.stop(ms);
    const at = this.#ports.environment.now() + ms;
    for (const request of this.#sent) request.retryAt = at;
    this.#flushSoon();
  }

  // Edits that wait for the application's decision

  /** A request is not to be sent again by itself. */
  #hold({ tasks }: Pick<Request, "tasks">, why: StaleEdits["why"], decided: Decided): void {
    for (const task of tasks)
      if (task.action && why === "unknown") this.#refuse(task, forgotten, decided);
      else {
        task.held = why;
        if (task.edit) task.edit.isSuspended = why === "unknown";
        this.#queue.putBack([task]);
      }
  }

  #ask(why: StaleEdits["why"], { afterwards }: Decided): void {
    const question = this.#queue.question(why);
    if (question !== null) afterwards.push(() => this.#ports.stale(question));
  }

  // Outgoing requests

  #schedule(ms: number): void {
    this.#stop();
    const { environment } = this.#ports;
    const cancel = ms > 0 ? environment.later(ms, () => this.flush()) : () => {};
    this.#cancelFlush = cancel;
    if (ms <= 0) environment.soon(() => this.#cancelFlush === cancel && this.flush());
  }

  /** Send what may be sent now. */
  flush(): void {
    this.#stop();
    const now = this.#ports.environment.now();
    for (const request of this.#sent) {
      if (request.retryAt === null || request.retryAt > now) continue;
      if (!this.#send(request)) return this.#waitForPace();
      request.retryAt = null;
    }
    for (;;) {
      const tasks = this.#queue.next(this.#sent.flatMap((request) => request.tasks));
      if (tasks.length === 0) break;
      if (!this.#sendTasks(tasks)) return this.#waitForPace();
    }
    const times = this.#sent.flatMap(({ retryAt }) => retryAt ?? []);
    if (times.length > 0) this.#schedule(Math.max(1, Math.min(...times) - now));
  }

  #waitForPace(): void {
    const { wait } = this.#pace;
    if (wait > 0) this.#schedule(wait);
  }

  /** @returns false if nothing may be sent now */
  #send(request: Request): boolean {
    if (this.#pace.wait > 0 || !this.#ports.send(request.text, request)) return false;
    this.#pace.spend(utf8Bytes(request.text));
    return true;
  }

  #sendTasks(tasks: readonly Task[]): boolean {
    const [first] = tasks;
    const seq = this.#nextSeq;
    const wire = first?.action
      ? actionMessage(seq, first.action)
      : updateMessage(seq, tasks, this.#ports.version());
    const isLarge = utf8Bytes(wire.text) > this.#limits.frameBytes;
    if (isLarge && tasks.length > 1) return this.#sendTasks(tasks.slice(0, tasks.length >> 1));
    const request: Request = { seq, tasks, ...wire, retryAt: null, attempts: 0 };
    const isEmpty = first?.action === null && wire.origins.length === 0;
    if (isLarge || isEmpty) this.#endUnsent(request, isLarge);
    else {
      if (!this.#send(request)) return false;
      this.#nextSeq++;
      this.#sent.push(request);
    }
    this.#queue.remove(tasks);
    return true;
  }

  /** A request that the room need not, or must not, be sent: nothing is left of its edits, or it is too large. */
  #endUnsent(request: Request, isLarge: boolean): void {
    const decided: Decided = nothingDecided();
    for (const task of request.tasks)
      if (isLarge) this.#refuse(task, tooLarge(this.#limits.frameBytes), decided);
      else {
        if (task.edit) decided.done.add(task.edit);
        task.resolve(answerTo(request, task, this.#ports.version(), [], null));
      }
    this.#ports.replica.discard(decided.done);
    for (const tell of decided.afterwards) tell();
    this.#ports.changed();
  }
}
