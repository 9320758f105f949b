// The sessions of a room: how they open, are restored after the room has slept, and end. The hub knows sessions,
// not members. It records whose sessions have ended; the room then decides what that means for the user
// (`takeEndedUsers`).

import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { RoomMessage } from "../../protocol/messages.ts";
import { allows, type Scope } from "../../protocol/scopes.ts";
import type { Members } from "../../model/members.ts";
import { readObserver } from "../../model/observer.ts";
import { readTrace } from "../../model/trace.ts";
import { initialPresence } from "../../model/presence.ts";
import { initialFlow, pack, readAttachment, type Return } from "../../model/session-attachment.ts";
import type { BatchBuilder } from "../batch/batch.ts";
import type { PresenceBoard } from "../members/presence-board.ts";
import type { RoomPorts, SocketPort } from "../ports.ts";
import type { UsageMeter } from "../usage-meter.ts";
import { closeCode, refuseSocket, Session, type EndReason } from "./session.ts";
import type { Sessions } from "./sessions.ts";

/** ms of silence after which a client is probed for a sign of life: five missed pings. */
const silenceLimit = 150_000;
/** Characters that may be sent but not acknowledged in time, in all sessions together. */
const totalUnreadLimit = 64 * 1024 * 1024;
/** ms within which a client should acknowledge a mark. */
const acknowledgeTime = 5000;

export type SessionHubParts = {
  readonly ports: RoomPorts;
  readonly behaviour: ResolvedBehaviour;
  readonly members: Members;
  readonly sessions: Sessions;
  readonly presence: PresenceBoard;
  readonly batch: BatchBuilder;
  readonly usage: UsageMeter;
};

/** A session to open. */
export type SessionRequest = {
  readonly userId: string;
  readonly scopes: readonly Scope[];
  readonly resume?: Return | undefined;
  readonly client?: string | undefined;
  /** When its token expires, in epoch ms; `null` for never. */
  readonly expiresAt: number | null;
};

/** The rights that a token gives to a session. */
export type SessionRights = Pick<SessionRequest, "scopes" | "expiresAt">;

/** Whether an attachment belongs to an observer or a trace. */
const isStream = (attachment: unknown): boolean =>
  readObserver(attachment) !== null || readTrace(attachment) !== null;

/** How a socket has closed, if the room did not close it. */
export type SocketClosed = { readonly code: number; readonly reason: "socket_closed" };

export class SessionHub {
  readonly #parts: SessionHubParts;
  #endedUsers = new Set<string>();

  constructor(parts: SessionHubParts) {
    this.#parts = parts;
  }

  /** Restore the sessions from the open sockets after the room has woken (rule R6). */
  restore(): void {
    for (const socket of this.#parts.ports.sockets())
      if (!isStream(socket.attachment) && this.#find(socket) === null)
        refuseSocket(socket, "session_lost");
  }

  /** Restore the session from a socket's attachment, if its user is still in the room. */
  #find(socket: SocketPort): Session | null {
    const { ports, behaviour, members, sessions } = this.#parts;
    const attachment = readAttachment(socket.attachment);
    const member = attachment && members.get(attachment.userId);
    if (!member) return null;
    // If the attachment could not be saved, the scopes in storage are newer.
    const { scopes = attachment.scopes } = member;
    const session = new Session(socket, { ...attachment, scopes }, behaviour.limits, ports);
    sessions.add(session);
    return session;
  }

  /**
   * Welcome the sessions that were not welcomed before the room slept.
   * @param startOver whether the others must also start over from a new welcome
   */
  welcomeRestored(startOver: boolean): void {
    for (const session of this.#parts.sessions) {
      if (startOver && session.state.kind === "live") session.become({ kind: "restarting" });
      if (session.state.kind !== "live") this.#parts.batch.addNewcomer(session);
    }
  }

  /** Open a session for a member. Its welcome follows with the next flush. */
  open(socket: SocketPort, { userId, scopes, resume, client, expiresAt }: SessionRequest): Session {
    const { ports, behaviour, members, sessions, presence, batch, usage } = this.#parts;
    const member = members.get(userId);
    const attachment = {
      shape: 3,
      id: ports.newId(),
      userId,
      ...(client !== undefined && { client }),
      ...(expiresAt !== null && { expiresAt }),
      scopes: member?.scopes ?? scopes,
      presence: pack(member ? initialPresence(member.entry) : { data: {}, at: 0 }),
      state: { kind: "joining", ...(resume && { resume }) },
      flow: initialFlow,
      openedAt: ports.now(),
      heardAt: ports.now(),
    } as const;
    const session = new Session(socket, attachment, behaviour.limits, ports);
    session.saveAttachment();
    sessions.add(session);
    this.#countSessions(userId);
    presence.markChanged(userId);
    batch.addNewcomer(session);
    usage.count("opened");
    return session;
  }

  /**
   * Handle a closed socket. If closing it woke the room, its session is not among the restored ones. But clients
   * know of the session, so they are told of its end like that of any other.
   */
  socketClosed(socket: SocketPort, code: number): void {
    const { sessions, presence } = this.#parts;
    let session = sessions.get(socket) ?? null;
    if (session === null) {
      session = this.#find(socket);
      if (session !== null) presence.recall(session.userId);
    }
    if (session !== null) this.end(session, { code, reason: "socket_closed" });
  }

  /**
   * End a session.
   * @param cause why the room closes its socket, or how the socket has closed
   */
  end(session: Session, cause: EndReason | SocketClosed): void {
    if (!this.#end(session, typeof cause === "string" ? cause : undefined)) return;
    const { code, reason } =
      typeof cause === "string" ? { code: closeCode(cause), reason: cause } : cause;
    session.tap?.closed(session, code, reason);
    const { ports } = this.#parts;
    ports.log("session_closed", {
      session: session.id,
      user: session.userId,
      code,
      reason,
      lasted: session.openedAt === undefined ? undefined : ports.now() - session.openedAt,
    });
  }

  /** @returns false if it had ended before */
  #end(session: Session, reason: EndReason | undefined): boolean {
    const { sessions, presence, batch, usage } = this.#parts;
    if (!sessions.remove(session)) return false;
    usage.count("closed");
    this.#countSessions(session.userId);
    batch.forget(session);
    presence.markChanged(session.userId);
    session.end(reason);
    this.#endedUsers.add(session.userId);
    return true;
  }

  /** Record in each session of a user how many there are, so that one restored alone knows of the others. */
  #countSessions(userId: string): void {
    const siblings = this.#parts.sessions.of(userId);
    for (const session of siblings) session.setSessionCount(siblings.length);
  }

  /** End every session of a user. */
  endAllOf(userId: string, reason: EndReason): void {
    for (const session of this.#parts.sessions.of(userId)) this.end(session, reason);
  }

  /**
   * End every session of a room that is stopping. The log gets one line for the room and none for each session,
   * because the platform keeps only 256 KB of what one event logs.
   */
  endAll(reason: ErrorCode): void {
    for (const session of this.#parts.sessions) this.#end(session, reason);
  }

  /**
   * End the sessions that were probed and have not answered, and probe those that have gone silent since (rule U8).
   * @returns whether an answer is awaited
   */
  checkLiveness(): boolean {
    let isAwaited = false;
    for (const session of this.#parts.sessions) {
      if (session.isTooSlow) this.end(session, "too_slow");
      else if (session.silence <= silenceLimit) session.endProbe();
      else if (session.isProbed) this.end(session, "silent");
      else {
        session.probe();
        isAwaited = true;
      }
    }
    return isAwaited;
  }

  /** End the session that has been silent longest, if any is silent: its place is needed. */
  endMostSilent(sessions: Iterable<Session>): void {
    const longest = this.mostSilent(sessions);
    if (longest !== null) this.end(longest, "silent");
  }

  /** The session that would be ended to make room for another; `null` if none has been silent long enough. */
  mostSilent(sessions: Iterable<Session>): Session | null {
    let longest: Session | null = null;
    for (const session of sessions)
      if (session.silence > (longest?.silence ?? silenceLimit)) longest = session;
    return longest;
  }

  /** End those of these sessions that are individually too far behind (rule L1). */
  endTooSlowOf(sessions: Iterable<Session>): void {
    for (const session of sessions) if (session.isTooSlow) this.end(session, "too_slow");
  }

  /** End the sessions that are too far behind, individually or together (rules L1, N4). */
  endTooSlow(): void {
    let total = 0;
    for (const session of this.#parts.sessions) {
      if (session.isTooSlow) this.end(session, "too_slow");
      else total += session.unreadAfter(acknowledgeTime);
    }
    if (total <= totalUnreadLimit) return;
    const late = Array.from(this.#parts.sessions, (session) => ({
      session,
      unread: session.unreadAfter(acknowledgeTime),
    })).toSorted((a, b) => b.unread - a.unread);
    for (const { session, unread } of late) {
      if (total <= totalUnreadLimit) return;
      total -= unread;
      this.end(session, "too_slow");
    }
  }

  /** Apply a renewed token to a session, which is told if its scopes change. */
  renew(session: Session, { scopes, expiresAt }: SessionRights): void {
    if (session.state.kind === "ended") return;
    session.expiresAt = expiresAt;
    this.#setScopes(session, scopes);
    if (!allows(scopes, "room:read")) this.end(session, "forbidden");
  }

  /** End the sessions whose tokens have expired. */
  endExpired(): void {
    for (const session of this.#parts.sessions)
      if (session.isExpired) this.end(session, "token_expired");
  }

  /** Epoch ms at which the next token of a session expires; `Infinity` if none does. */
  get nextExpiry(): number {
    let next = Infinity;
    for (const { expiresAt } of this.#parts.sessions) next = Math.min(next, expiresAt ?? Infinity);
    return next;
  }

  /** Whether users of ended sessions are waiting to be processed. */
  get hasEndedUsers(): boolean {
    return this.#endedUsers.size > 0;
  }

  /** The users whose sessions have ended since the last call. */
  takeEndedUsers(): ReadonlySet<string> {
    const users = this.#endedUsers;
    this.#endedUsers = new Set();
    return users;
  }

  /** Set what a user's sessions may do, and tell them. Without `room:read`, they end. */
  setScopes(userId: string, scopes: readonly Scope[]): void {
    for (const session of this.#parts.sessions.of(userId)) this.#setScopes(session, scopes);
    if (!allows(scopes, "room:read")) this.endAllOf(userId, "forbidden");
  }

  #setScopes(session: Session, scopes: readonly Scope[]): void {
    const isSame = session.scopes.join() === scopes.join();
    session.scopes = scopes;
    session.saveAttachment();
    if (!isSame) this.tell(session, { type: "scopes", scopes });
  }

  /** Send a message to one session: at once, or after its welcome if that is still pending. */
  tell(session: Session, message: RoomMessage): void {
    this.tellText(session, JSON.stringify(message));
  }

  /** @param text a message as JSON text; see `tell` */
  tellText(session: Session, text: string): void {
    switch (session.state.kind) {
      case "ended":
        return;
      case "joining":
        return this.#parts.batch.addReply(session, text);
      case "live":
      case "restarting":
        return session.send(text);
      default:
        session.state satisfies never;
    }
  }

  /** The room is about to restart: save what memory holds of the sessions in their attachments. */
  saveAttachments(): void {
    for (const session of this.#parts.sessions) session.saveAttachment();
  }
}
