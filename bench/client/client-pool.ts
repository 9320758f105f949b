// All sockets of one measurement. The first thing to go wrong at any of them ends the measurement: a
// number from a run that lost something would be worth nothing.

import { setTimeout } from "node:timers/promises";
import type { Resume, Target } from "./dialects.ts";
import { Member, type MemberListener } from "./member.ts";

export type JoinOptions = {
  readonly sockets: number;
  /** How many may be on their way at once; 100 if left out. */
  readonly atOnce?: number;
  readonly resume?: Resume;
  /** Sockets of each user; one if left out. */
  readonly tabs?: number;
  /** ms until all must be there; a minute if left out. */
  readonly patience?: number;
};

type OnMessage = MemberListener["onMessage"];

const minute = 60_000;

export class Crew {
  readonly members: Member[] = [];
  /** What the measurement at hand does with a message. */
  onMessage: OnMessage = () => {};
  readonly #target: Target;
  readonly #failure = Promise.withResolvers<never>();

  private constructor(target: Target) {
    this.#target = target;
    // Whoever waits for something is told; if nobody does, it is no unhandled rejection.
    this.#failure.promise.catch(() => {});
  }

  /** Open sockets, and wait until each is welcomed. */
  static async join(target: Target, options: JoinOptions): Promise<Crew> {
    const crew = new Crew(target);
    try {
      await crew.#welcomeAll(options);
    } catch (error) {
      crew.drop();
      throw error;
    }
    return crew;
  }

  /** Wait for something, but neither beyond a failure nor for ever. */
  async within<T>(work: Promise<T>, ms = minute): Promise<T> {
    const deadline = new AbortController();
    const late = setTimeout(ms, undefined, { signal: deadline.signal }).then(() => {
      throw new Error(`not done after ${ms / 1000} s`);
    });
    late.catch(() => {});
    try {
      return await Promise.race([work, this.#failure.promise, late]);
    } finally {
      deadline.abort();
    }
  }

  /** Wait for something to become true. */
  async until(what: string, isTrue: () => boolean, ms = 20_000): Promise<void> {
    const end = performance.now() + ms;
    while (!isTrue()) {
      if (performance.now() > end) throw new Error(`waited ${ms / 1000} s for ${what}`);
      await this.pause(5);
    }
  }

  /** Let time pass, unless something goes wrong. */
  pause(ms: number): Promise<void> {
    return this.within(setTimeout(ms));
  }

  get atOneVersion(): boolean {
    return new Set(this.members.map(({ version }) => version)).size === 1;
  }

  async leave(): Promise<void> {
    await Promise.race([
      Promise.all(this.members.map((member) => member.leave())),
      setTimeout(5000),
    ]);
    this.drop();
  }

  drop(): void {
    for (const member of this.members) member.drop();
  }

  get bytesReceived(): number {
    return this.members.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
  }

  #welcomeAll({ sockets, atOnce = 100, tabs = 1, resume, patience }: JoinOptions): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const welcomed = new Set<Member>();
    const listener = {
      onMessage: (...message: Parameters<OnMessage>) => {
        this.onMessage(...message);
        const [member, type] = message;
        // A room may welcome a socket again.
        if (type !== "welcome" || welcomed.has(member)) return;
        welcomed.add(member);
        openNext();
        if (welcomed.size === sockets) resolve();
      },
      onFailure: (error: Error) => this.#failure.reject(error),
    };
    const openNext = (): void => {
      const index = this.members.length;
      if (index >= sockets) return;
      const user = `u${Math.floor(index / tabs)}`;
      this.members.push(new Member(this.#target, { index, user, resume }, listener));
    };
    for (let n = 0; n < Math.min(atOnce, sockets); n++) openNext();
    return this.within(promise, patience);
  }
}
