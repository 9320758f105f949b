// What a room needs from the world, as small as it can be. `CollabRoom` fills these from its Durable
// Object; a test fills them from memory.

import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import type { RoomEntry } from "../protocol/rooms.ts";
import type { Member } from "../room/members.ts";
import type { RoomRecord } from "../room/record.ts";
import type { KeptSession } from "../room/session.ts";
import type { RoomStorage } from "../storage/room-storage.ts";
import type { Log } from "./log.ts";

/** The one physical alarm. Setting and clearing take part in the turn's atomic write. */
export type AlarmPort = {
  set(at: number): void;
  clear(): void;
};

/** The room's line to the directory. A call that arrives after `until` (epoch ms) does nothing. */
export type DirectoryPort = {
  put(entry: RoomEntry, until: number): Promise<void>;
  remove(roomId: string, until: number): Promise<void>;
};

/** One open socket. Sending and closing never throw: the socket's end is told by an event. */
export type SocketPort = {
  /** What leaves waits until everything written before it is durable. */
  send(frame: string): void;
  close(code: number, reason: string): void;
  /** Keep this beside the socket: it outlives the object's memory, and goes with the socket. */
  keep(session: KeptSession | null): void;
  /** What was kept. It may be from an older version of this program. */
  readonly kept: unknown;
  /** Epoch ms of the last `ping`, `null` if there was none. */
  readonly pingedAt: number | null;
};

export type RoomPorts = {
  readonly id: string;
  readonly env: unknown;
  readonly behaviours: ReadonlyMap<string, ResolvedBehaviour>;
  readonly storage: RoomStorage<RoomRecord, Member>;
  readonly alarm: AlarmPort;
  /** Epoch ms the alarm is set to as the room wakes, `null` for no alarm. */
  readonly alarmAt: number | null;
  readonly directory: DirectoryPort;
  readonly log: Log;
  /** The sockets that are open: what a room that wakes finds. */
  sockets(): Iterable<SocketPort>;
  /** Epoch ms. */
  now(): number;
  newId(): string;
  /** Call back in so many ms; the object stays awake for it. @returns what calls it off */
  later(ms: number, call: () => void): () => void;
  /** Keep the object awake for work beside the turn. */
  background(work: Promise<unknown>): void;
};

/** What a room asks and tells of those who run its turns. */
export type RoomEvents = {
  /** Whether other turns wait for the one that runs. */
  othersWait(): boolean;
  /** A commit has failed: memory is no longer what storage holds. */
  onBroken(): void;
  /** A session of this user has ended: a turn must see to what becomes of them. */
  onGone(userId: string): void;
};
