// The sessions of a room: by socket, by id, by client, and by user in the order they came.

import type { SocketPort } from "../ports.ts";
import type { Session } from "./session.ts";

export class Sessions implements Iterable<Session> {
  readonly #bySocket = new Map<SocketPort, Session>();
  readonly #byId = new Map<string, Session>();
  readonly #byClient = new Map<string, Session>();
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

  /** Whether these are all the sessions that a user had when they were last counted. */
  areAllOf(userId: string): boolean {
    const all = this.of(userId);
    return all.every(({ sessionCount }) => sessionCount === all.length);
  }

  add(session: Session): void {
    const { socket, id, userId, client } = session;
    this.#bySocket.set(socket, session);
    this.#byId.set(id, session);
    if (client !== null) this.#byClient.set(client, session);
    const siblings = this.#byUser.get(userId);
    if (siblings) siblings.add(session);
    else this.#byUser.set(userId, new Set([session]));
  }

  /** Remove a session. @returns false when it was removed already */
  remove({ socket, userId }: Session): boolean {
    const session = this.#bySocket.get(socket);
    if (session === undefined) return false;
    this.#bySocket.delete(socket);
    this.#byId.delete(session.id);
    const { client } = session;
    if (client !== null && this.#byClient.get(client) === session) this.#byClient.delete(client);
    const siblings = this.#byUser.get(userId);
    siblings?.delete(session);
    if (siblings?.size === 0) this.#byUser.delete(userId);
    return true;
  }
}
