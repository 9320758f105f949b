// One trace: a Worker that reads the room's frames for an administrator (rule V6). If its reader is too slow,
// frames are dropped and counted, never kept: a trace that nobody reads costs the room no memory.

import { encodeFrame, type StreamEvent } from "../../model/observer.ts";
import type { TraceAttachment } from "../../model/trace.ts";
import type { TracedDrop, TraceFilter } from "../../protocol/inspection.ts";
import { isoTime } from "../../protocol/time.ts";
import type { SocketPort } from "../ports.ts";

/** Characters that may be sent but not read. */
const unreadLimit = 256 * 1024;
/** A mark is sent each time this fraction of them has been sent. */
const marksPerLimit = 16;

export type TraceStart = Pick<TraceAttachment, "filter" | "givenTo"> & Partial<TraceAttachment>;

export class Trace {
  readonly socket: SocketPort;
  readonly filter: TraceFilter;
  readonly givenTo: string | undefined;
  #sent: number;
  #marked: number;
  #read: number;
  #dropped: number;
  #isSaving = false;

  constructor(socket: SocketPort, start: TraceStart) {
    this.socket = socket;
    this.filter = start.filter;
    this.givenTo = start.givenTo;
    this.#sent = start.sent ?? 0;
    this.#marked = start.marked ?? 0;
    this.#read = start.read ?? 0;
    this.#dropped = start.dropped ?? 0;
    this.#saveSoon();
  }

  /** Whether its reader must catch up before more is sent. */
  get isFull(): boolean {
    return this.#sent - this.#read >= unreadLimit;
  }

  /** Count a frame that its reader was too slow for. */
  drop(): void {
    this.#dropped++;
    this.#saveSoon();
  }

  tell(kind: StreamEvent["kind"] & ("frame" | "closed" | "dropped"), data: string): void {
    const frame = encodeFrame({ kind, tag: "", data });
    this.socket.send(frame);
    this.#sent += frame.length;
    if (this.#sent - this.#marked >= unreadLimit / marksPerLimit) {
      this.#marked = this.#sent;
      this.socket.send(encodeFrame({ kind: "mark", n: this.#marked }));
    }
    this.#saveSoon();
  }

  /** Everything up to this mark has been read. A number that matches no mark changes nothing. */
  acknowledge(n: number, now: number): void {
    if (!(n > this.#read && n <= this.#marked)) return;
    this.#read = n;
    const frames = this.#dropped;
    this.#dropped = 0;
    if (frames > 0)
      this.tell("dropped", JSON.stringify({ at: isoTime(now), frames } satisfies TracedDrop));
    this.#saveSoon();
  }

  /** Save the counters, once for everything that happens together. */
  #saveSoon(): void {
    if (this.#isSaving) return;
    this.#isSaving = true;
    void Promise.resolve().then(() => {
      this.#isSaving = false;
      if (!this.#hasEnded) this.#save();
    });
  }

  #hasEnded = false;

  /** The trace has ended: neither its close event nor a room that wakes will find it. */
  end(): void {
    this.#hasEnded = true;
  }

  #save(): void {
    this.socket.saveAttachment({
      trace: 1,
      filter: this.filter,
      sent: this.#sent,
      marked: this.#marked,
      read: this.#read,
      dropped: this.#dropped,
      ...(this.givenTo !== undefined && { givenTo: this.givenTo }),
    });
  }
}
