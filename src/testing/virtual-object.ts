// A room's object, as the platform runs it: storage, an alarm and sockets that outlive the instance in memory, which
// comes with the first event. It does what cloudflare/collab-room.ts does on the platform.

import { whileWaiting } from "../cloudflare/hook-context.ts";
import { resultOf, type CallResult } from "../cloudflare/rpc.ts";
import { openSocket, type Upgrade } from "../cloudflare/upgrade.ts";
import type { Member } from "../model/members.ts";
import type { RoomRecord } from "../model/record.ts";
import type { Caller } from "../protocol/caller.ts";
import { CollabError, type Result } from "../protocol/errors.ts";
import { describe } from "../room/log.ts";
import type { Operation } from "../room/operation.ts";
import { operations, type OperationName } from "../room/operations/table.ts";
import type { SocketPort } from "../room/ports.ts";
import type { KeyedRequest } from "../room/requests/idempotency-keys.ts";
import { MemoryRoomStorage } from "../storage/memory.ts";
import { VirtualAlarm } from "./alarm.ts";
import type { ClientSocket } from "./client-socket.ts";
import { abnormal } from "./close-frames.ts";
import { Instance, type World } from "./instance.ts";
import type { Wire } from "./line.ts";
import { ObjectSocket, type ObjectEvents } from "./object-socket.ts";

type ObjectOptions = Omit<World, "storage" | "alarm" | "sockets">;

export class VirtualObject {
  readonly #options: ObjectOptions;
  readonly storage = new MemoryRoomStorage<RoomRecord, Member>();
  readonly #alarm: VirtualAlarm;
  readonly #sockets = new Set<ObjectSocket>();
  #instance: Instance | null = null;

  constructor(options: ObjectOptions) {
    this.#options = options;
    this.#alarm = new VirtualAlarm(options.clock, () => void this.#ring());
  }

  /** Run an operation by its name, as over RPC: what crosses is copied. */
  call(
    name: OperationName,
    input: unknown,
    caller: Caller,
    waiting: readonly string[],
    request?: KeyedRequest,
  ): Promise<CallResult<unknown>> {
    const operation = operations[name] as Operation<unknown, unknown>;
    const copy = this.#crossing(input);
    return this.#posted(`the call ${name}`, () =>
      whileWaiting(waiting, async () => {
        const called = await this.#answer(({ room }) =>
          room.call(operation, copy, structuredClone(caller), { request }),
        );
        return structuredClone("error" in called ? called : resultOf(called.ok));
      }),
    );
  }

  /** Open the socket that an upgrade asks for. @returns its end, which is told once the upgrade is answered */
  async open(
    { request, caller, waiting }: Upgrade,
    client: ClientSocket,
    wire: Wire,
  ): Promise<Result<ObjectSocket>> {
    const socket = new ObjectSocket(client, wire, this.#events);
    const outcome = await whileWaiting(waiting, () =>
      this.#answer((instance) => {
        const accept = (): SocketPort => {
          this.#sockets.add(socket);
          return instance.socket(socket);
        };
        const upgrade = { request, caller: structuredClone(caller), waiting };
        return openSocket(instance.room, upgrade, accept);
      }),
    );
    if ("ok" in outcome) {
      // The line was cut before the room had accepted the socket.
      if (socket.hasClosed) this.#events.close(socket, abnormal.code);
      return { ok: socket };
    }
    this.#sockets.delete(socket);
    return outcome;
  }

  /** Let it go from memory, while its sockets stay open. @throws Error while something keeps it there */
  evict(): void {
    if (this.#instance?.isBusy)
      throw new Error(
        "The room is busy, and the platform evicts no such object. Await settle() before evict().",
      );
    this.#instance?.go();
    this.#instance = null;
  }

  /** Let it die where it stands, and its sockets with it. */
  crash(): void {
    this.#instance?.go();
    this.#instance = null;
    const sockets = [...this.#sockets];
    this.#sockets.clear();
    for (const socket of sockets) socket.die();
  }

  readonly #events: ObjectEvents = {
    now: () => this.#options.clock.now(),
    message: (socket, frame) =>
      this.#heard((instance) => instance.room.receive(instance.socket(socket), frame)),
    close: (socket, code) => {
      if (!this.#sockets.delete(socket)) return;
      this.#heard((instance) => instance.room.socketClosed(instance.socket(socket), code));
    },
  };

  /** The alarm rings. The platform rings it again for an instance that dies of it. */
  async #ring(): Promise<void> {
    const instance = this.#awake();
    await instance.run(() => instance.room.ring()).catch(() => {});
    if (instance.hasGone) this.#alarm.set(this.#options.clock.now());
  }

  /** Pass an event on. Nobody waits for its outcome. */
  #heard(hear: (instance: Instance) => Promise<void>): void {
    const instance = this.#awake();
    instance
      .run(() => hear(instance))
      .catch((error: unknown) => {
        if (!instance.hasGone) this.#options.log("internal", { error: describe(error) });
      });
  }

  async #answer<T>(ask: (instance: Instance) => Promise<T>): Promise<Result<T>> {
    const instance = this.#awake();
    try {
      return { ok: await instance.run(() => ask(instance)) };
    } catch (error) {
      if (error instanceof CollabError) return { error: structuredClone(error.info) };
      if (instance.hasGone) throw error;
      const { log, randomness } = this.#options;
      const entry = randomness.newId();
      log("internal", { instance: entry, error: describe(error) });
      return { error: { code: "internal", instance: entry } };
    }
  }

  #awake(): Instance {
    this.#instance ??= new Instance({
      ...this.#options,
      storage: this.storage,
      alarm: this.#alarm,
      sockets: () => [...this.#sockets].filter(({ isOpen }) => isOpen),
    });
    return this.#instance;
  }

  /** Do something as an event of its own. */
  #posted<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    const { clock } = this.#options;
    clock.plan(0, { what, isUnderWay: () => true, run: () => resolve(work()) });
    return promise;
  }

  /** A copy of what crosses RPC; functions are called where they are. */
  #crossing(input: unknown): unknown {
    if (typeof input !== "object" || input === null) return input;
    const { outside, callTimeout } = this.#options;
    const copies = Object.entries(input).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === "function"
        ? (...given: unknown[]): unknown =>
            outside.track(
              "an update function",
              callTimeout,
              () => Reflect.apply(value, undefined, given) as unknown,
            )
        : structuredClone(value),
    ]);
    return Object.fromEntries(copies) as unknown;
  }
}
