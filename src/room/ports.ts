// What a room needs from the world, as small as it can be. The Durable Object provides these
// (cloudflare/collab-room.ts); tests and the testing kit provide them from memory.

import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import type { Identity } from "../protocol/identity.ts";
import type { RoomEntry } from "../protocol/rooms.ts";
import type { DataPoint } from "../model/data-point.ts";
import type { Member } from "../model/members.ts";
import type { ObserverAttachment } from "../model/observer.ts";
import type { RoomRecord } from "../model/record.ts";
import type { SessionAttachment } from "../model/session-attachment.ts";
import type { TraceAttachment } from "../model/trace.ts";
import type { RoomStorage } from "../storage/room-storage.ts";
import type { Log } from "./log.ts";

/** The one physical alarm. Setting and clearing it take part in the turn's atomic write. */
export type AlarmPort = {
  set(at: number): void;
  clear(): void;
};

/**
 * The room's connection to the directory. Each call carries a revision, which grows from call to call.
 * Both answer that revision. If they answer a later one, the call came too late and has changed nothing: the
 * directory takes that one and any after it.
 */
export type DirectoryPort = {
  put(entry: RoomEntry, revision: number): Promise<number>;
  remove(roomId: string, revision: number): Promise<number>;
};

/** One open socket. Sending and closing never throw: an event reports that the socket has closed. */
export type SocketPort = {
  /** Send a text frame. The platform holds it back until everything written before it is durable. */
  send(frame: string): void;
  close(code: number, reason: string): void;
  /** Store this beside the socket: it outlives the object's memory and goes away with the socket. */
  saveAttachment(attachment: SessionAttachment | ObserverAttachment | TraceAttachment | null): void;
  /** What was saved. An older version of this program may have written it. */
  readonly attachment: unknown;
  /** ms since the last `ping`; `null` if there was none, or if the wall clock was set back since. */
  readonly pingedAgo: number | null;
};

export type RoomPorts = {
  readonly id: string;
  readonly env: unknown;
  readonly behaviours: ReadonlyMap<string, ResolvedBehaviour>;
  readonly storage: RoomStorage<RoomRecord, Member>;
  readonly alarm: AlarmPort;
  /** Epoch ms the alarm is set to when the room wakes, `null` for no alarm. */
  readonly alarmAt: number | null;
  readonly directory: DirectoryPort;
  readonly log: Log;
  /** Takes data points for the analytics of the deployment; `null` if it has none. Never throws. */
  readonly analytics: ((point: DataPoint) => void) | null;
  /**
   * Who a token names.
   * @throws CollabError (rejects) as authentication does
   */
  identify(token: string): Promise<Identity>;
  /** The open sockets. A room that wakes finds its sessions by them. */
  sockets(): Iterable<SocketPort>;
  /** Epoch ms. */
  now(): number;
  /** A random UUID (version 4). */
  newId(): string;
  /** A random number from 0 to 1; not for secrets. */
  random(): number;
  /** Call back in this many ms. The object stays awake for it. @returns a function that cancels it */
  later(ms: number, call: () => void): () => void;
  /** Run author code so that a call of its own room is noticed: it would wait for itself (rule B7). */
  insideHook<T>(run: () => T): T;
  /** Resolves when everything written so far is durable; what was sent since has left by then. */
  whenDurable(): Promise<void>;
  /** Keep the object awake until this work has ended. */
  background(work: Promise<unknown>): void;
};
