// A fake environment for the client, in which time passes only when a test says so. Tests drive the sockets from the
// room's side.

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
  /** How the client closed it. */
  closedWith: { readonly code: number | undefined; readonly reason: string | undefined } | null =
    null;
  readyState = 0;
  /** What `takeSent` has not returned yet. */
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

  /** Take what the client has sent: `ping`, or messages. */
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

  /** Close it from the room's side. 1006 stands for a dropped connection. */
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
  /** What `random` returns. */
  luck = 1;
  isNetworkUp = true;
  /** If set, opening a socket throws this error. */
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

  /** The latest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  /** How many timers are pending. */
  get timers(): number {
    return this.#timers.size;
  }

  get pageListeners(): number {
    return this.#pageListeners.size;
  }

  /** Whether the browser would ask before it closes the page. */
  get asksBeforeUnload(): boolean {
    return [...this.#unloadListeners].some((isUnsaved) => isUnsaved());
  }

  page(event: PageEvent): void {
    if (event === "online" || event === "offline") this.isNetworkUp = event === "online";
    for (const listener of this.#pageListeners) listener(event);
  }

  /** Let time pass, and call each timer when it is due. */
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

  /** Let time pass as while the machine sleeps: due timers are called late, at the end. */
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

/** Run everything that does not wait for a timer. */
export const settle = (): Promise<void> => setImmediate();
