// The Worker's end of an observer's or a trace's socket. It yields the room's events, one after another, as fast as
// they are read. Unread events wait here; the reader reports its progress to the room, which ends the observer if it
// falls too far behind.

import { errorTable, type ErrorCode } from "../protocol/errors.ts";
import { decodeFrame, encodeFrame, type StreamEvent } from "../model/observer.ts";

/** Why the events ended: the room has stopped, or the reader has to reconnect and resume. */
export type ReaderEnd = "room_stopped" | "too_slow" | "session_lost";

type EndCode = ReaderEnd & ErrorCode;

export class ChangeReader implements AsyncIterableIterator<StreamEvent> {
  readonly #socket: WebSocket;
  readonly #frames: string[] = [];
  #end: ReaderEnd | null = null;
  /** Resumes the reader; set while it waits. */
  #wake: (() => void) | null = null;

  /** @param socket a socket that the room has opened and that nothing has been read from */
  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.#frames.push(data);
      this.#wake?.();
    });
    socket.addEventListener("close", ({ code }) => {
      this.#finish(endOf(code));
      this.#close();
    });
    socket.addEventListener("error", () => this.#finish("session_lost"));
    socket.accept();
  }

  /** Why the events ended; `null` while more may come. */
  get end(): ReaderEnd | null {
    return this.#end;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<StreamEvent, undefined>> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        const event = decodeFrame(frame);
        if (event.kind !== "mark") return { done: false, value: event };
        this.#send(encodeFrame(event));
      } else if (this.#end === null) await this.#more();
      else return { done: true, value: undefined };
    }
  }

  /** Stop reading and end the observer. */
  async return(): Promise<IteratorResult<StreamEvent, undefined>> {
    this.#frames.length = 0;
    this.#finish("session_lost");
    this.#close();
    return { done: true, value: undefined };
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }

  #finish(end: ReaderEnd): void {
    this.#end ??= end;
    this.#wake?.();
  }

  #send(frame: string): void {
    try {
      this.#socket.send(frame);
    } catch {
      // The socket has closed; its close event ends the reader.
    }
  }

  #close(): void {
    try {
      this.#socket.close(1000);
    } catch {
      // The socket has closed already.
    }
  }
}

const ends: readonly EndCode[] = ["room_stopped", "too_slow"];

const endOf = (closeCode: number): ReaderEnd =>
  ends.find((code) => errorTable[code].close === closeCode) ?? "session_lost";
