// The sessions of a room: by socket, and by user in the order they came.

import type { SocketPort } from "../ports.ts";
import type { Session } from "./session.ts";

export class Sessions implements Iterable<Session> {
  readonly #bySocket = new Map<SocketPort, Session>();
  readonly #byUser = new Map<string, Set<Session>>();

  get size(): number {
    return this.#bySocket.size;
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#bySocket.values();
  }

  get(socket: SocketPort): Session | undefined {
    return this.#bySocket.get(socket);
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

  /** Whether these are all sessions that a user had when they were last counted. */
  areAllOf(userId: string): boolean {
    const all = this.of(userId);
    return all.every(({ tabs }) => tabs === all.length);
  }

  add(session: Session): void {
    const { socket, userId } = session;
    this.#bySocket.set(socket, session);
    const siblings = this.#byUser.get(userId);
    if (siblings) siblings.add(session);
    else this.#byUser.set(userId, new Set([session]));
  }

  /** Take a session out. @returns false when it was out already */
  remove({ socket, userId }: Session): boolean {
    const session = this.#bySocket.get(socket);
    if (session === undefined) return false;
    this.#bySocket.delete(socket);
    const siblings = this.#byUser.get(userId);
    siblings?.delete(session);
    if (siblings?.size === 0) this.#byUser.delete(userId);
    return true;
  }
}
