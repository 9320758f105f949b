// A client that speaks the protocol and nothing more, over a virtual connection: it numbers requests, pings, and
// reconnects after a drop. It keeps a strict replica, so that any inconsistent message makes the test fail.

import type { ConnectOptions } from "../../src/client/types.ts";
import type { Environment, SocketLike } from "../../src/client/environment.ts";
import { PartReader } from "../../src/protocol/parts.ts";
import { subprotocol, type ClientMessage, type RoomMessage } from "../../src/protocol/messages.ts";
import { Replica, type Known } from "../support/replica.ts";

type Reply = Extract<RoomMessage, { type: "reply" }>;
type WithoutRef<T> = T extends unknown ? Omit<T, "ref"> : never;
type Ask = WithoutRef<Extract<ClientMessage, { type: "update" | "action" | "broadcast" }>>;

export class RawClient {
  readonly #options: ConnectOptions;
  readonly #environment: Environment;
  readonly #query: Record<string, string>;
  readonly #pending = new Map<number, (reply: Reply) => void>();
  #socket: SocketLike | null = null;
  #ref = 0;
  #attempts = 0;
  replica = new Replica();
  #known: Known | undefined;
  /** Every message, with its time of arrival. */
  readonly messages: (RoomMessage & { readonly at: number })[] = [];
  readonly closes: { readonly code: number; readonly reason: string }[] = [];
  onMessage: (message: RoomMessage) => void = () => {};

  /** @param query additional query parameters */
  constructor(options: ConnectOptions, query: Record<string, string> = {}) {
    this.#options = options;
    this.#query = query;
    this.#environment = options.environment as Environment;
    this.connect();
  }

  /** Whether it has been welcomed. */
  get isLive(): boolean {
    return this.#socket?.readyState === 1 && this.#known !== undefined;
  }

  get readyState(): number | undefined {
    return this.#socket?.readyState;
  }

  get state(): unknown {
    return this.replica.state;
  }

  get attempts(): number {
    return this.#attempts;
  }

  connect(): void {
    this.#attempts++;
    const { url, room, user, behaviour, token } = this.#options;
    const query = new URLSearchParams({
      user: JSON.stringify(user),
      refuse: "close",
      ...(behaviour !== undefined && { behaviour }),
      ...(this.#known && { epoch: this.#known.epoch, since: String(this.#known.version) }),
      ...this.#query,
    });
    const address = `${url.replace(/^http/, "ws")}/rooms/${encodeURIComponent(room)}/socket?${query}`;
    const protocols = [subprotocol, ...(token ? [`bearer.${String(token())}`] : [])];
    const socket = this.#environment.open(address, protocols);
    const parts = new PartReader();
    this.#socket = socket;
    this.replica = new Replica();
    socket.addEventListener("open", () => this.#ping(socket));
    socket.addEventListener("message", ({ data }) => {
      if (data === "pong") return;
      for (const message of [JSON.parse(String(data)) as RoomMessage].flat()) {
        const whole = message.type === "part" ? parts.take(message) : null;
        if (message.type !== "part") this.#take(message);
        else if (whole !== null)
          for (const each of [JSON.parse(whole) as RoomMessage].flat()) this.#take(each);
      }
    });
    socket.addEventListener("close", (closing) => {
      this.closes.push(closing);
      if (closing.code === 1006 || (closing.code >= 4200 && closing.code < 4300))
        this.#environment.later(closing.code === 1006 ? 400 : 3000, () => this.connect());
    });
  }

  #ping(socket: SocketLike): void {
    if (socket.readyState !== 1) return;
    socket.send("ping");
    this.#environment.later(30_000, () => this.#ping(socket));
  }

  #take(message: RoomMessage): void {
    this.messages.push({ ...message, at: this.#environment.now() });
    if (message.type === "error" && this.#known === undefined) return;
    this.replica.take(message, this.#known);
    const { welcome, version, state } = this.replica;
    this.#known = { epoch: welcome.epoch, version, state: structuredClone(state) };
    if (message.type === "mark") this.send({ type: "ack", n: message.n });
    if (message.type === "reply") this.#pending.get(Number(message.ref))?.(message);
    this.onMessage(message);
  }

  /** Send a message, or a raw text. */
  send(message: ClientMessage | string): void {
    this.#socket?.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Send a request. @returns its reply */
  ask(request: Ask): Promise<Reply> {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const ref = ++this.#ref;
    this.#pending.set(ref, resolve);
    this.send({ ...request, ref } as ClientMessage);
    return promise;
  }

  close(code?: number, reason?: string): void {
    this.#socket?.close(code, reason);
  }
}
