// The traces of a room: administrators who see each frame of its sessions (rule V6). While there are none, sessions
// have no tap, so sending and receiving cost nothing extra. Traces are restored from the attachments of their
// sockets. They are not users, do not count as activity, and are not traced themselves.

import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import type { Members } from "../../model/members.ts";
import { decodeFrame } from "../../model/observer.ts";
import {
  readTrace,
  selectsSession,
  viewReceived,
  viewSent,
  type FrameView,
} from "../../model/trace.ts";
import { CollabError, type ErrorCode } from "../../protocol/errors.ts";
import type { TracedClose, TracedFrame } from "../../protocol/inspection.ts";
import { allows } from "../../protocol/scopes.ts";
import { isoTime } from "../../protocol/time.ts";
import type { RoomPorts, SocketPort } from "../ports.ts";
import { refuseSocket, type FrameTap, type Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import { Trace, type TraceStart } from "./trace.ts";

/** Traces that a room may have at a time: each costs work for every frame. */
const maxTraces = 8;

export type TracesParts = {
  readonly ports: Pick<RoomPorts, "sockets" | "now">;
  readonly behaviour: Pick<ResolvedBehaviour, "limits">;
  readonly members: Pick<Members, "get">;
  readonly sessions: Sessions;
};

export class Traces implements FrameTap {
  readonly #parts: TracesParts;
  readonly #bySocket = new Map<SocketPort, Trace>();
  /** The last frame that was sent, because most frames go to many sessions. */
  #lastSent: { readonly frame: string; readonly view: FrameView } | null = null;

  constructor(parts: TracesParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#bySocket.size;
  }

  /** Restore the traces from the open sockets after the room has woken (rule R6). */
  restore(): void {
    for (const socket of this.#parts.ports.sockets()) {
      const attachment = readTrace(socket.attachment);
      if (attachment === null) continue;
      if (this.#mayTrace(attachment.givenTo)) this.#add(socket, attachment);
      else refuseSocket(socket, "forbidden");
    }
  }

  /**
   * Open a trace.
   * @param accept accepts the socket
   * @throws CollabError `room_full`
   */
  open(start: TraceStart, accept: () => SocketPort): void {
    if (this.size >= maxTraces)
      throw new CollabError("room_full", {
        detail: `A room has at most ${maxTraces} traces. Try again when some have closed.`,
      });
    this.#add(accept(), start);
  }

  #add(socket: SocketPort, start: TraceStart): void {
    this.#bySocket.set(socket, new Trace(socket, start));
    this.#parts.sessions.tap = this;
  }

  /** Whether somebody who traces by the scopes that the room has given them still has these. */
  #mayTrace(givenTo: string | undefined): boolean {
    if (givenTo === undefined) return true;
    return allows(this.#parts.members.get(givenTo)?.scopes ?? [], "room:admin");
  }

  /** Handle a frame. @returns false if it is not from a trace's reader */
  receive(socket: SocketPort, frame: string | ArrayBuffer): boolean {
    const trace = this.#bySocket.get(socket);
    if (trace === undefined) return false;
    const answer = decodeFrame(String(frame));
    if (answer.kind === "mark") trace.acknowledge(answer.n, this.#parts.ports.now());
    return true;
  }

  /** Handle a closed socket, which may not belong to a trace. */
  socketClosed(socket: SocketPort): void {
    if (this.#bySocket.size > 0) this.#remove(socket);
  }

  endAll(reason: ErrorCode): void {
    for (const trace of this.#bySocket.values()) this.#end(trace, reason);
  }

  /** Close the traces of a user that depend on scopes given by the room, if these no longer suffice. */
  endUnlessAllowed(userId: string): void {
    for (const trace of this.#bySocket.values())
      if (trace.givenTo === userId && !this.#mayTrace(userId)) this.#end(trace, "forbidden");
  }

  #end({ socket }: Trace, reason: ErrorCode): void {
    this.#remove(socket);
    refuseSocket(socket, reason);
  }

  #remove(socket: SocketPort): void {
    this.#bySocket.get(socket)?.end();
    this.#bySocket.delete(socket);
    if (this.size > 0) return;
    this.#parts.sessions.tap = null;
    this.#lastSent = null;
  }

  // The tap

  received(session: Session, frame: string | ArrayBuffer): void {
    const { frameBytes } = this.#parts.behaviour.limits;
    this.#tell(session, "in", () => viewReceived(frame, frameBytes));
  }

  sent(session: Session, frame: string): void {
    this.#tell(session, "out", () => {
      if (this.#lastSent?.frame !== frame) this.#lastSent = { frame, view: viewSent(frame) };
      return this.#lastSent.view;
    });
  }

  closed(session: Session, code: number, reason: string): void {
    const { id, userId: user } = session;
    const told: TracedClose = { at: this.#now, session: id, user, code, reason };
    for (const trace of this.#bySocket.values())
      if (trace.filter.type !== undefined || !selectsSession(trace.filter, session)) continue;
      else if (trace.isFull) trace.drop();
      else trace.tell("closed", JSON.stringify(told));
  }

  /** @param look creates the view of the frame; called only if a trace sends it or filters by it */
  #tell(session: Session, direction: TracedFrame["direction"], look: () => FrameView): void {
    let view: FrameView | undefined;
    let data: string | undefined;
    for (const trace of this.#bySocket.values()) {
      const { type } = trace.filter;
      if (!selectsSession(trace.filter, session)) continue;
      if (type !== undefined && !(view ??= look()).types.includes(type)) continue;
      if (trace.isFull) {
        trace.drop();
        continue;
      }
      view ??= look();
      data ??= JSON.stringify({
        at: this.#now,
        direction,
        session: session.id,
        user: session.userId,
        ...view,
      } satisfies TracedFrame);
      trace.tell("frame", data);
    }
  }

  get #now(): string {
    return isoTime(this.#parts.ports.now());
  }
}
