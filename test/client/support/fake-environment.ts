// A world for the client in which time passes when a test says so. Sockets are driven from the room's side.

import { setImmediate } from "node:timers/promises";
import type { Environment, PageEvent, SocketLike } from "../../../src/client/environment.ts";
import type { Browser } from "../../../src/client/persist/browser.ts";
import type { RoomMessage } from "../../../src/protocol/messages.ts";

type Timer = { at: number; readonly order: number; readonly call: () => void };
type Listener = (event: never) => void;

/** The room's end of a socket. */
export class FakeSocket implements SocketLike {
  readonly url: URL;
  readonly protocols: readonly string[];
  /** How the client has closed it. */
  closedWith: { readonly code: number | undefined; readonly reason: string | undefined } | null =
    null;
  readyState = 0;
  /** What `takeSent` has not yet taken. */
  #sent: string[] = [];
  readonly #listeners = new Map<string, Listener[]>();

  constructor(url: string, protocols: readonly string[] = []) {
    this.url = new URL(url);
    this.protocols = protocols;
  }

  get parameters(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.url.searchParams);
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(text: string): void {
    if (this.readyState !== 1) throw new Error("the socket is not open");
    this.#sent.push(text);
  }

  close(code?: number, reason?: string): void {
    this.closedWith ??= { code, reason };
    this.readyState = 2;
  }

  /** Take what the client has sent: `ping`, and messages. */
  takeSent(): readonly unknown[] {
    const sent = this.#sent.map((text): unknown => (text === "ping" ? text : JSON.parse(text)));
    this.#sent = [];
    return sent;
  }

  open(): void {
    this.readyState = 1;
    this.#emit("open", {});
  }

  /** Send a frame from the room. */
  receive(...messages: readonly (RoomMessage | object)[]): void {
    this.receiveText(JSON.stringify(messages.length === 1 ? messages[0] : messages));
  }

  receiveText(data: unknown): void {
    this.#emit("message", { data });
  }

  /** Close it from the room's side. 1006 stands for a broken line. */
  closeByRoom(code: number, reason = ""): void {
    this.readyState = 3;
    if (code === 1006) this.#emit("error", {});
    this.#emit("close", { code, reason });
  }

  #emit(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

export class FakeEnvironment implements Environment {
  readonly sockets: FakeSocket[] = [];
  baseUrl: string | null = null;
  browser: Browser = {};
  /** What `random` gives. */
  luck = 1;
  isNetworkUp = true;
  /** Set: opening a socket throws it. */
  openError: Error | null = null;
  #now = Date.parse("2026-11-22T10:00:00.000Z");
  readonly #timers = new Set<Timer>();
  #order = 0;
  #ids = 0;
  readonly #pageListeners = new Set<(event: PageEvent) => void>();
  readonly #unloadListeners = new Set<() => boolean>();

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.luck;
  }

  newId(): string {
    return `id-${++this.#ids}`;
  }

  later(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, order: ++this.#order, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  during<T>(work: Promise<T>): Promise<T> {
    return work;
  }

  soon(call: () => void): void {
    queueMicrotask(call);
  }

  open(url: string, protocols: string[]): SocketLike {
    if (this.openError) throw this.openError;
    const socket = new FakeSocket(url, protocols);
    this.sockets.push(socket);
    return socket as SocketLike;
  }

  report(error: unknown): void {
    void Promise.reject(error);
  }

  isOnline(): boolean {
    return this.isNetworkUp;
  }

  onPage(listener: (event: PageEvent) => void): () => void {
    this.#pageListeners.add(listener);
    return () => this.#pageListeners.delete(listener);
  }

  beforeUnload(isUnsaved: () => boolean): () => void {
    this.#unloadListeners.add(isUnsaved);
    return () => this.#unloadListeners.delete(isUnsaved);
  }

  /** The socket that was opened last. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  /** Timers that have not come yet. */
  get timers(): number {
    return this.#timers.size;
  }

  get pageListeners(): number {
    return this.#pageListeners.size;
  }

  /** Whether the page would ask before it is closed. */
  get asksBeforeUnload(): boolean {
    return [...this.#unloadListeners].some((isUnsaved) => isUnsaved());
  }

  page(event: PageEvent): void {
    if (event === "online" || event === "offline") this.isNetworkUp = event === "online";
    for (const listener of this.#pageListeners) listener(event);
  }

  /** Let time pass: every timer comes when it is due. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#now = Math.max(this.#now, timer.at);
      this.#timers.delete(timer);
      timer.call();
      await settle();
    }
    this.#now = end;
  }

  /** Let time pass as while a machine sleeps: timers that are due by then come at the end, late. */
  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    await this.advance(0);
  }

  /** Set the clock without letting time pass. */
  setClock(now: number): void {
    const shift = now - this.#now;
    this.#now = now;
    for (const timer of this.#timers) timer.at += shift;
  }

  #next(end: number): Timer | undefined {
    return [...this.#timers]
      .filter(({ at }) => at <= end)
      .toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
  }
}

/** Let everything run that waits for no timer. */
export const settle = (): Promise<void> => setImmediate();
