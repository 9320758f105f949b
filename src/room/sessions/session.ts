// One socket's session: whose it is, what it may do, how much it may send, and how far it has read.

import { errorTable, type ErrorCode } from "../../protocol/errors.ts";
import type { Limits } from "../../protocol/limits.ts";
import type { RoomMessage } from "../../protocol/messages.ts";
import type { Scope } from "../../protocol/scopes.ts";
import { presenceFromStorage, type SessionPresence } from "../../model/presence.ts";
import {
  pack,
  unpack,
  type Mark,
  type SessionAttachment,
  type SessionState,
} from "../../model/session-attachment.ts";
import type { RoomPorts, SocketPort } from "../ports.ts";
import { RateLimiter } from "./rate-limiter.ts";

/** Characters that may be sent but not acknowledged, unless a state is larger still. */
const minUnreadLimit = 4 * 1024 * 1024;
/** A mark is sent each time this fraction of them has been sent. */
const marksPerLimit = 16;
/** Maximum number of marks that await acknowledgement; they must fit into the attachment. */
const maxMarks = 2 * marksPerLimit;

/** Receives the frames of sessions. */
export type FrameTap = {
  received(session: Session, frame: string | ArrayBuffer): void;
  sent(session: Session, frame: string): void;
  closed(session: Session, code: number, reason: string): void;
};

export class Session {
  readonly socket: SocketPort;
  readonly id: string;
  readonly userId: string;
  /** The name that the client has given itself (rule X1); `null` if it has none. */
  readonly client: string | null;
  /** Epoch ms; undefined if an earlier release opened the session. */
  readonly openedAt: number | undefined;
  readonly rateLimiter: RateLimiter;
  scopes: readonly Scope[];
  /** When its token expires, in epoch ms; `null` for never. */
  expiresAt: number | null;
  presence: SessionPresence;
  /** Whether the client was last told that the room is sampled. */
  isSampled: boolean;
  /** The users that it watches, besides its own. Only `Sessions` sets this, because it indexes sessions by it. */
  watched: readonly string[];
  /** Receives its frames while somebody traces the room (rule V6). */
  tap: FrameTap | null = null;
  #state: SessionState;
  #sessionCount: number;
  #sent: number;
  #acked: number;
  #marks: readonly Mark[];
  #probe: number | undefined;
  /** Epoch ms of the last frame, as far as this instance knows. */
  #heardAt: number;
  readonly #unreadLimit: number;
  readonly #ports: Pick<RoomPorts, "now" | "newId">;

  constructor(
    socket: SocketPort,
    attachment: SessionAttachment,
    limits: Limits,
    ports: Pick<RoomPorts, "now" | "newId">,
  ) {
    const { id, userId, scopes, presence, state, flow, probe } = attachment;
    const now = ports.now();
    this.socket = socket;
    this.id = id;
    this.userId = userId;
    this.client = attachment.client ?? null;
    this.openedAt = attachment.openedAt;
    this.scopes = scopes;
    this.expiresAt = attachment.expiresAt ?? null;
    this.#state = state;
    this.#sessionCount = attachment.sessionCount ?? 1;
    this.#sent = flow.sent;
    this.#acked = flow.acked;
    this.#probe = probe;
    this.isSampled = attachment.isSampled === true;
    this.watched = attachment.watched ? unpack(attachment.watched) : [];
    // The clock may have been ahead when the attachment was saved.
    this.presence = presenceFromStorage(unpack(presence), now);
    this.#marks = flow.marks.map((mark) => ({ ...mark, sentAt: Math.min(mark.sentAt, now) }));
    this.#heardAt = Math.min(attachment.heardAt, now);
    this.#unreadLimit = Math.max(minUnreadLimit, 2 * limits.stateBytes);
    this.#ports = ports;
    this.rateLimiter = new RateLimiter(limits, now);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Move to another state. It is saved with the next attachment. */
  become(state: SessionState): void {
    this.#state = state;
  }

  /** Whether its token has expired. */
  get isExpired(): boolean {
    return this.expiresAt !== null && this.expiresAt <= this.#ports.now();
  }

  /** How many sessions its user has. */
  get sessionCount(): number {
    return this.#sessionCount;
  }

  setSessionCount(count: number): void {
    if (count === this.#sessionCount) return;
    this.#sessionCount = count;
    this.saveAttachment();
  }

  /** Characters that were sent but not acknowledged; its welcome does not count. */
  get unread(): number {
    return this.#sent - this.#acked;
  }

  /** The same, if the client has had this many ms to acknowledge some of them; otherwise 0. */
  unreadAfter(ms: number): number {
    const [oldest] = this.#marks;
    return oldest !== undefined && this.#ports.now() - oldest.sentAt > ms ? this.unread : 0;
  }

  /** Whether its client is too far behind in reading. */
  get isTooSlow(): boolean {
    return this.unread > this.#unreadLimit;
  }

  /** Send a frame: one message, or an array of them, as text. */
  send(frame: string): void {
    this.#send(frame);
    this.#sent += frame.length;
    const markedAt = Math.max(this.#marks.at(-1)?.at ?? 0, this.#acked);
    if (this.#sent - markedAt < this.#unreadLimit / marksPerLimit) return;
    this.#sendMark();
    this.saveAttachment();
  }

  /**
   * Send the frame that begins with its welcome, or the parts of that frame. However large it is, it never makes
   * the session too slow: otherwise, a client that takes long to read it could never join.
   */
  sendWelcome(frames: readonly string[]): void {
    for (const frame of frames) {
      this.#send(frame);
      this.#sent += frame.length;
    }
    this.#acked = this.#sent;
    this.#state = { kind: "live" };
    this.saveAttachment();
  }

  /** Mark the stream. The number is random, so nobody can acknowledge what they have not read. */
  #sendMark(): number {
    const n = Number.parseInt(this.#ports.newId().replaceAll("-", "").slice(0, 12), 16);
    const mark = { n, at: this.#sent, sentAt: this.#ports.now() };
    this.#marks = [...this.#marks, mark].slice(-maxMarks);
    this.#send(JSON.stringify({ type: "mark", n } satisfies RoomMessage));
    return n;
  }

  #send(frame: string): void {
    this.socket.send(frame);
    this.tap?.sent(this, frame);
  }

  /** The client has read up to this mark. @returns false if the mark awaits no acknowledgement */
  acknowledge(n: number): boolean {
    const index = this.#marks.findIndex((mark) => mark.n === n);
    const mark = this.#marks[index];
    if (mark === undefined) return false;
    this.#acked = Math.max(this.#acked, mark.at);
    this.#marks = this.#marks.slice(index + 1);
    this.saveAttachment(); // a room that wakes must know what was read
    return true;
  }

  // Liveness

  /** Note that a frame has arrived. */
  heard(): void {
    this.#heardAt = this.#ports.now();
    this.endProbe();
  }

  /** ms since anything was last heard of the client. */
  get silence(): number {
    const unheard = this.#ports.now() - this.#heardAt;
    return Math.min(unheard, this.socket.pingedAgo ?? unheard);
  }

  /** Whether it was probed and has not answered. */
  get isProbed(): boolean {
    return this.#probe !== undefined;
  }

  /** Ask for a sign of life: a mark that must be acknowledged. */
  probe(): void {
    this.#probe = this.#sendMark();
    this.saveAttachment();
  }

  /** It has given a sign of life, so it is no longer probed. */
  endProbe(): void {
    if (this.#probe === undefined) return;
    this.#probe = undefined;
    this.saveAttachment();
  }

  /** Save its data in the attachment of its socket. */
  saveAttachment(): void {
    this.socket.saveAttachment({
      shape: 3,
      id: this.id,
      userId: this.userId,
      ...(this.client !== null && { client: this.client }),
      scopes: this.scopes,
      ...(this.expiresAt !== null && { expiresAt: this.expiresAt }),
      presence: pack(this.presence),
      ...(this.#sessionCount > 1 && { sessionCount: this.#sessionCount }),
      state: this.#state,
      flow: { sent: this.#sent, acked: this.#acked, marks: this.#marks },
      ...(this.openedAt !== undefined && { openedAt: this.openedAt }),
      heardAt: this.#heardAt,
      ...(this.#probe !== undefined && { probe: this.#probe }),
      ...(this.isSampled && { isSampled: this.isSampled }),
      ...(this.watched.length > 0 && { watched: pack(this.watched) }),
    });
  }

  /**
   * The session has ended: neither its close event nor a room that wakes will find it.
   * @param reason closes the socket; omitted if the socket has closed by itself
   */
  end(reason?: EndReason): void {
    this.#state = { kind: "ended" };
    this.socket.saveAttachment(null);
    if (reason !== undefined) this.socket.close(closeCode(reason), reason);
  }
}

/** Why the room ends a session: an error, or `left` if its user asked to leave. */
export type EndReason = ErrorCode | "left";

/** Close a socket that has no session. */
export function refuseSocket(socket: SocketPort, reason: ErrorCode): void {
  socket.saveAttachment(null);
  socket.close(closeCode(reason), reason);
}

/** The close code for a reason. An error without one in the table gets that of a session that may come back. */
export const closeCode = (reason: EndReason): number =>
  reason === "left" ? 1000 : (errorTable[reason].close ?? 4201);
