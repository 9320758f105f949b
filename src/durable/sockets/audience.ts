// Who listens to the room, and all that the room tells them. It knows sessions, not members: whoever
// ends a session sees to what becomes of the user.

import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import type { CollabError, ErrorCode } from "../../protocol/errors.ts";
import type { Change } from "../../protocol/history.ts";
import type { Ref, RoomMessage } from "../../protocol/messages.ts";
import type { Scope } from "../../protocol/scopes.ts";
import type { Members } from "../../room/members.ts";
import { firstPresence } from "../../room/presence.ts";
import { noFlow, readKept, type Resume } from "../../room/session.ts";
import type { RoomPorts, SocketPort } from "../ports.ts";
import type { StateJournal } from "../state-journal.ts";
import { Outbox } from "./outbox.ts";
import { PresenceBoard } from "./presence-board.ts";
import { closeCode, Session } from "./session.ts";
import { Sessions } from "./sessions.ts";
import { createWelcomes } from "./welcome.ts";

/** ms of silence after which a socket that has pinged before is taken for dead: five pings missed. */
const silence = 150_000;

export type AudienceParts = {
  readonly ports: RoomPorts;
  readonly behaviour: ResolvedBehaviour;
  readonly epoch: string;
  readonly journal: StateJournal;
  readonly members: Members;
  /** Something less urgent than a change waits to be told. */
  onSignal(): void;
};

/** Who comes by socket, and with what. */
export type Arrival = {
  readonly userId: string;
  readonly scopes: readonly Scope[];
  readonly resume?: Resume | undefined;
};

export class Audience {
  readonly sessions = new Sessions();
  readonly presence: PresenceBoard;
  readonly outbox: Outbox;
  readonly #parts: AudienceParts;

  constructor(parts: AudienceParts) {
    this.#parts = parts;
    const { ports, behaviour, epoch, journal, members, onSignal } = parts;
    this.#restore();
    const { sessions } = this;
    const presence = new PresenceBoard({ ports, members, sessions, onChange: onSignal });
    const roomId = ports.id;
    this.presence = presence;
    this.outbox = new Outbox({
      sessions,
      presence,
      welcomes: () => createWelcomes({ roomId, epoch, behaviour, journal, members, presence }),
    });
    for (const [session, reason] of this.unresponsive()) this.end(session, reason);
  }

  /** Find the sessions of the sockets that are open: the room has woken (rule R6). */
  #restore(): void {
    for (const socket of this.#parts.ports.sockets()) {
      if (this.#find(socket) === null) refuse(socket, "session_lost");
    }
  }

  /** The session that was kept beside a socket, if its user is still in the room. */
  #find(socket: SocketPort): Session | null {
    const { ports, behaviour, members } = this.#parts;
    const kept = readKept(socket.kept);
    if (kept === null || members.get(kept.userId) === undefined) return null;
    const session = new Session(socket, kept, behaviour.limits, ports.now());
    this.sessions.add(session);
    return session;
  }

  /** Open a session for a member; its welcome follows. */
  open(socket: SocketPort, { userId, scopes, resume }: Arrival): Session {
    const { ports, behaviour, members } = this.#parts;
    const now = ports.now();
    const member = members.get(userId);
    const kept = {
      shape: 1,
      id: ports.newId(),
      userId,
      scopes: member?.scopes ?? scopes,
      presence: member ? firstPresence(member.entry) : { data: {}, at: 0 },
      welcomed: false,
      ...(resume && { resume }),
      flow: noFlow,
    } as const;
    const session = new Session(socket, kept, behaviour.limits, now);
    session.keep();
    this.sessions.add(session);
    this.#count(userId);
    this.presence.note(userId);
    this.outbox.welcome(session);
    return session;
  }

  /**
   * A socket has gone. Where that woke the room, its session is no longer among those that are open, but
   * everybody has seen it: they are told of its end like of any other.
   */
  lose(socket: SocketPort): void {
    let session = this.sessions.get(socket) ?? null;
    if (session === null) {
      session = this.#find(socket);
      if (session !== null) this.presence.recall(session.userId);
    }
    if (session !== null) this.end(session);
  }

  /**
   * A session has ended, or is to end.
   * @param reason closes its socket; left out when that has closed by itself
   * @returns false when it had ended before
   */
  end(session: Session, reason?: ErrorCode): boolean {
    if (!this.sessions.remove(session)) return false;
    this.#count(session.userId);
    this.outbox.drop(session);
    this.presence.note(session.userId);
    session.forget();
    if (reason !== undefined) session.close(reason);
    return true;
  }

  /** Have each session of a user know how many they are: one that wakes alone tells of the others. */
  #count(userId: string): void {
    const tabs = this.sessions.of(userId);
    for (const session of tabs) session.noteTabs(tabs.length);
  }

  /** End every session of a user. */
  endAllOf(userId: string, reason: ErrorCode): void {
    for (const session of this.sessions.of(userId)) this.end(session, reason);
  }

  /** End every session. */
  endAll(reason: ErrorCode): void {
    for (const session of this.sessions) this.end(session, reason);
  }

  /** Say what a user's sessions may do, and tell them. */
  setScopes(userId: string, scopes: readonly Scope[]): void {
    for (const session of this.sessions.of(userId)) {
      session.scopes = scopes;
      session.keep();
      this.tell(session, { type: "scopes", scopes });
    }
  }

  /** Sessions that have read too little of what was sent, or have gone silent. */
  unresponsive(): [Session, ErrorCode][] {
    return Array.from(this.sessions).flatMap((session): [Session, ErrorCode][] => {
      if (session.isTooSlow) return [[session, "too_slow"]];
      return this.#isSilent(session) ? [[session, "silent"]] : [];
    });
  }

  #isSilent({ socket }: Session): boolean {
    const { pingedAt } = socket;
    // Who has never pinged is not expected to: their end is for the platform to find.
    return pingedAt !== null && this.#parts.ports.now() - pingedAt > silence;
  }

  /**
   * Tell one session something: at once, unless it belongs behind what waits already.
   * @param ref of the change this replies to, if that is not committed yet
   */
  tell(session: Session, message: RoomMessage, ref?: Ref): void {
    if (!this.sessions.has(session)) return;
    if (ref === undefined && !session.isNew) session.send(JSON.stringify(message));
    else this.outbox.answer(session, message, ref);
  }

  /** Send all that waits. @returns sessions that have fallen too far behind */
  flush(change: Change | null): Session[] {
    this.outbox.flush(change);
    return Array.from(this.sessions).filter(({ isTooSlow }) => isTooSlow);
  }

  /**
   * The room is about to wake anew: what depended on a commit fails with this error, what else waits is
   * sent, and everybody begins anew from another `welcome`. Who has none yet gets theirs then: what memory
   * holds now is not what is committed.
   */
  abandon(error: CollabError): void {
    for (const session of this.sessions) if (session.isNew) this.outbox.drop(session);
    this.outbox.reject(error);
    this.outbox.flush(null);
    for (const session of this.sessions) {
      if (!session.isNew) session.startOver();
      session.keep();
    }
    this.presence.retire();
  }
}

/** Close a socket that has no session. */
export function refuse(socket: SocketPort, code: ErrorCode): void {
  socket.keep(null);
  socket.close(closeCode(code), code);
}
