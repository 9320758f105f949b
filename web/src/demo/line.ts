// A connection that can be cut and slowed down: it sits between the client and its WebSockets. It also records the
// latest frames and the round-trip time. It knows nothing about rooms except the text of the frames.

import type { SocketLike } from "collab-room/client";

export type Frame = {
  readonly id: number;
  readonly from: "page" | "room";
  /** The type of its first message. */
  readonly type: string;
  readonly text: string;
  readonly bytes: number;
  /** Epoch ms. */
  readonly at: number;
};

export type LineView = {
  readonly isCut: boolean;
  /** ms added to each round trip. */
  readonly lag: number;
  /** ms of the last round trip; `null` before the first. */
  readonly roundTrip: number | null;
  readonly frames: readonly Frame[];
};

const keptFrames = 60;
const keptText = 400;

export class Line {
  #view: LineView = { isCut: false, lag: 0, roundTrip: null, frames: [] };
  #listeners = new Set<() => void>();
  #sockets = new Set<SlowSocket>();
  #asked = new Map<string, number>();
  #frameId = 0;
  #isScheduled = false;

  constructor(isCut: boolean) {
    this.#view = { ...this.#view, isCut };
  }

  readonly view = (): LineView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly open = (url: string, protocols: string[]): SocketLike => {
    if (this.#view.isCut) return deadSocket();
    const socket = new SlowSocket(url, protocols, this);
    this.#sockets.add(socket);
    socket.addEventListener("close", () => this.#sockets.delete(socket));
    return socket;
  };

  cut(isCut: boolean): void {
    this.#asked.clear();
    this.#set({ isCut, roundTrip: null });
    this.#notify();
    if (isCut) for (const socket of this.#sockets) socket.cut();
  }

  slow(lag: number): void {
    this.#set({ lag });
    this.#notify();
  }

  /** Record a frame. */
  record(from: Frame["from"], text: string): void {
    const at = Date.now();
    const messages = read(text);
    const frame: Frame = {
      id: this.#frameId++,
      from,
      type: messages[0]?.type ?? text.slice(0, 12),
      text: text.slice(0, keptText),
      bytes: new TextEncoder().encode(text).byteLength,
      at,
    };
    this.#set({ frames: [frame, ...this.#view.frames].slice(0, keptFrames) });
    for (const { ref } of messages) this.#time(from, ref, at);
    if (text === "ping" || text === "pong") this.#time(from, "ping", at);
    this.#notifySoon();
  }

  #time(from: Frame["from"], ref: string | number | undefined, at: number): void {
    if (ref === undefined) return;
    const key = String(ref);
    if (from === "page") this.#asked.set(key, at);
    const asked = this.#asked.get(key);
    if (from === "page" || asked === undefined) return;
    this.#asked.delete(key);
    this.#set({ roundTrip: at - asked });
  }

  #set(view: Partial<LineView>): void {
    this.#view = { ...this.#view, ...view };
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  /** There may be too many frames to render after each one. */
  #notifySoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#notify();
    }, 100);
  }
}

type Message = { readonly type: string; readonly ref?: string | number };

function read(text: string): readonly Message[] {
  if (!/^[[{]/.test(text)) return [];
  const value = JSON.parse(text) as Message | Message[];
  return Array.isArray(value) ? value : [value];
}

type Listener = (event: never) => void;
type CloseListener = (event: { code: number; reason: string }) => void;

/** A socket for a line that is cut: it closes at once. */
const deadSocket = (): SocketLike => ({
  readyState: 3,
  send() {},
  close() {},
  addEventListener(type: string, listener: Listener) {
    if (type === "close") setTimeout(() => (listener as CloseListener)({ code: 1006, reason: "" }));
  },
});

/** Delays both directions by half of the lag each. Order is kept. */
class SlowSocket implements SocketLike {
  readonly #socket: WebSocket;
  readonly #line: Line;
  readonly #onClose: CloseListener[] = [];
  readonly #out: Delay;
  readonly #in: Delay;
  #isCut = false;

  constructor(url: string, protocols: string[], line: Line) {
    this.#socket = new WebSocket(url, protocols);
    this.#line = line;
    this.#out = new Delay(line);
    this.#in = new Delay(line);
    this.#socket.addEventListener("close", ({ code, reason }) =>
      this.#in.pass(() => this.#close(code, reason)),
    );
  }

  get readyState(): number {
    return this.#isCut ? 3 : this.#socket.readyState;
  }

  send(text: string): void {
    this.#line.record("page", text);
    this.#out.pass(() => {
      if (this.#socket.readyState === 1) this.#socket.send(text);
    });
  }

  close(code?: number, reason?: string): void {
    // Everything sent before must go out first.
    this.#out.pass(() => this.#socket.close(code, reason));
  }

  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: CloseListener): void;
  addEventListener(type: "open" | "error" | "message" | "close", listener: Listener): void {
    if (type === "close") {
      this.#onClose.push(listener as CloseListener);
      return;
    }
    this.#socket.addEventListener(type, (event) =>
      this.#in.pass(() => {
        if (this.#isCut) return;
        if (type === "message") this.#line.record("room", String((event as MessageEvent).data));
        listener(event as never);
      }),
    );
  }

  /** End like a broken connection: to the client, it closes with 1006. */
  cut(): void {
    if (this.#isCut) return;
    setTimeout(() => this.#close(1006, ""));
    this.#isCut = true;
    this.#socket.close();
  }

  #close(code: number, reason: string): void {
    for (const listener of this.#onClose.splice(0)) listener({ code, reason });
  }
}

/** One direction of a connection. */
class Delay {
  readonly #line: Line;
  /** When the latest item arrives. */
  #at = 0;

  constructor(line: Line) {
    this.#line = line;
  }

  pass(arrive: () => void): void {
    const now = Date.now();
    this.#at = Math.max(now + this.#line.view().lag / 2, this.#at);
    if (this.#at <= now) arrive();
    else setTimeout(arrive, this.#at - now);
  }
}
