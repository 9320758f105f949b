// The environment of the client: a clock, timers, sockets, the events of a page, and what a browser keeps.
// Nothing else in the client touches a global. The testing kit provides its own.

import type { Browser } from "./persist/browser.ts";

/** A WebSocket, as far as the client uses it: that of browsers, Node, Workers or the package `ws`. */
export type SocketLike = {
  /** 1 while it is open. */
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(
    type: "close",
    listener: (event: { code: number; reason: string }) => void,
  ): void;
};

export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike;

/** Something that happens to a page. `resume`: it is looked at again, or back from the cache. `hide`: it may be closed. */
export type PageEvent = "online" | "offline" | "resume" | "hide";

export type Environment = {
  /** Epoch ms. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** A random UUID. */
  newId(): string;
  /** Call back once. @returns a function that cancels it */
  later(ms: number, call: () => void): () => void;
  /** Call back before anything else happens, after what runs now. */
  soon(call: () => void): void;
  /** Opens a socket. */
  open(url: string, protocols: string[]): SocketLike;
  /** Whether there may be a network. */
  isOnline(): boolean;
  /** Be told of the page. @returns a function that ends it */
  onPage(listener: (event: PageEvent) => void): () => void;
  /** Ask before the page is closed, while `isUnsaved` says so. @returns a function that ends it */
  beforeUnload(isUnsaved: () => boolean): () => void;
  /** Report what a listener of the application has thrown, as an uncaught error. */
  report(error: unknown): void;
  /** The global object, whose storage the option `persist` uses. */
  readonly browser: Browser;
  /** Is told of work that neither the clock nor a socket shows: the testing kit waits for it. @returns the same */
  during<T>(work: Promise<T>): Promise<T>;
  /** The page's address, which a relative `url` follows; `null` if there is none. */
  readonly baseUrl: string | null;
};
