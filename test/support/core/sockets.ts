// A socket between a client and an object, both in this process. The object's end hibernates: it has an
// attachment that outlives the instance, and answers pings without waking it.

import { deserialize, serialize } from "node:v8";
import { post } from "./events.ts";

export type Frame = string | ArrayBuffer;

type Closing = { readonly code: number; readonly reason: string };

/** What a client is told, in order. */
type ClientEvent =
  | { readonly type: "message"; readonly data: Frame }
  | ({ readonly type: "close" } & Closing)
  | { readonly type: "error" };

/** What an object hears of its sockets. */
export type SocketEvents = {
  message(socket: ObjectSocket, frame: Frame): void;
  close(socket: ObjectSocket, closing: Closing): void;
};

/** A close frame without a code. */
const noCode = 1005;
/** Codes that no frame may carry. */
const unsendable = [1004, noCode, 1006, 1015];

const maxReasonBytes = 123;
const maxAttachmentBytes = 16_384;

/** @throws TypeError for a code or a reason that cannot be sent */
function closingOf(code: number | undefined, reason: string): Closing {
  if (code === undefined) return { code: noCode, reason: "" };
  if (code < 1000 || code > 4999 || unsendable.includes(code))
    throw new TypeError(`No close frame carries the code ${code}.`);
  if (Buffer.byteLength(reason) > maxReasonBytes) throw new TypeError("The reason is too long.");
  return { code, reason };
}

/** The client's end. */
export class ClientSocket extends EventTarget {
  readonly #incoming: ClientEvent[] = [];
  #isAccepted = false;
  #isClosing = false;
  #isClosed = false;
  #peer: ObjectSocket | null = null;

  /** @param peer the other end */
  attach(peer: ObjectSocket): void {
    this.#peer = peer;
  }

  /** Let what has come, and what will, be delivered. */
  accept(): void {
    this.#isAccepted = true;
    for (let n = this.#incoming.length; n > 0; n--) post(() => this.#dispatchNext());
  }

  /** @throws TypeError once the socket is closed, or closes */
  send(data: string | Uint8Array): void {
    if (this.#isClosing || this.#isClosed) throw new TypeError("The socket is closed.");
    const frame = typeof data === "string" ? data : new Uint8Array(data).buffer;
    post(() => this.#peer?.receive(frame));
  }

  close(code?: number, reason = ""): void {
    if (this.#isClosing || this.#isClosed) return;
    const closing = closingOf(code, reason);
    this.#isClosing = true;
    post(() => this.#peer?.receiveClose(closing));
  }

  /** Something has come from the other end. */
  receive(event: ClientEvent): void {
    this.#incoming.push(event);
    if (this.#isAccepted) post(() => this.#dispatchNext());
  }

  #dispatchNext(): void {
    const event = this.#incoming.shift();
    if (event === undefined || this.#isClosed) return;
    if (event.type !== "message") this.#isClosed = true;
    const { type, ...fields } = event;
    this.dispatchEvent(Object.assign(new Event(type), fields));
    // A client answers a close frame by itself.
    if (event.type === "close" && !this.#isClosing)
      post(() => this.#peer?.receiveClose({ code: event.code, reason: event.reason }));
  }
}

/** The object's end. */
export class ObjectSocket {
  readonly #client: ClientSocket;
  readonly #events: SocketEvents;
  #attachment: Buffer | null = null;
  #pingedAt: number | null = null;
  #state: "open" | "closing" | "closed" = "open";

  constructor(client: ClientSocket, events: SocketEvents) {
    this.#client = client;
    this.#events = events;
    client.attach(this);
  }

  /** Whether it is neither closed nor about to be. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  get pingedAt(): number | null {
    return this.#pingedAt;
  }

  get attachment(): unknown {
    return this.#attachment === null ? null : deserialize(this.#attachment);
  }

  /** @throws RangeError for one that is too large */
  set attachment(value: unknown) {
    const bytes = serialize(value);
    if (bytes.byteLength > maxAttachmentBytes) throw new RangeError("The attachment is too large.");
    this.#attachment = bytes;
  }

  /** @throws TypeError once the socket is closed, or closes */
  send(data: string): void {
    if (!this.isOpen) throw new TypeError("The socket is closed.");
    this.#client.receive({ type: "message", data });
  }

  /** @throws TypeError for a code or a reason that cannot be sent */
  close(code?: number, reason = ""): void {
    const closing = closingOf(code, reason);
    if (!this.isOpen) return;
    this.#state = "closing";
    this.#client.receive({ type: "close", ...closing });
  }

  /** The object's sockets are gone without a word. */
  drop(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#client.receive({ type: "error" });
  }

  /** A frame has come from the client. */
  receive(frame: Frame): void {
    if (this.#state === "closed") return;
    if (frame !== "ping") return this.#events.message(this, frame);
    this.#pingedAt = Date.now();
    if (this.isOpen) this.send("pong");
  }

  /** A close frame has come, or the answer to one. */
  receiveClose(closing: Closing): void {
    if (this.#state === "closed") return;
    // Without an answer the client would stay in CLOSING.
    if (this.isOpen) this.#client.receive({ type: "close", ...closing });
    this.#state = "closed";
    this.#events.close(this, closing);
  }
}
