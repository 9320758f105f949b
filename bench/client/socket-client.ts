// One socket of the load. It tracks its version, acknowledges marks, and checks the server: changes must
// follow each other without a gap, and no update may be refused.

import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { PartReader } from "../../src/protocol/parts.ts";
import { eachMessage, type MessageType, numberAfter, textAfter } from "./scan.ts";
import { type Resume, serverProtocols, type Target } from "./server-protocols.ts";

export type SocketClientListener = {
  /** A message has arrived. `versions`: how many versions it brought, which is 0 for most messages. */
  onMessage(client: SocketClient, type: MessageType, message: string, versions: number): void;
  /** The server broke a rule, or the socket was closed. */
  onFailure(error: Error): void;
};

const from = '"from":';
const to = '"to":';
const version = '"version":';
const epoch = '"epoch":';
const n = '"n":';
const refused = '"ok":false';
const resumed = '"resumed":true';
const part = '{"type":"part"';
const handshakeTimeout = 30_000;

type Part = Parameters<PartReader["take"]>[0];

export type SocketClientOptions = {
  readonly index: number;
  /** User id. */
  readonly user: string;
  readonly resume: Resume | undefined;
};

export class SocketClient {
  readonly index: number;
  /** The latest version that this socket has received. */
  version = 0;
  framesReceived = 0;
  /** From the welcome. */
  epoch = "";
  /** Characters of the welcome. */
  welcomeLength = 0;
  /** From the welcome. */
  resumed = false;
  readonly #socket: WebSocket;
  readonly #leaveMessage: string | undefined;
  readonly #listener: SocketClientListener;
  readonly #parts = new PartReader();
  #tcp: Socket | undefined;
  #isEnding = false;

  constructor(
    target: Target,
    { index, user, resume }: SocketClientOptions,
    listener: SocketClientListener,
  ) {
    const { path, subprotocols, leaveMessage } = serverProtocols[target.server];
    const address = new URL(path(target.room, user, resume), target.url);
    if (address.hostname !== "127.0.0.1") throw new Error("the load may only go to loopback");
    address.protocol = "ws:";
    this.index = index;
    this.#listener = listener;
    this.#leaveMessage = leaveMessage;
    this.#socket = new WebSocket(address.href, [...subprotocols], {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout,
    });
    this.#socket.on("upgrade", ({ socket }) => (this.#tcp = socket));
    this.#socket.on("message", (frame) => this.#receive(String(frame)));
    this.#socket.on("error", (error) => this.#fail(error.message));
    this.#socket.on("close", (code, reason) => this.#fail(`closed: ${code} ${String(reason)}`));
  }

  /** Bytes received on the wire, the handshake included. */
  get bytesReceived(): number {
    return this.#tcp?.bytesRead ?? 0;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Tell the server, and close the socket. */
  leave(): Promise<void> {
    this.#isEnding = true;
    if (this.#socket.readyState === WebSocket.OPEN && this.#leaveMessage)
      this.send(this.#leaveMessage);
    return new Promise((resolve) => {
      if (this.#socket.readyState === WebSocket.CLOSED) return resolve();
      this.#socket.once("close", () => resolve());
      this.#socket.close(1000);
    });
  }

  /** Cut the connection without a close frame. */
  terminate(): void {
    this.#isEnding = true;
    this.#socket.terminate();
  }

  #receive(frame: string): void {
    this.framesReceived++;
    if (frame.startsWith(part)) {
      const whole = this.#parts.take(JSON.parse(frame) as Part);
      if (whole !== null) this.#receive(whole);
      return;
    }
    eachMessage(frame, (type, message) => {
      const versions = this.#handle(type, message);
      this.#listener.onMessage(this, type, message, versions);
    });
  }

  /** @returns how many versions the message brought */
  #handle(type: MessageType, message: string): number {
    switch (type) {
      case "welcome":
        this.version = numberAfter(version, message);
        this.epoch = textAfter(epoch, message);
        this.welcomeLength = message.length;
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
    if (!this.#isEnding) this.#listener.onFailure(new Error(`socket ${this.index}: ${what}`));
  }
}
