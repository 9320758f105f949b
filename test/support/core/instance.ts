// One life of an object in memory: a room that has woken from the object's storage. When the instance goes,
// whatever it had under way no longer reaches storage, sockets or timers.

import { waitingRooms, whileWaiting } from "../../../src/cloudflare/hook-context.ts";
import { createLog, describe } from "../../../src/room/log.ts";
import type { RoomPorts, SocketPort } from "../../../src/room/ports.ts";
import { Room } from "../../../src/room/room.ts";
import { wallTimeSince } from "../../../src/room/steady-clock.ts";
import type { ObjectSocket } from "./sockets.ts";

/** What an object gives each of its instances. */
export type InstancePorts = Omit<
  RoomPorts,
  | "log"
  | "analytics"
  | "now"
  | "newId"
  | "random"
  | "insideHook"
  | "whenDurable"
  | "later"
  | "background"
  | "sockets"
> & {
  /** The open ones. */
  readonly sockets: () => readonly ObjectSocket[];
};

export class TestInstance {
  readonly room: Room;
  readonly #ports = new WeakMap<ObjectSocket, SocketPort>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #underWay = 0;
  #whenIdle = Promise.withResolvers<void>();
  #hasGone = false;
  #usesLeft = Infinity;
  readonly #gone = Promise.withResolvers<never>();

  /** @param create gets whether the instance is still there, to be asked whenever it uses anything */
  constructor(create: (isThere: () => boolean) => InstancePorts) {
    this.#gone.promise.catch(() => {}); // nobody may be waiting
    const ports = create(() => this.#use());
    const log = createLog({ room: ports.id });
    this.room = new Room({
      ...ports,
      sockets: () => ports.sockets().map((socket) => this.socket(socket)),
      log,
      analytics: null,
      now: () => Date.now(),
      newId: () => crypto.randomUUID(),
      random: () => 0,
      whenDurable: () => Promise.resolve(),
      insideHook: (run) => whileWaiting([...waitingRooms(), ports.id], run),
      later: (ms, call) => this.#later(ms, call),
      background: (work) => {
        this.run(() => work).catch((error: unknown) =>
          log("background_failed", { error: describe(error) }),
        );
      },
    });
    this.room.wake();
  }

  /** A socket as this instance's port. */
  socket(socket: ObjectSocket): SocketPort {
    const known = this.#ports.get(socket);
    if (known !== undefined) return known;
    const attempt = (action: () => void): void => {
      if (this.#hasGone) return;
      try {
        action();
      } catch {
        // It is closed already.
      }
    };
    const port: SocketPort = {
      send: (frame) => attempt(() => socket.send(frame)),
      close: (code, reason) => attempt(() => socket.close(code, reason)),
      saveAttachment: (attachment) =>
        attempt(() => {
          socket.attachment = attachment;
        }),
      get attachment() {
        return socket.attachment;
      },
      get pingedAgo() {
        return socket.pingedAt === null ? null : wallTimeSince(socket.pingedAt, Date.now());
      },
    };
    this.#ports.set(socket, port);
    return port;
  }

  /** Do something that keeps the instance in memory until it has ended. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      if (--this.#underWay === 0) {
        this.#whenIdle.resolve();
        this.#whenIdle = Promise.withResolvers();
      }
    }
  }

  /** Wait until nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay > 0) await this.#whenIdle.promise;
  }

  get hasGone(): boolean {
    return this.#hasGone;
  }

  /** Rejects when the instance has gone: whoever still waits for it then has lost their call. */
  get gone(): Promise<never> {
    return this.#gone.promise;
  }

  /** Go from memory. */
  go(): void {
    this.#hasGone = true;
    this.#gone.reject(new Error("The object has gone."));
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Die in the middle of what it does: this many more uses of its ports succeed, and the next one does not. */
  dieAfter(uses: number): void {
    this.#usesLeft = uses;
  }

  #use(): boolean {
    if (!this.#hasGone && this.#usesLeft-- === 0) this.go();
    return !this.#hasGone;
  }

  #later(ms: number, call: () => void): () => void {
    if (this.#hasGone) return () => {};
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      call();
    }, ms);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }
}
