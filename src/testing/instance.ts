// One life of a room's object in memory: a room that has woken from the object's storage. Once it has gone, whatever it
// had under way no longer reaches storage, sockets, timers or the log.

import { waitingRooms, whileWaiting } from "../cloudflare/hook-context.ts";
import type { Member } from "../model/members.ts";
import type { RoomRecord } from "../model/record.ts";
import { describe, type Log } from "../room/log.ts";
import type { RoomPorts, SocketPort } from "../room/ports.ts";
import { Room } from "../room/room.ts";
import { wallTimeSince } from "../room/steady-clock.ts";
import type { RoomStorage } from "../storage/room-storage.ts";
import type { VirtualAlarm } from "./alarm.ts";
import type { VirtualClock } from "./clock.ts";
import type { ObjectSocket } from "./object-socket.ts";
import type { Outside } from "./outside.ts";
import type { Randomness } from "./randomness.ts";

export type Storage = RoomStorage<RoomRecord, Member>;

/** The parts that outlive an instance. */
export type World = {
  readonly id: string;
  readonly env: unknown;
  readonly behaviours: RoomPorts["behaviours"];
  readonly storage: Storage;
  readonly alarm: VirtualAlarm;
  readonly clock: VirtualClock;
  readonly outside: Outside;
  readonly randomness: Randomness;
  readonly log: Log;
  /** ms that the author's code may take. */
  readonly callTimeout: number;
  identify(token: string): ReturnType<RoomPorts["identify"]>;
  /** The open ones. */
  sockets(): readonly ObjectSocket[];
};

/** ms up to which the room's timers in memory are waited for: what they hold back is to be sent. */
const soon = 1000;

/** The error for calls to an instance that has gone. */
class GoneError extends Error {
  constructor() {
    super("The room's object has gone from memory.");
  }
}

export class Instance {
  readonly room: Room;
  readonly #world: World;
  readonly #ports = new WeakMap<ObjectSocket, SocketPort>();
  readonly #timers = new Set<() => void>();
  readonly #gone = Promise.withResolvers<never>();
  #underWay = 0;
  #hasGone = false;

  constructor(world: World) {
    this.#world = world;
    this.#gone.promise.catch(() => {}); // nobody may be waiting
    const { id, env, behaviours, alarm, clock, outside, randomness, log, callTimeout } = world;
    this.room = new Room({
      id,
      env,
      behaviours,
      storage: this.#storage(),
      alarm: {
        set: (at) => this.#ifThere(() => alarm.set(at)),
        clear: () => this.#ifThere(() => alarm.set(null)),
      },
      alarmAt: alarm.at,
      directory: { put: async (_, revision) => revision, remove: async (_, revision) => revision },
      log: (event, fields) => this.#ifThere(() => log(event, fields)),
      analytics: null,
      identify: (token) =>
        outside.track("the option identify", Infinity, () => world.identify(token)),
      sockets: () => world.sockets().map((socket) => this.socket(socket)),
      now: clock.now,
      newId: randomness.newId,
      random: randomness.next,
      later: (ms, call) => this.#later(ms, call),
      insideHook: (run) =>
        outside.track("a hook or an action of the room", callTimeout, () =>
          whileWaiting([...waitingRooms(), id], run),
        ),
      whenDurable: () => Promise.resolve(),
      background: (work) => {
        this.run(() => work).catch((error: unknown) =>
          this.#ifThere(() => log("background_failed", { error: describe(error) })),
        );
      },
    });
    this.room.wake();
  }

  /** A socket as this instance's port. */
  socket(socket: ObjectSocket): SocketPort {
    const known = this.#ports.get(socket);
    if (known !== undefined) return known;
    const { clock } = this.#world;
    const port: SocketPort = {
      send: (frame) => this.#ifThere(() => socket.send(frame)),
      close: (code, reason) => this.#ifThere(() => socket.close(code, reason)),
      saveAttachment: (attachment) =>
        this.#ifThere(() => {
          socket.attachment = attachment;
        }),
      get attachment() {
        return socket.attachment;
      },
      get pingedAgo() {
        return socket.pingedAt === null ? null : wallTimeSince(socket.pingedAt, clock.now());
      },
    };
    this.#ports.set(socket, port);
    return port;
  }

  /** Do something that keeps the instance in memory until it has ended. @throws GoneError (rejects) */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await Promise.race([work(), this.#gone.promise]);
    } finally {
      this.#underWay--;
    }
  }

  /** Whether something keeps it in memory. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  get hasGone(): boolean {
    return this.#hasGone;
  }

  /** Go from memory. */
  go(): void {
    this.#hasGone = true;
    this.#gone.reject(new GoneError());
    for (const cancel of this.#timers) cancel();
  }

  /** An instance that has gone has no effects any more. */
  #ifThere(run: () => void): void {
    if (!this.#hasGone) run();
  }

  #later(ms: number, call: () => void): () => void {
    if (this.#hasGone) return () => {};
    const cancel = this.#world.clock.plan(ms, {
      what: `a timer of the room, of ${ms} ms`,
      isUnderWay: () => ms <= soon,
      run: () => {
        this.#timers.delete(cancel);
        call();
      },
    });
    this.#timers.add(cancel);
    return () => {
      cancel();
      this.#timers.delete(cancel);
    };
  }

  /** The storage, for as long as this instance is there. The alarm is part of its transactions, as on the platform. */
  #storage(): Storage {
    const { storage, alarm } = this.#world;
    const own: Pick<Storage, "atomically" | "clear"> = {
      atomically(write) {
        const { at } = alarm;
        try {
          storage.atomically(write);
        } catch (error) {
          if (alarm.at !== at) alarm.set(at);
          throw error;
        }
      },
      clear() {
        alarm.set(null);
        return storage.clear();
      },
    };
    return new Proxy(storage, {
      get: (_, name) => {
        if (this.#hasGone) throw new GoneError();
        const source = Object.hasOwn(own, name) ? own : storage;
        const method: unknown = Reflect.get(source, name);
        return typeof method === "function" ? method.bind(source) : method;
      },
    });
  }
}
