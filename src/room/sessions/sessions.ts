// The sessions of a room: by socket, id and client, by user in the order they opened, and by the users they watch.

import type { SocketPort } from "../ports.ts";
import type { FrameTap, Session } from "./session.ts";

export class Sessions implements Iterable<Session> {
  readonly #bySocket = new Map<SocketPort, Session>();
  readonly #byId = new Map<string, Session>();
  readonly #byClient = new Map<string, Session>();
  readonly #byUser = new Map<string, Set<Session>>();
  readonly #watching = new Map<string, Set<Session>>();

  #tap: FrameTap | null = null;

  /** Receives the frames of all sessions; `null` if nobody traces them. */
  set tap(tap: FrameTap | null) {
    this.#tap = tap;
    for (const session of this) session.tap = tap;
  }

  get size(): number {
    return this.#bySocket.size;
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#bySocket.values();
  }

  get(socket: SocketPort): Session | undefined {
    return this.#bySocket.get(socket);
  }

  withId(id: string | null): Session | undefined {
    return id === null ? undefined : this.#byId.get(id);
  }

  /** The session of a client that has named itself. */
  ofClient(client: string | null | undefined): Session | undefined {
    return client ? this.#byClient.get(client) : undefined;
  }

  has({ socket }: Session): boolean {
    return this.#bySocket.has(socket);
  }

  of(userId: string): Session[] {
    return [...(this.#byUser.get(userId) ?? [])];
  }

  hasUser(userId: string): boolean {
    return this.#byUser.has(userId);
  }

  /** Whether these are all the sessions that the user had when they were last counted. */
  areAllOf(userId: string): boolean {
    const all = this.of(userId);
    return all.every(({ sessionCount }) => sessionCount === all.length);
  }

  /** The sessions that follow a user: the user's own, and those that watch them. */
  followersOf(userId: string): Session[] {
    return [...(this.#byUser.get(userId) ?? []), ...(this.#watching.get(userId) ?? [])];
  }

  followerCount(userId: string): number {
    return (this.#byUser.get(userId)?.size ?? 0) + (this.#watching.get(userId)?.size ?? 0);
  }

  add(session: Session): void {
    const { socket, id, userId, client, watched } = session;
    this.#bySocket.set(socket, session);
    session.tap = this.#tap;
    this.#byId.set(id, session);
    if (client !== null) this.#byClient.set(client, session);
    addTo(this.#byUser, userId, session);
    for (const each of watched) addTo(this.#watching, each, session);
  }

  /** Let a session watch these users, and no others, from now on. */
  setWatched(session: Session, userIds: readonly string[]): void {
    for (const userId of session.watched) removeFrom(this.#watching, userId, session);
    session.watched = userIds;
    for (const userId of userIds) addTo(this.#watching, userId, session);
  }

  /** Remove a session. @returns false if it was already removed */
  remove({ socket, userId }: Session): boolean {
    const session = this.#bySocket.get(socket);
    if (session === undefined) return false;
    this.#bySocket.delete(socket);
    this.#byId.delete(session.id);
    const { client } = session;
    if (client !== null && this.#byClient.get(client) === session) this.#byClient.delete(client);
    removeFrom(this.#byUser, userId, session);
    for (const each of session.watched) removeFrom(this.#watching, each, session);
    return true;
  }
}

function addTo(index: Map<string, Set<Session>>, userId: string, session: Session): void {
  const sessions = index.get(userId);
  if (sessions) sessions.add(session);
  else index.set(userId, new Set([session]));
}

function removeFrom(index: Map<string, Set<Session>>, userId: string, session: Session): void {
  const sessions = index.get(userId);
  sessions?.delete(session);
  if (sessions?.size === 0) index.delete(userId);
}
