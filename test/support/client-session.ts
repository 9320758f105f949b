// A client's end of a socket, whatever the line is made of. It keeps what the room tells it (`Replica`) and holds
// every frame to the protocol: what breaks it is in `problems`. Tests have sessions of their own, in session.ts.

import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { ClientMessage, Ref, RoomMessage } from "../../src/protocol/messages.ts";
import { maxPartBytes, PartReader } from "../../src/protocol/parts.ts";
import { Inbox } from "./inbox.ts";
import { Replica, type Known, type RoomMessageOf, type Welcome } from "./replica.ts";
import { roomMessage } from "./wire.ts";

/** A socket that is open. */
export type Line = {
  /** The subprotocol that was agreed on; empty for none. */
  readonly protocol: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  /** Cut the line, without a word. */
  cut?(): void;
};

export type Closing = { readonly code: number; readonly reason: string };

export type Reply = RoomMessageOf<"reply">;

type Request = Extract<ClientMessage, { ref?: Ref }>;
type WithoutRef<T> = T extends unknown ? Omit<T, "ref"> : never;

export type SessionOptions = {
  /** What the welcome may resume from. */
  readonly resume?: Known | undefined;
  /** False for a client that never answers a mark. */
  readonly acks?: boolean | undefined;
  /** ms to wait for what should come at once. */
  readonly patience?: number;
};

export class ClientSession extends Replica {
  readonly name: string;
  /** Every frame that came, as text. */
  readonly frames: string[] = [];
  /** What broke the protocol. */
  readonly problems: string[] = [];
  /** How the socket closed, once it has. */
  readonly closed: Promise<Closing>;
  readonly #inbox: Inbox<RoomMessage>;
  readonly #known: Known | undefined;
  readonly #acks: boolean;
  readonly #end = Promise.withResolvers<Closing>();
  readonly #pongs: (() => void)[] = [];
  readonly #parts = new PartReader();
  readonly #unanswered: Ref[] = [];
  #line: Line | undefined;
  #isOpen = true;
  #isClosing = false;
  #nextRef = 1;

  /** @param name for the texts of errors */
  constructor(name: string, options: SessionOptions) {
    super();
    this.name = name;
    this.#known = options.resume;
    this.#acks = options.acks ?? true;
    this.#inbox = new Inbox(name, options.patience);
    this.closed = this.#end.promise;
  }

  /** The socket has opened. */
  open(line: Line): void {
    this.#line = line;
  }

  /** Wait for the welcome. */
  async begin(): Promise<void> {
    await this.next("welcome");
    if (this.messages[0]?.type !== "welcome" || this.problems.length > 0)
      throw new Error(`${this.name} was not welcomed first: ${this.problems.join("; ")}`);
  }

  /** Whether the socket is neither closed nor about to be. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#isClosing;
  }

  /** Whether it was this end that has closed the socket, or has begun to. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Every message that came. */
  get messages(): readonly RoomMessage[] {
    return this.#inbox.all;
  }

  /** The agreed subprotocol. */
  get protocol(): string {
    return this.#opened.protocol;
  }

  get epoch(): Welcome["epoch"] {
    return this.welcome.epoch;
  }

  /** The next message of a type that nobody has waited for yet. */
  next<Type extends RoomMessage["type"]>(
    type: Type,
    fits: (message: RoomMessageOf<Type>) => boolean = () => true,
  ): Promise<RoomMessageOf<Type>> {
    const isIt = (message: RoomMessage): message is RoomMessageOf<Type> =>
      message.type === type && fits(message as RoomMessageOf<Type>);
    return this.#inbox.next(isIt, `a message ${type}`);
  }

  /** Wait until something holds, looked at again after each message. */
  until(holds: (session: this) => boolean, what = String(holds)): Promise<void> {
    return this.#inbox.until(() => holds(this), what);
  }

  update(patch: readonly unknown[], ifVersion?: number): Promise<Reply> {
    return this.ask({ type: "update", patch, ...(ifVersion !== undefined && { ifVersion }) });
  }

  /** An update that was made on an earlier version. */
  updateFrom(base: number, patch: readonly unknown[], strict?: boolean): Promise<Reply> {
    return this.ask({ type: "update", patch, base, ...(strict !== undefined && { strict }) });
  }

  merge(merge: JsonObject, ifVersion?: number): Promise<Reply> {
    return this.ask({ type: "update", merge, ...(ifVersion !== undefined && { ifVersion }) });
  }

  act(name: string, payload?: JsonValue): Promise<Reply> {
    return this.ask({ type: "action", name, ...(payload !== undefined && { payload }) });
  }

  broadcast(
    event: string,
    payload?: JsonValue,
    options: { readonly echo?: boolean } = {},
  ): Promise<Reply> {
    const rest = payload !== undefined && { payload };
    return this.ask({ type: "broadcast", event, ...rest, ...options });
  }

  /** A merge patch on one's own presence. */
  show(data: JsonObject): Promise<Reply> {
    return this.ask({ type: "presence", data });
  }

  touch(): Promise<Reply> {
    return this.ask({ type: "touch" });
  }

  /** Watch these users, and no others. */
  watch(...users: readonly string[]): Promise<Reply> {
    return this.ask({ type: "watch", users });
  }

  leave(): Promise<Closing> {
    this.send({ type: "leave" });
    return this.closed;
  }

  async ping(): Promise<void> {
    const pong = Promise.withResolvers<void>();
    this.#pongs.push(pong.resolve);
    this.sendRaw("ping");
    await pong.promise;
  }

  /** Send messages, as one frame. */
  send(...messages: readonly ClientMessage[]): void {
    this.sendRaw(JSON.stringify(messages.length === 1 ? messages[0] : messages));
  }

  sendRaw(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data === "string") this.#unanswered.push(...refsIn(data));
    this.#opened.send(data);
  }

  close(code?: number, reason?: string): Promise<Closing> {
    this.#isClosing = true;
    this.#opened.close(code, reason);
    return this.closed;
  }

  /** Cut the line. */
  terminate(): Promise<Closing> {
    this.#isClosing = true;
    const { cut } = this.#opened;
    if (cut === undefined) throw new Error("a line inside workerd cannot be cut");
    cut();
    return this.closed;
  }

  /** Be gone, however things stand. */
  hangUp(): void {
    if (!this.#isOpen || this.#line === undefined) return;
    this.#isClosing = true;
    if (this.#line.cut) this.#line.cut();
    else this.#line.close();
  }

  /** A frame has come; `null` for a binary one. */
  receive(text: string | null): void {
    if (text === "pong") return this.#pongs.shift()?.();
    if (text === null) return this.#problem("a binary frame came");
    this.frames.push(text);
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.#problem(`a frame that is no JSON came: ${text}`);
    }
    if (Array.isArray(frame) && frame.length < 2)
      this.#problem(`an array of ${frame.length} came: ${text}`);
    if (isPart(frame)) {
      if (text.length > maxPartBytes) this.#problem(`a part of ${text.length} characters came`);
      const whole = this.#parts.take(frame);
      if (whole !== null) this.receive(whole);
      return;
    }
    for (const json of Array.isArray(frame) ? frame : [frame]) this.#take(json);
    this.#inbox.look();
  }

  /** The socket has closed. */
  end(closing: Closing): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#end.resolve(closing);
    this.#inbox.end(`closed with ${closing.code} ${closing.reason}`);
  }

  get #opened(): Line {
    if (this.#line === undefined) throw new Error(`${this.name} has no line yet`);
    return this.#line;
  }

  /** Send a request and wait for its reply. */
  ask(request: WithoutRef<Request>): Promise<Reply> {
    const ref = this.#nextRef++;
    const reply = this.next("reply", (message) => message.ref === ref);
    this.send({ ...request, ref } as ClientMessage);
    return reply;
  }

  #take(json: unknown): void {
    const checked = roomMessage.safeParse(json);
    if (!checked.success) return this.#problem(`${JSON.stringify(json)}: ${checked.error.message}`);
    // As it came: the schema's copy lacks keys such as `__proto__`.
    const message = json as RoomMessage;
    try {
      this.take(message, this.#known);
    } catch (error) {
      this.#problem(String(error));
    }
    if (message.type === "reply") this.#answered(message.ref);
    if (message.type === "mark" && this.#acks && this.#isOpen && !this.#isClosing)
      this.send({ type: "ack", n: message.n });
    this.#inbox.put(message);
  }

  #answered(ref: Ref): void {
    const index = this.#unanswered.indexOf(ref);
    if (index < 0) return this.#problem(`a reply to ${ref}, for which nothing was asked`);
    this.#unanswered.splice(index, 1);
  }

  #problem(what: string): void {
    this.problems.push(`${this.name}: ${what}`);
  }
}

/** Refs of what is sent, for replies to name; whatever it is that is sent. */
function refsIn(text: string): Ref[] {
  try {
    const frame: unknown = JSON.parse(text);
    return [frame].flat().flatMap((message) => {
      const ref: unknown = Object(message).ref;
      return typeof ref === "string" || typeof ref === "number" ? [ref] : [];
    });
  } catch {
    return [];
  }
}

const isPart = (frame: unknown): frame is RoomMessageOf<"part"> =>
  typeof frame === "object" && frame !== null && "type" in frame && frame.type === "part";
