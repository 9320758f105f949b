// One socket's membership: whose it is, what it may do, how much it may send and how far it has read.

import { errorTable, type ErrorCode } from "../../protocol/errors.ts";
import type { Limits } from "../../protocol/limits.ts";
import type { RoomMessage } from "../../protocol/messages.ts";
import type { Scope } from "../../protocol/scopes.ts";
import type { SessionPresence } from "../../model/presence.ts";
import type { SessionAttachment, SessionState } from "../../model/session-attachment.ts";
import type { SocketPort } from "../ports.ts";
import { RateLimiter } from "./rate-limiter.ts";

/** Characters sent between two marks. */
const markInterval = 256 * 1024;
/** The count of a user's sessions stops here: it only has to tell one from many. */
const maxSessionCount = 17;
/** Characters that may be sent and not acknowledged, unless a state is larger still. */
const minUnreadLimit = 4 * 1024 * 1024;

export class Session {
  readonly socket: SocketPort;
  readonly id: string;
  readonly userId: string;
  readonly rateLimiter: RateLimiter;
  scopes: readonly Scope[];
  presence: SessionPresence;
  #state: SessionState;
  #sessionCount: number;
  #sent: number;
  #acked: number;
  #marks: readonly number[];
  readonly #unreadLimit: number;

  constructor(socket: SocketPort, attachment: SessionAttachment, limits: Limits, now: number) {
    const { id, userId, scopes, presence, state, flow } = attachment;
    this.socket = socket;
    this.id = id;
    this.userId = userId;
    this.scopes = scopes;
    this.presence = presence;
    this.#state = state;
    this.#sessionCount = attachment.sessionCount ?? 1;
    this.#sent = flow.sent;
    this.#acked = flow.acked;
    this.#marks = flow.marks;
    this.#unreadLimit = Math.max(minUnreadLimit, 2 * limits.stateBytes);
    this.rateLimiter = new RateLimiter(limits, now);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Move to another state. The attachment follows when it is saved next. */
  become(state: SessionState): void {
    this.#state = state;
  }

  /** How many sessions its user has, as far as it is counted. */
  get sessionCount(): number {
    return this.#sessionCount;
  }

  setSessionCount(count: number): void {
    const capped = Math.min(count, maxSessionCount);
    if (capped === this.#sessionCount) return;
    this.#sessionCount = capped;
    this.saveAttachment();
  }

  /** Whether it reads more slowly than the room can wait for. */
  get isTooSlow(): boolean {
    return this.#sent - this.#acked > this.#unreadLimit;
  }

  /** Send a frame: one message, or an array of them, as text. */
  send(frame: string): void {
    this.socket.send(frame);
    this.#sent += frame.length;
    if (this.#sent - (this.#marks.at(-1) ?? this.#acked) < markInterval) return;
    this.#marks = [...this.#marks, this.#sent];
    this.socket.send(JSON.stringify({ type: "mark", n: this.#sent } satisfies RoomMessage));
    this.saveAttachment();
  }

  /** The client has read up to this mark. @returns false for a mark that was never sent */
  acknowledge(mark: number): boolean {
    if (mark <= this.#acked) return true;
    const index = this.#marks.indexOf(mark);
    if (index < 0) return false;
    this.#acked = mark;
    this.#marks = this.#marks.slice(index + 1);
    this.saveAttachment(); // a room that wakes must know what was read
    return true;
  }

  /** Save what has changed beside the socket. */
  saveAttachment(): void {
    this.socket.saveAttachment({
      shape: 2,
      id: this.id,
      userId: this.userId,
      scopes: this.scopes,
      presence: this.presence,
      ...(this.#sessionCount > 1 && { sessionCount: this.#sessionCount }),
      state: this.#state,
      flow: { sent: this.#sent, acked: this.#acked, marks: this.#marks },
    });
  }

  /**
   * The session has ended: neither its close event nor a room that wakes finds it again.
   * @param reason closes the socket; left out when the socket has closed by itself
   */
  end(reason?: ErrorCode): void {
    this.#state = { kind: "ended" };
    this.socket.saveAttachment(null);
    if (reason !== undefined) this.socket.close(closeCode(reason), reason);
  }
}

/** Close a socket that has no session. */
export function refuseSocket(socket: SocketPort, reason: ErrorCode): void {
  socket.saveAttachment(null);
  socket.close(closeCode(reason), reason);
}

/** The close code of an error; for one that has none in the table, the code of a session that may come back. */
const closeCode = (code: ErrorCode): number => errorTable[code].close ?? 4201;
