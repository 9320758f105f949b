// The caller's end of a room's RPC: finds the object, repeats what may be repeated, throws what failed.
// Payloads stay JSON text, for those who only pass them on; RoomHandle is the same with values.

import { CollabError, unwrap, type Result } from "../protocol/errors.ts";
import { checkRoomId } from "../protocol/room-id.ts";
import type { RoomInfo, StartOptions } from "../protocol/rooms.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { ChangeInput } from "../room/change.ts";
import type { StopRequest } from "../room/record.ts";
import { createLog, describe } from "./log.ts";
import type { ConnectRequest } from "./room-process.ts";
import type { RoomRpc } from "./rpc.ts";
import { upgradeRequest } from "./sockets/upgrade.ts";

type Stub = DurableObjectStub<RoomRpc>;

/** What the platform tells of a failed call. */
type CallFailure = { readonly retryable?: boolean; readonly overloaded?: boolean };

export class RoomClient {
  readonly id: string;
  readonly #namespace: DurableObjectNamespace<RoomRpc>;

  /** @throws CollabError `invalid_room_id` */
  constructor(namespace: DurableObjectNamespace<RoomRpc>, id: string) {
    this.id = checkRoomId(id);
    this.#namespace = namespace;
  }

  start(options: StartOptions): Promise<{ created: boolean; info: RoomInfo }> {
    return this.#repeatable((room) => room.start(options));
  }

  join(user: string, ttl?: number): Promise<string> {
    return this.#once((room) => room.join(user, ttl));
  }

  leave(userId: string): Promise<void> {
    return this.#repeatable((room) => room.leave(userId));
  }

  alive(): Promise<boolean> {
    return this.#repeatable((room) => room.alive());
  }

  info(): Promise<RoomInfo> {
    return this.#repeatable((room) => room.info());
  }

  users(): Promise<string> {
    return this.#repeatable((room) => room.users());
  }

  state(known?: readonly number[] | "any"): Promise<{ version: number; text: string | null }> {
    return this.#repeatable((room) => room.state(known));
  }

  change(input: ChangeInput, ifVersion?: readonly number[]): Promise<number> {
    return this.#once((room) => room.change(input, ifVersion));
  }

  update(next: (stateText: string) => Promise<string | null>): Promise<number> {
    return this.#once((room) => room.update(next));
  }

  act(name: string, payload: string): Promise<{ result: string; version: number }> {
    return this.#once((room) => room.act(name, payload));
  }

  touch(userId?: string): Promise<void> {
    return this.#repeatable((room) => room.touch(userId));
  }

  broadcast(event: string, payload: string): Promise<void> {
    return this.#once((room) => room.broadcast(event, payload));
  }

  presence(): Promise<string> {
    return this.#repeatable((room) => room.presence());
  }

  holdPresence(userId: string, data: string, ttl: number): Promise<void> {
    return this.#repeatable((room) => room.holdPresence(userId, data, ttl));
  }

  setScopes(userId: string, scopes: readonly Scope[]): Promise<string> {
    return this.#repeatable((room) => room.setScopes(userId, scopes));
  }

  stop(request: StopRequest): Promise<void> {
    return this.#once((room) => room.stop(request));
  }

  /**
   * Open a socket for a user.
   * @returns the client's end of it
   * @throws CollabError whatever refuses them: nothing is half open
   */
  async connect(request: ConnectRequest): Promise<WebSocket> {
    return this.#once(async (room) => {
      const response = await room.fetch(upgradeRequest(request));
      const { webSocket } = response;
      return webSocket ? { ok: webSocket } : response.json<Result<WebSocket>>();
    });
  }

  /** A call that must not happen twice. */
  async #once<T>(ask: (room: Stub) => PromiseLike<Result<T>>): Promise<T> {
    try {
      return unwrap(await this.#ask(ask));
    } catch (error) {
      throw error instanceof CollabError ? error : this.#unavailable(error);
    }
  }

  /** A call that may happen twice: repeated once, on a fresh stub, if the platform says it can help. */
  async #repeatable<T>(ask: (room: Stub) => PromiseLike<Result<T>>): Promise<T> {
    try {
      return unwrap(await this.#ask(ask));
    } catch (error) {
      if (error instanceof CollabError) throw error;
      const { retryable = false, overloaded = false } = error as CallFailure;
      if (!retryable || overloaded) throw this.#unavailable(error);
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100));
      return this.#once(ask);
    }
  }

  #ask<T>(ask: (room: Stub) => PromiseLike<Result<T>>): PromiseLike<Result<T>> {
    return ask(this.#namespace.getByName(this.id));
  }

  #unavailable(error: unknown): CollabError {
    const instance = crypto.randomUUID();
    createLog({ room: this.id })("error", "room_unavailable", { instance, error: describe(error) });
    return new CollabError("room_unavailable", { instance });
  }
}
