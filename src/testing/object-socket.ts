// The object's end of a connection, as the platform keeps it: it outlives the object's memory with what was saved
// beside it, and answers pings without waking the object.

import type { ClientSocket, Peer } from "./client-socket.ts";
import { shown } from "./client-socket.ts";
import { abnormal, type Closing } from "./close-frames.ts";
import type { Wire, WireEnd } from "./line.ts";

/** The events that an object receives from its sockets. */
export type ObjectEvents = {
  now(): number;
  message(socket: ObjectSocket, frame: string): void;
  close(socket: ObjectSocket, code: number): void;
};

export class ObjectSocket implements Peer, WireEnd {
  readonly #client: ClientSocket;
  readonly #wire: Wire;
  readonly #events: ObjectEvents;
  /** Frames that wait until the client has received the answer to the upgrade. */
  #early: (() => void)[] | null = [];
  #attachment: unknown = null;
  #pingedAt: number | null = null;
  #state: "open" | "closing" | "closed" = "open";

  constructor(client: ClientSocket, wire: Wire, events: ObjectEvents) {
    this.#client = client;
    this.#wire = wire;
    this.#events = events;
    wire.attach(this);
  }

  /** The upgrade is answered. */
  upgraded(): void {
    const early = this.#early ?? [];
    this.#early = null;
    this.#wire.send("toClient", "the answer to an upgrade", () => this.#client.opened(this));
    for (const send of early) send();
  }

  /** Whether it is neither closed nor about to be. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  get hasClosed(): boolean {
    return this.#state === "closed";
  }

  /** Epoch ms. */
  get pingedAt(): number | null {
    return this.#pingedAt;
  }

  get attachment(): unknown {
    return structuredClone(this.#attachment);
  }

  set attachment(value: unknown) {
    this.#attachment = structuredClone(value);
  }

  /** A socket that is closed, or closes, sends nothing. */
  send(frame: string): void {
    if (this.isOpen) this.#toClient(shown(frame), () => this.#client.receive(frame));
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#state = "closing";
    this.#toClient("a close frame", () => this.#client.receiveClose({ code, reason }));
  }

  /** The object has died. */
  die(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#wire.endClosed();
    this.#toClient("the end of a connection", () => this.#client.broken());
  }

  receive(frame: string): void {
    if (this.#state === "closed") return;
    if (frame !== "ping") return this.#events.message(this, frame);
    this.#pingedAt = this.#events.now();
    this.send("pong");
  }

  /** A close frame has come, or the answer to one: every one is answered (rule W4). */
  receiveClose(closing: Closing): void {
    if (this.isOpen) this.#toClient("a close frame", () => this.#client.receiveClose(closing));
    this.#closed(closing);
  }

  abandoned(): void {
    this.#closed(abnormal);
  }

  broken(): void {
    this.#closed(abnormal);
  }

  #closed({ code }: Closing): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#wire.endClosed();
    this.#events.close(this, code);
  }

  #toClient(what: string, arrive: () => void): void {
    const send = (): void => this.#wire.send("toClient", what, arrive);
    if (this.#early === null) send();
    else this.#early.push(send);
  }
}
