// A client's end of a connection: a WebSocket as browsers have it, over a wire. It knows nothing of what is said, and
// never of the object at the other end but as a peer.

import type { SocketLike } from "../client/environment.ts";
import { abnormal, clientClosing, type Closing } from "./close-frames.ts";
import type { Wire, WireEnd } from "./line.ts";

/** The events that the other end receives. */
export type Peer = {
  receive(frame: string): void;
  receiveClose(closing: Closing): void;
  /** The client has gone before the connection was open. */
  abandoned(): void;
};

type Listeners = {
  open: (() => void)[];
  error: (() => void)[];
  message: ((event: { data: unknown }) => void)[];
  close: ((event: Closing) => void)[];
};

/** ms after which a browser no longer waits for the answer to its close frame. */
const closeTimeout = 2000;

const readyStates = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;

export class ClientSocket implements SocketLike, WireEnd {
  readonly #wire: Wire;
  readonly #later: (ms: number, call: () => void) => void;
  readonly #listeners: Listeners = { open: [], error: [], message: [], close: [] };
  #state: keyof typeof readyStates = "connecting";
  #peer: Peer | null = null;

  /** @param later calls back in virtual time */
  constructor(wire: Wire, later: (ms: number, call: () => void) => void) {
    this.#wire = wire;
    this.#later = later;
    wire.attach(this);
  }

  get readyState(): number {
    return readyStates[this.#state];
  }

  addEventListener<Type extends keyof Listeners>(
    type: Type,
    listener: Listeners[Type][number],
  ): void {
    const listeners: Listeners[Type][number][] = this.#listeners[type];
    listeners.push(listener);
  }

  /** Sockets between objects are accepted by who gets them. */
  accept(): void {}

  /** @throws Error while it connects */
  send(text: string): void {
    if (this.#state === "connecting") throw new Error("The socket is not open yet.");
    if (this.#state !== "open") return; // as in a browser
    this.#wire.send("toRoom", shown(text), () => this.#peer?.receive(text));
  }

  close(code?: number, reason = ""): void {
    const closing = clientClosing(code, reason);
    switch (this.#state) {
      case "connecting":
        this.#state = "closing";
        return this.#later(0, () => this.broken());
      case "open":
        this.#state = "closing";
        this.#wire.send("toRoom", "a close frame", () => this.#peer?.receiveClose(closing));
        return this.#later(closeTimeout, () => this.broken());
      case "closing":
      case "closed":
        return;
      default:
        this.#state satisfies never;
    }
  }

  /** The room has let it in. */
  opened(peer: Peer): void {
    if (this.#state !== "connecting") {
      this.#wire.send("toRoom", "the end of a connection", () => peer.abandoned());
      return;
    }
    this.#peer = peer;
    this.#state = "open";
    for (const listener of this.#listeners.open) listener();
  }

  receive(data: string): void {
    // A browser delivers what comes before the answer to its close frame.
    if (this.#state !== "open" && this.#state !== "closing") return;
    for (const listener of this.#listeners.message) listener({ data });
  }

  /** A close frame has come, or the answer to one. */
  receiveClose(closing: Closing): void {
    if (this.#state === "open")
      this.#wire.send("toRoom", "a close frame", () => this.#peer?.receiveClose(closing));
    this.#end(closing);
  }

  /** The connection is gone. */
  broken(): void {
    if (this.#state === "closed") return;
    for (const listener of this.#listeners.error) listener();
    this.#end(abnormal);
  }

  #end(closing: Closing): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#wire.endClosed();
    for (const listener of this.#listeners.close) listener(closing);
  }
}

/** The start of a frame, for whoever looks for what is still running. */
export const shown = (frame: string): string =>
  frame.length > 60 ? `${frame.slice(0, 60)}…` : frame;
