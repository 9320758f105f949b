// One socket of the load: it keeps its version, answers marks, and holds the server to its word. Changes
// must follow each other without a gap, and no update may be refused.

import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { dialects, type Resume, type Target } from "./dialects.ts";
import { eachMessage, type MessageType, numberAfter, textAfter } from "./scan.ts";

export type MemberListener = {
  /** A message has come, and the versions that it brought, which are 0 for most. */
  onMessage(member: Member, type: MessageType, message: string, versions: number): void;
  /** The server did what it must not, or the socket is gone. */
  onFailure(error: Error): void;
};

const from = '"from":';
const to = '"to":';
const version = '"version":';
const epoch = '"epoch":';
const n = '"n":';
const refused = '"ok":false';
const resumed = '"resumed":true';
const handshakeTimeout = 30_000;

export type MemberOptions = {
  readonly index: number;
  /** User id. */
  readonly user: string;
  readonly resume: Resume | undefined;
};

export class Member {
  readonly index: number;
  /** The version this socket has seen last. */
  version = 0;
  /** As the welcome told it. */
  epoch = "";
  resumed = false;
  readonly #socket: WebSocket;
  readonly #farewell: string | undefined;
  readonly #listener: MemberListener;
  #tcp: Socket | undefined;
  #ending = false;

  constructor(target: Target, { index, user, resume }: MemberOptions, listener: MemberListener) {
    const { path, protocols, farewell } = dialects[target.server];
    const address = new URL(path(target.room, user, resume), target.url);
    if (address.hostname !== "127.0.0.1") throw new Error("load goes to loopback only");
    address.protocol = "ws:";
    this.index = index;
    this.#listener = listener;
    this.#farewell = farewell;
    this.#socket = new WebSocket(address.href, [...protocols], {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout,
    });
    this.#socket.on("upgrade", ({ socket }) => (this.#tcp = socket));
    this.#socket.on("message", (frame) => this.#read(String(frame)));
    this.#socket.on("error", (error) => this.#fail(error.message));
    this.#socket.on("close", (code, reason) => this.#fail(`closed: ${code} ${String(reason)}`));
  }

  /** Bytes that have come over the wire, the handshake's among them. */
  get bytesReceived(): number {
    return this.#tcp?.bytesRead ?? 0;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Go, and let the server know. */
  leave(): Promise<void> {
    this.#ending = true;
    if (this.#socket.readyState === WebSocket.OPEN && this.#farewell) this.send(this.#farewell);
    return new Promise((resolve) => {
      if (this.#socket.readyState === WebSocket.CLOSED) return resolve();
      this.#socket.once("close", () => resolve());
      this.#socket.close(1000);
    });
  }

  /** Cut the line. */
  drop(): void {
    this.#ending = true;
    this.#socket.terminate();
  }

  #read(frame: string): void {
    eachMessage(frame, (type, message) => {
      const versions = this.#follow(type, message);
      this.#listener.onMessage(this, type, message, versions);
    });
  }

  #follow(type: MessageType, message: string): number {
    switch (type) {
      case "welcome":
        this.version = numberAfter(version, message);
        this.epoch = textAfter(epoch, message);
        this.resumed = message.includes(resumed);
        return 0;
      case "change": {
        const [first, last] = [numberAfter(from, message), numberAfter(to, message)];
        if (first !== this.version || last <= first)
          this.#fail(`was at version ${this.version}, got a change from ${first} to ${last}`);
        this.version = last;
        return last - first;
      }
      case "reply":
        if (message.includes(refused)) this.#fail(message.slice(0, 300));
        return 0;
      case "mark":
        this.send(`{"type":"ack","n":${numberAfter(n, message)}}`);
        return 0;
      case "other":
        if (message.startsWith("error")) this.#fail(message.slice(0, 300));
        return 0;
      default:
        return 0;
    }
  }

  #fail(what: string): void {
    if (!this.#ending) this.#listener.onFailure(new Error(`socket ${this.index}: ${what}`));
  }
}
