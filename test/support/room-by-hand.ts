// One room in plain memory, in any runtime: the test moves the clock, and every port records what it is
// asked for. For tests of the room as a process and of its parts, without a platform.

import { identifyTestToken } from "./test-tokens.ts";
import { outputOf } from "../../src/room/outcome.ts";
import { resolveBehaviours } from "../../src/behaviours/resolve.ts";
import type { RoomBehaviour } from "../../src/behaviours/behaviour.ts";
import { workerCaller, type Caller } from "../../src/protocol/caller.ts";
import type { Member } from "../../src/model/members.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { initialFlow, pack, type SessionAttachment } from "../../src/model/session-attachment.ts";
import { resolveLimits, type Limits } from "../../src/protocol/limits.ts";
import type { TraceFilter } from "../../src/protocol/inspection.ts";
import type { Operation } from "../../src/room/operation.ts";
import { connectSession } from "../../src/room/operations/connect-session.ts";
import { observeChanges, type ObserveRequest } from "../../src/room/operations/observe-changes.ts";
import { traceFrames } from "../../src/room/operations/trace-frames.ts";
import type { DirectoryPort, RoomPorts, SocketPort } from "../../src/room/ports.ts";
import { Room } from "../../src/room/room.ts";
import { Session } from "../../src/room/sessions/session.ts";
import { MemoryRoomStorage } from "../../src/storage/memory.ts";
import type { RoomStorage } from "../../src/storage/room-storage.ts";

/** A socket that records what it is sent. */
export class SocketByHand implements SocketPort {
  readonly frames: string[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  attachment: unknown = null;
  pingedAgo: number | null = null;

  send(frame: string): void {
    this.frames.push(frame);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  saveAttachment(attachment: unknown): void {
    // As a copy, the way the platform stores it.
    this.attachment = structuredClone(attachment);
  }
}

/** A session on a socket of its own. */
export function sessionByHand(
  attachment: Partial<SessionAttachment> = {},
  { limits = {}, now = 0 }: { limits?: Partial<Limits>; now?: number } = {},
): { session: Session; socket: SocketByHand } {
  const socket = new SocketByHand();
  const session = new Session(
    socket,
    {
      shape: 3,
      id: "s-1",
      userId: "ada",
      scopes: workerCaller.scopes,
      presence: pack({ data: {}, at: 0 }),
      state: { kind: "live" },
      flow: initialFlow,
      heardAt: now,
      ...attachment,
    },
    resolveLimits(limits),
    { now: () => now, newId: () => crypto.randomUUID() },
  );
  return { session, socket };
}

type Timer = { readonly at: number; readonly call: () => void };

type Options = {
  readonly storage?: RoomStorage<RoomRecord, Member>;
  readonly behaviour?: RoomBehaviour;
  readonly directory?: DirectoryPort;
  readonly whenDurable?: () => Promise<void>;
  readonly analytics?: RoomPorts["analytics"];
  /** Sockets that are open when the room wakes. */
  readonly sockets?: readonly SocketByHand[];
  readonly now?: number;
};

/** A directory that takes whatever it is told. */
const willing: DirectoryPort = {
  put: async (_entry, revision) => revision,
  remove: async (_id, revision) => revision,
};

export class RoomByHand {
  /** Time that has passed, in ms. */
  now: number;
  /** By how much the wall clock was set ahead; negative if it was set back. */
  wallOffset = 0;
  readonly storage: RoomStorage<RoomRecord, Member>;
  readonly room: Room;
  readonly sockets: SocketByHand[];
  readonly logged: string[] = [];
  /** Epoch ms the alarm is set to, `null` for none. */
  alarmAt: number | null = null;
  readonly #timers = new Set<Timer>();
  readonly #awake = new Set<Promise<unknown>>();

  constructor(options: Options = {}) {
    const { storage = new MemoryRoomStorage(), behaviour = {}, directory = willing } = options;
    this.storage = storage;
    this.now = options.now ?? 1_000_000;
    this.sockets = [...(options.sockets ?? [])];
    this.room = new Room({
      id: "room",
      env: {},
      behaviours: resolveBehaviours({ default: behaviour }),
      storage,
      alarm: {
        set: (at) => void (this.alarmAt = at),
        clear: () => void (this.alarmAt = null),
      },
      alarmAt: null,
      identify: identifyTestToken,
      directory,
      log: (event) => void this.logged.push(event),
      analytics: options.analytics ?? null,
      sockets: () => this.sockets,
      now: () => this.now + this.wallOffset,
      newId: () => crypto.randomUUID(),
      random: () => 0,
      whenDurable: options.whenDurable ?? (() => Promise.resolve()),
      insideHook: (run) => run(),
      later: (ms, call) => {
        const timer = { at: this.now + ms, call };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
      },
      background: (work) => {
        this.#awake.add(work);
        void work.finally(() => this.#awake.delete(work));
      },
    });
    this.room.wake();
  }

  /** Call an operation. */
  call<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    caller: Caller = workerCaller,
  ): Promise<Output> {
    return this.room.call(operation, input, caller).then(({ outcome }) => outputOf(outcome));
  }

  /** Open a session for a user. */
  async connect(userId: string): Promise<SocketByHand> {
    const socket = new SocketByHand();
    const accept = (): SocketPort => {
      this.sockets.push(socket);
      return socket;
    };
    const { scopes } = workerCaller;
    await this.call(connectSession, { user: { id: userId }, scopes, accept });
    return socket;
  }

  /** Open an observer. */
  async observe(request: ObserveRequest = {}): Promise<SocketByHand> {
    const socket = new SocketByHand();
    const accept = (): SocketPort => {
      this.sockets.push(socket);
      return socket;
    };
    await this.call(observeChanges, { ...request, accept });
    return socket;
  }

  /** Open a trace. */
  async trace(filter: TraceFilter = {}, caller: Caller = workerCaller): Promise<SocketByHand> {
    const socket = new SocketByHand();
    const accept = (): SocketPort => {
      this.sockets.push(socket);
      return socket;
    };
    await this.call(traceFrames, { filter, accept }, caller);
    return socket;
  }

  /** How many timers in memory run. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Whether something keeps the object awake, once everything that can settle has done so. */
  async isAwake(): Promise<boolean> {
    await settle();
    return this.#awake.size > 0;
  }

  /** Let time pass. Timers in memory ring at their time, and what they lead to settles before the next. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.now = Math.max(this.now, timer.at);
      timer.call();
      await settle();
    }
    this.now = end;
  }

  /** The timer that rings next, if it does by then. */
  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= end);
    return due.toSorted((a, b) => a.at - b.at)[0];
  }
}

/** Let every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
