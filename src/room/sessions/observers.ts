// The observers of a room, which exist beside its sessions: each gets the state once and then every change (rule
// H10). They are restored from the attachments of their sockets, so the room can sleep meanwhile. They are not
// users: they neither join nor count as activity, and an empty room stops in spite of them.

import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import { CollabError, type ErrorCode } from "../../protocol/errors.ts";
import type { Change } from "../../protocol/history.ts";
import { maxStreamsOfNobody, maxUserSessions } from "../../protocol/limits.ts";
import { allows } from "../../protocol/scopes.ts";
import type { Members } from "../../model/members.ts";
import {
  changeEvent,
  decodeFrame,
  readObserver,
  stateEvent,
  type ObserverEvent,
} from "../../model/observer.ts";
import type { Resume } from "../../model/session-attachment.ts";
import type { Activity } from "../activity.ts";
import type { JsonDocument } from "../document/json-document.ts";
import type { RoomPorts, SocketPort } from "../ports.ts";
import type { Traces } from "./traces.ts";
import { changeFrame, Observer, type ObserverStart } from "./observer.ts";
import { refuseSocket } from "./session.ts";

/** Characters that may be sent to an observer but not read, unless a state is larger still. */
const minUnreadLimit = 4 * 1024 * 1024;
/** The same for all observers together that have read nothing for a while. */
const totalUnreadLimit = 64 * 1024 * 1024;
/** ms within which an observer should read some of what was sent. */
const readTime = 5000;

/** The follower: the user's id, if there is a user, and what permits it. */
export type Follower = Pick<ObserverStart, "user" | "isGiven" | "isTrusted">;

export type ObserversParts = {
  readonly ports: RoomPorts;
  readonly behaviour: ResolvedBehaviour;
  readonly document: JsonDocument;
  readonly members: Pick<Members, "get">;
  readonly activity: Activity;
  readonly traces: Traces;
};

export class Observers {
  readonly #parts: ObserversParts;
  readonly #bySocket = new Map<SocketPort, Observer>();

  constructor(parts: ObserversParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#bySocket.size;
  }

  /**
   * Restore the observers from the open sockets after the room has woken (rule R6).
   * @param startOver whether storage has another state than they were sent
   */
  restore(startOver: boolean): void {
    this.#parts.traces.restore();
    for (const socket of this.#parts.ports.sockets()) {
      const attachment = readObserver(socket.attachment);
      if (attachment === null) continue;
      if (!this.#mayFollow(attachment.user, attachment.isGiven)) refuseSocket(socket, "forbidden");
      else if (startOver || attachment.epoch !== this.#epoch)
        this.#add(socket, this.#fresh(attachment)).begin([this.#whole("reset")]);
      else this.#add(socket, attachment);
    }
  }

  /**
   * Open an observer, while nothing is staged.
   * @param resume what a returning observer already has: it gets the changes since then
   * @param accept accepts the socket, once there is something to send
   * @throws CollabError `room_full`
   */
  open(resume: Resume | undefined, follower: Follower, accept: () => SocketPort): void {
    this.#checkCapacity(follower);
    const events = this.#begin(resume);
    this.#add(accept(), this.#fresh(follower)).begin(events);
  }

  /**
   * @throws CollabError `room_full` if the user, all callers without a user, or all observers together have too
   * many
   */
  #checkCapacity({ user, isTrusted }: Follower): void {
    // The other half is reserved for users who join the room.
    const most = Math.max(1, Math.floor(this.#parts.behaviour.maxSockets / 2));
    if (this.size >= most)
      throw new CollabError("room_full", {
        detail: `The room allows ${most} streams of changes. Try again when some have closed.`,
      });
    if (user !== undefined && this.#of(user).length >= maxUserSessions)
      throw new CollabError("room_full", {
        detail: `A user may follow a room with at most ${maxUserSessions} streams. Close one and try again.`,
      });
    if (user === undefined && !isTrusted && this.#anonymousCount() >= maxStreamsOfNobody)
      throw new CollabError("room_full", {
        detail: `Callers without a user may follow a room with at most ${maxStreamsOfNobody} streams in total. Try again when some have closed, or connect as a user.`,
      });
  }

  /** How many belong to no user and are not trusted. */
  #anonymousCount(): number {
    const all = [...this.#bySocket.values()];
    return all.filter(({ user, isTrusted }) => user === undefined && !isTrusted).length;
  }

  /** Whether somebody who follows by the scopes that the room has given them still has these. */
  #mayFollow(user: string | undefined, isGiven: boolean | undefined): boolean {
    if (!isGiven) return true;
    const member = user === undefined ? undefined : this.#parts.members.get(user);
    return allows(member?.scopes ?? [], "room:read");
  }

  #begin(resume: Resume | undefined): ObserverEvent[] {
    if (resume === undefined) return [this.#whole("state")];
    const { document } = this.#parts;
    const changes = resume.epoch === this.#epoch ? document.changesSince(resume.since) : null;
    if (changes === null) return [this.#whole("reset")];
    return changes.map((change) => changeEvent(this.#epoch, change));
  }

  #whole(kind: "state" | "reset"): ObserverEvent {
    const { version, text } = this.#parts.document;
    return stateEvent(kind, this.#epoch, version, text);
  }

  #fresh({ user, isGiven, isTrusted }: Follower): ObserverStart {
    const who = {
      ...(user !== undefined && { user }),
      ...(isGiven && { isGiven }),
      ...(isTrusted && { isTrusted }),
    };
    return { epoch: this.#epoch, sent: 0, marked: 0, read: 0, ...who };
  }

  #add(socket: SocketPort, start: ObserverStart): Observer {
    const { ports, behaviour, document } = this.#parts;
    const unreadLimit = Math.max(minUnreadLimit, 2 * behaviour.limits.stateBytes);
    const observer = new Observer(socket, start, document.version, unreadLimit, ports.now());
    this.#bySocket.set(socket, observer);
    return observer;
  }

  /** Send a committed change to all observers. */
  deliver(change: Change): void {
    if (this.size === 0) return;
    const frame = changeFrame(this.#epoch, change);
    const now = this.#parts.ports.now();
    for (const observer of this.#bySocket.values()) observer.tell(change, frame, now);
    this.#endTooSlow(now);
  }

  /** Handle a frame. @returns false if it is from neither an observer nor a trace */
  receive(socket: SocketPort, frame: string | ArrayBuffer): boolean {
    const observer = this.#bySocket.get(socket);
    if (observer === undefined) return this.#parts.traces.receive(socket, frame);
    const answer = decodeFrame(String(frame));
    if (answer.kind === "mark") observer.acknowledge(answer.n, this.#parts.ports.now());
    return true;
  }

  /** Handle a closed socket, which may belong to neither an observer nor a trace. */
  socketClosed(socket: SocketPort): void {
    this.#bySocket.delete(socket);
    this.#parts.traces.socketClosed(socket);
  }

  /** Close all observers and traces. */
  endAll(reason: ErrorCode): void {
    this.#parts.traces.endAll(reason);
    for (const observer of this.#bySocket.values()) this.#end(observer, reason);
  }

  /** Close the observers of a user. */
  endAllOf(userId: string, reason: ErrorCode): void {
    for (const observer of this.#of(userId)) this.#end(observer, reason);
  }

  /** Close the observers and traces of a user that depend on scopes given by the room, if these no longer suffice. */
  endUnlessAllowed(userId: string): void {
    for (const observer of this.#of(userId))
      if (!this.#mayFollow(userId, observer.isGiven)) this.#end(observer, "forbidden");
    this.#parts.traces.endUnlessAllowed(userId);
  }

  #of(userId: string): Observer[] {
    return [...this.#bySocket.values()].filter(({ user }) => user === userId);
  }

  /** End the observers that are too far behind, individually or together. They may resume. */
  #endTooSlow(now: number): void {
    const stalled: Observer[] = [];
    for (const observer of this.#bySocket.values())
      if (observer.isTooSlow) this.#end(observer, "too_slow");
      else if (observer.hasStalled(readTime, now)) stalled.push(observer);
    let total = stalled.reduce((sum, { unread }) => sum + unread, 0);
    if (total <= totalUnreadLimit) return;
    for (const observer of stalled.toSorted((a, b) => b.unread - a.unread)) {
      if (total <= totalUnreadLimit) return;
      total -= observer.unread;
      this.#end(observer, "too_slow");
    }
  }

  #end({ socket }: Observer, reason: ErrorCode): void {
    this.#bySocket.delete(socket);
    refuseSocket(socket, reason);
  }

  get #epoch(): string {
    return this.#parts.activity.record.epoch;
  }
}
