// One socket's membership: who it belongs to, what it may do, how much it may send, how far it has read.

import { errorTable, type ErrorCode } from "../../protocol/errors.ts";
import type { Limits } from "../../protocol/limits.ts";
import type { RoomMessage } from "../../protocol/messages.ts";
import type { Scope } from "../../protocol/scopes.ts";
import { Bucket } from "../../room/bucket.ts";
import type { SessionPresence } from "../../room/presence.ts";
import type { KeptSession, Resume } from "../../room/session.ts";
import type { SocketPort } from "../ports.ts";

/** Characters sent between two marks. */
const markEvery = 256 * 1024;
/** So many sessions of one user are not counted any more. */
const manyTabs = 17;
/** Characters that a reader may be behind, unless a state is larger still. */
const mostBehind = 4 * 1024 * 1024;

export class Session {
  readonly socket: SocketPort;
  readonly id: string;
  readonly userId: string;
  readonly intake: Intake;
  scopes: readonly Scope[];
  presence: SessionPresence;
  #tabs: number;
  #welcomed: boolean;
  #startsOver = false;
  #resume: Resume | undefined;
  #sent: number;
  #acked: number;
  #marks: readonly number[];
  readonly #mostBehind: number;

  constructor(socket: SocketPort, kept: KeptSession, limits: Limits, now: number) {
    const { id, userId, scopes, presence, welcomed, resume, flow } = kept;
    this.socket = socket;
    this.id = id;
    this.userId = userId;
    this.scopes = scopes;
    this.presence = presence;
    this.#tabs = kept.tabs ?? 1;
    this.#welcomed = welcomed;
    this.#resume = resume;
    this.#sent = flow.sent;
    this.#acked = flow.acked;
    this.#marks = flow.marks;
    this.#mostBehind = Math.max(mostBehind, 2 * limits.stateBytes);
    this.intake = new Intake(limits, now);
  }

  /** How many sessions its user has. */
  get tabs(): number {
    return this.#tabs;
  }

  noteTabs(count: number): void {
    const tabs = Math.min(count, manyTabs);
    if (tabs === this.#tabs) return;
    this.#tabs = tabs;
    this.keep();
  }

  get welcomed(): boolean {
    return this.#welcomed;
  }

  /** What it asked to resume from, before its `welcome`. */
  get resume(): Resume | undefined {
    return this.#resume;
  }

  /** Whether it has never been welcomed: nothing may reach it yet. */
  get isNew(): boolean {
    return !this.#welcomed && !this.#startsOver;
  }

  /** Have it begin anew, from another `welcome`, when the room has woken anew. */
  startOver(): void {
    this.#welcomed = false;
    this.#startsOver = true;
  }

  noteWelcomed(): void {
    this.#welcomed = true;
    this.#resume = undefined;
  }

  /** Whether it reads more slowly than can be waited for. */
  get isTooSlow(): boolean {
    return this.#sent - this.#acked > this.#mostBehind;
  }

  /** Send a frame: one message, or an array of them, as text. */
  send(frame: string): void {
    this.socket.send(frame);
    this.#sent += frame.length;
    if (this.#sent - (this.#marks.at(-1) ?? this.#acked) < markEvery) return;
    this.#marks = [...this.#marks, this.#sent];
    this.socket.send(JSON.stringify({ type: "mark", n: this.#sent } satisfies RoomMessage));
    this.keep();
  }

  /** It has read up to this mark. @returns false for one that was never sent: it is only guessed */
  acknowledge(mark: number): boolean {
    if (mark <= this.#acked) return true;
    const index = this.#marks.indexOf(mark);
    if (index < 0) return false;
    this.#acked = mark;
    this.#marks = this.#marks.slice(index + 1);
    this.keep(); // a room that wakes must not take for unread what was read
    return true;
  }

  /** Keep what has changed beside the socket. */
  keep(): void {
    this.socket.keep({
      shape: 1,
      id: this.id,
      userId: this.userId,
      scopes: this.scopes,
      presence: this.presence,
      ...(this.#tabs > 1 && { tabs: this.#tabs }),
      welcomed: this.#welcomed,
      ...(this.#resume && { resume: this.#resume }),
      flow: { sent: this.#sent, acked: this.#acked, marks: this.#marks },
    });
  }

  /** Keep nothing: neither its close nor a room that wakes finds this session again. */
  forget(): void {
    this.socket.keep(null);
  }

  /** Close the socket for a reason of the error table. */
  close(code: ErrorCode): void {
    this.socket.close(closeCode(code), code);
  }
}

/** The close code of an error; of one that has none in the table, that of a session that may come back. */
export function closeCode(code: ErrorCode): number {
  return errorTable[code].close ?? 4201;
}

/** How much a session may send (rule L1), and how much patience the room has with it (rule W3). */
export class Intake {
  readonly #messages: Bucket;
  readonly #bytes: Bucket;
  /** Messages beyond the rate that are answered before the socket is closed. */
  readonly #patience: Bucket;
  /** Bad frames that are answered before the socket is closed. */
  readonly #strikes: Bucket;

  constructor({ messagesPerSecond, bytesPerSecond, frameBytes }: Limits, now: number) {
    this.#messages = new Bucket(messagesPerSecond, 2 * messagesPerSecond, now);
    this.#bytes = new Bucket(bytesPerSecond, Math.max(2 * bytesPerSecond, frameBytes), now);
    this.#patience = new Bucket(4 * messagesPerSecond, 10 * messagesPerSecond, now);
    this.#strikes = new Bucket(0.1, 10, now);
  }

  /** Take a frame in. @returns ms until it would be taken, 0 when it is */
  takeBytes(bytes: number, now: number): number {
    return take(this.#bytes, bytes, now);
  }

  /** Take a message in. @returns ms until it would be taken, 0 when it is */
  takeMessage(now: number): number {
    return take(this.#messages, 1, now);
  }

  /** A message was beyond the rate. @returns false when that has gone on for too long */
  forgiveExcess(now: number): boolean {
    return take(this.#patience, 1, now) === 0;
  }

  /** A frame was bad. @returns false when that has gone on for too long */
  forgiveBad(now: number): boolean {
    return take(this.#strikes, 1, now) === 0;
  }
}

function take(bucket: Bucket, tokens: number, now: number): number {
  if (!bucket.has(tokens, now)) return Math.max(1, bucket.wait(tokens));
  bucket.take(tokens);
  return 0;
}
