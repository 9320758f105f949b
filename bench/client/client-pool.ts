// All sockets of one measurement. The first failure of any socket ends the measurement: a figure from a
// run that lost messages means nothing.

import { setTimeout } from "node:timers/promises";
import type { Resume, Target } from "./server-protocols.ts";
import { SocketClient, type SocketClientListener } from "./socket-client.ts";

export type ConnectOptions = {
  readonly sockets: number;
  /** How many sockets may be connecting at once; 100 by default. */
  readonly concurrency?: number;
  readonly resume?: Resume;
  /** One by default. */
  readonly socketsPerUser?: number;
  /** ms within which all sockets must be welcomed; a minute by default. */
  readonly timeout?: number;
};

type OnMessage = SocketClientListener["onMessage"];

const minute = 60_000;

export class ClientPool {
  readonly clients: SocketClient[] = [];
  /** Called for each message of each socket. Set by the measurement. */
  onMessage: OnMessage = () => {};
  readonly #target: Target;
  readonly #failure = Promise.withResolvers<never>();

  private constructor(target: Target) {
    this.#target = target;
    // Failures are reported to whoever waits in `withTimeout`. If nobody does, the rejection is not unhandled.
    this.#failure.promise.catch(() => {});
  }

  /** Open sockets, and wait until each one is welcomed. */
  static async connect(target: Target, options: ConnectOptions): Promise<ClientPool> {
    const pool = new ClientPool(target);
    try {
      await pool.#connectAll(options);
    } catch (error) {
      pool.terminate();
      throw error;
    }
    return pool;
  }

  /** Wait for a promise, but not past a failure or the timeout. */
  async withTimeout<T>(work: Promise<T>, ms = minute): Promise<T> {
    const timeout = new AbortController();
    const expired = setTimeout(ms, undefined, { signal: timeout.signal }).then(() => {
      throw new Error(`timed out after ${ms / 1000} s`);
    });
    expired.catch(() => {});
    try {
      return await Promise.race([work, this.#failure.promise, expired]);
    } finally {
      timeout.abort();
    }
  }

  /** Wait until a condition is true. */
  async waitUntil(what: string, isTrue: () => boolean, ms = 20_000): Promise<void> {
    const end = performance.now() + ms;
    while (!isTrue()) {
      if (performance.now() > end) throw new Error(`waited ${ms / 1000} s for ${what}`);
      await this.pause(5);
    }
  }

  /** Let time pass, unless a socket fails. */
  pause(ms: number): Promise<void> {
    return this.withTimeout(setTimeout(ms));
  }

  get isAtOneVersion(): boolean {
    return new Set(this.clients.map(({ version }) => version)).size === 1;
  }

  /** Close every socket properly. */
  async leave(): Promise<void> {
    await Promise.race([
      Promise.all(this.clients.map((client) => client.leave())),
      setTimeout(5000),
    ]);
    this.terminate();
  }

  /** Cut every connection without a close frame. */
  terminate(): void {
    for (const client of this.clients) client.terminate();
  }

  get bytesReceived(): number {
    return this.clients.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
  }

  get framesReceived(): number {
    return this.clients.reduce((sum, { framesReceived }) => sum + framesReceived, 0);
  }

  #connectAll({
    sockets,
    concurrency = 100,
    socketsPerUser = 1,
    resume,
    timeout,
  }: ConnectOptions): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const welcomed = new Set<SocketClient>();
    const listener = {
      onMessage: (...message: Parameters<OnMessage>) => {
        this.onMessage(...message);
        const [client, type] = message;
        // A room may welcome a socket more than once.
        if (type !== "welcome" || welcomed.has(client)) return;
        welcomed.add(client);
        openNext();
        if (welcomed.size === sockets) resolve();
      },
      onFailure: (error: Error) => this.#failure.reject(error),
    };
    const openNext = (): void => {
      const index = this.clients.length;
      if (index >= sockets) return;
      const user = `u${Math.floor(index / socketsPerUser)}`;
      this.clients.push(new SocketClient(this.#target, { index, user, resume }, listener));
    };
    for (let n = 0; n < Math.min(concurrency, sockets); n++) openNext();
    return this.withTimeout(promise, timeout);
  }
}
