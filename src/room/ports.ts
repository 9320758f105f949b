// The interface between a room and its environment, kept as small as possible. The Durable Object provides these ports
// (cloudflare/collab-room.ts); tests and the testing kit provide in-memory ones.

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

/** The one physical alarm. Setting and clearing it are part of the turn's atomic write. */
export type AlarmPort = {
  set(at: number): void;
  clear(): void;
};

/**
 * The room's connection to the directory. Each call carries a revision, which grows from call to call. Both methods
 * return that revision. If they return a later one, the call came too late and changed nothing: the directory only
 * accepts that revision or a later one.
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
  /** Store data with the socket. It outlives the object's memory and is removed with the socket. */
  saveAttachment(attachment: SessionAttachment | ObserverAttachment | TraceAttachment | null): void;
  /** The record that was last saved. An older version of this program may have written it. */
  readonly attachment: unknown;
  /** ms since the last `ping`; `null` if there was none, or if the wall clock has been set back since. */
  readonly pingedAgo: number | null;
};

export type RoomPorts = {
  readonly id: string;
  readonly env: unknown;
  readonly behaviours: ReadonlyMap<string, ResolvedBehaviour>;
  readonly storage: RoomStorage<RoomRecord, Member>;
  readonly alarm: AlarmPort;
  /** Epoch ms the alarm is set to when the room wakes; `null` if it is not set. */
  readonly alarmAt: number | null;
  readonly directory: DirectoryPort;
  readonly log: Log;
  /** Receives the deployment's analytics data points; `null` if it has no analytics. Never throws. */
  readonly analytics: ((point: DataPoint) => void) | null;
  /**
   * Authenticate the bearer of a token.
   * @throws CollabError (rejects) as authentication does
   */
  identify(token: string): Promise<Identity>;
  /** The open sockets. A room that wakes restores its sessions from them. */
  sockets(): Iterable<SocketPort>;
  /** Epoch ms. */
  now(): number;
  /** A random UUID (version 4). */
  newId(): string;
  /** A random number from 0 to 1; not for secrets. */
  random(): number;
  /** Call back after this many ms. The object stays awake until then. @returns a function that cancels it */
  later(ms: number, call: () => void): () => void;
  /** Run author code so that a call to its own room is detected: such a call would wait for itself (rule B7). */
  insideHook<T>(run: () => T): T;
  /** Resolves when everything written so far is durable; what was sent after those writes has left by then. */
  whenDurable(): Promise<void>;
  /** Keep the object awake until this work has finished. */
  background(work: Promise<unknown>): void;
};
