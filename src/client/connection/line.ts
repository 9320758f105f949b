// One socket: frames from text to messages, parts and marks, and whether the other end is still there. It decides
// nothing about coming back. It ends once, and is silent after that, whatever the socket still says.
//
//   opening ──▶ open ──▶ ended
//                │ ▲
//                ▼ │ pong, or anything else
//              asked ──── no answer ──▶ ended

import type { RoomMessage } from "../../protocol/messages.ts";
import { PartReader } from "../../protocol/parts.ts";
import type { Environment, SocketLike } from "../environment.ts";

type LineListener = {
  /** More of a long frame has come. */
  progressed(): void;
  /** A frame, without its marks, which may be all of it. They are acknowledged when this has returned. */
  frame(messages: readonly RoomMessage[]): void;
  /** It has ended by itself, or the other end has ended it. */
  ended(code: number, reason: string): void;
};

/** ms to wait for an answer. */
const patience = 10_000;
/** The same after something that may have cut the line. */
const shortPatience = 5_000;

/** A timer that comes later than this was held up by the browser, or the machine was asleep. */
const muchLater = 2_000;

/** The close code of a connection that has broken. */
const abnormal = 1006;
/** UTF-16 units of a reason: a close frame takes 123 bytes of UTF-8. */
const maxReason = 40;

export class Line {
  readonly #environment: Environment;
  readonly #listener: LineListener;
  readonly #socket: SocketLike;
  readonly #parts = new PartReader();
  #state: "opening" | "open" | "asked" | "ended" = "opening";
  #pingInterval = 30_000;
  #pingedAt = 0;
  #cancelTimer = (): void => {};

  /** @throws what the socket's constructor throws */
  constructor(
    environment: Environment,
    address: string,
    protocols: string[],
    listener: LineListener,
  ) {
    this.#environment = environment;
    this.#listener = listener;
    this.#socket = environment.open(address, protocols);
    this.#socket.addEventListener("open", () => {
      if (this.#state === "opening") this.#ping(patience);
    });
    this.#socket.addEventListener("message", ({ data }) => this.#receive(data));
    this.#socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
    // `close` follows. Some sockets throw the error if nobody listens to it.
    this.#socket.addEventListener("error", () => {});
  }

  /**
   * Send a frame.
   * @returns false if the socket is not open
   */
  send(text: string): boolean {
    if (this.#state === "ended" || this.#socket.readyState !== 1) return false;
    this.#socket.send(text);
    return true;
  }

  /** Find out soon whether the line still works, once it is open. */
  probe(): void {
    this.#ping(shortPatience);
  }

  /** Close the socket, and say nothing any more. */
  close(reason = ""): void {
    if (this.#state === "ended") return;
    this.#stop();
    this.#socket.close(1000, reason.slice(0, maxReason));
  }

  /** Close the socket, because it does not work. */
  fail(reason: string): void {
    if (this.#state === "ended") return;
    this.close(reason);
    this.#listener.ended(abnormal, reason);
  }

  #end(code: number, reason: string): void {
    if (this.#state === "ended") return;
    this.#stop();
    this.#listener.ended(code, reason);
  }

  #stop(): void {
    this.#state = "ended";
    this.#cancelTimer();
  }

  #receive(data: unknown): void {
    if (this.#state === "ended") return;
    const interval = this.#pingInterval;
    let messages: readonly RoomMessage[] | null = null;
    try {
      if (data !== "pong") messages = this.#read(data);
    } catch {
      return this.fail("a frame was not understood");
    }
    if (this.#state === "asked" || this.#pingInterval !== interval) this.#rest();
    if (messages) this.#pass(messages);
  }

  /**
   * @returns the messages of a frame; `null` for a part that others follow
   * @throws for what is none
   */
  #read(data: unknown): readonly RoomMessage[] | null {
    if (typeof data !== "string") throw new TypeError("binary");
    const json = JSON.parse(data) as RoomMessage | RoomMessage[];
    const messages = Array.isArray(json) ? json : [json];
    for (const message of messages) {
      if (typeof message.type !== "string") throw new TypeError("no message");
      if (message.type === "welcome") this.#pingInterval = message.limits.pingInterval;
      if (message.type !== "part") continue;
      const whole = this.#parts.take(message);
      this.#listener.progressed();
      return whole === null ? null : this.#read(whole);
    }
    return messages;
  }

  #pass(messages: readonly RoomMessage[]): void {
    this.#listener.frame(messages.filter(({ type }) => type !== "mark"));
    // It includes the marks before it.
    const mark = messages.findLast(({ type }) => type === "mark");
    if (mark?.type === "mark") this.send(JSON.stringify({ type: "ack", n: mark.n }));
  }

  /** Ask for a sign of life. @param isExcused whether the answer may be late if everything was */
  #ping(ms: number, isExcused = true): void {
    this.send("ping");
    this.#state = "asked";
    this.#pingedAt = this.#environment.now();
    this.#later(ms, (isLate) => {
      if (isLate && isExcused) this.#ping(shortPatience, false);
      else this.fail("the room does not answer");
    });
  }

  /** Wait until it is time to ask again. */
  #rest(): void {
    this.#state = "open";
    const wait = this.#pingedAt + this.#pingInterval - this.#environment.now();
    // The clock may have been set back meanwhile.
    this.#later(Math.max(0, Math.min(wait, this.#pingInterval)), (isLate) =>
      this.#ping(isLate ? shortPatience : patience),
    );
  }

  #later(ms: number, call: (isLate: boolean) => void): void {
    this.#cancelTimer();
    const due = this.#environment.now() + ms;
    this.#cancelTimer = this.#environment.later(ms, () =>
      call(this.#environment.now() > due + muchLater),
    );
  }
}
