// The caller's side of a room's Durable Object: finds it, retries calls that may be repeated, and throws failures.
// JSON stays text, for callers that only pass it on; RoomHandle does the same with values.

import type { Caller } from "../protocol/caller.ts";
import { CollabError, unwrap, type Result } from "../protocol/errors.ts";
import { checkRoomId } from "../protocol/room-id.ts";
import { askedBy, createLog, describe } from "../room/log.ts";
import {
  operations,
  type InputOf,
  type OperationName,
  type OutputOf,
} from "../room/operations/table.ts";
import { waitingRooms } from "./hook-context.ts";
import type { ObserveRequest } from "../room/operations/observe-changes.ts";
import type { TraceRequest } from "../room/operations/trace-frames.ts";
import { checkKey, fingerprintOf } from "./keyed-call.ts";
import type { RoomRpc } from "./rpc.ts";
import { createUpgrade, type SessionRequest, type SocketRequest } from "./upgrade.ts";

type Stub = DurableObjectStub<RoomRpc>;

/** The idempotency key of a call that must not be executed twice (rule X2). */
export type Once = {
  readonly key: string;
  /** Called if the answer is that of an earlier call. */
  onReplay?(): void;
};

/** The properties that the platform sets on the error of a failed call. */
type CallFailure = { readonly retryable?: boolean; readonly overloaded?: boolean };

export class RoomStub {
  readonly id: string;
  readonly #namespace: DurableObjectNamespace<RoomRpc>;
  readonly #caller: Caller;
  readonly #once: Once | undefined;

  /**
   * @param caller on whose behalf the room is called
   * @param once for calls that must not be executed twice
   * @throws CollabError `invalid_room_id`
   */
  constructor(namespace: DurableObjectNamespace<RoomRpc>, id: string, caller: Caller, once?: Once) {
    this.id = checkRoomId(id);
    this.#namespace = namespace;
    this.#caller = caller;
    this.#once = once;
  }

  /** On whose behalf the room is called. */
  get caller(): Caller {
    return this.#caller;
  }

  /** The same room, for a call that must not be executed twice. @throws CollabError `invalid_request` */
  keyed(idempotencyKey: string | undefined): RoomStub {
    if (idempotencyKey === undefined) return this;
    const once = { key: checkKey(idempotencyKey) };
    return new RoomStub(this.#namespace, this.id, this.#caller, once);
  }

  /**
   * Run an operation of the room.
   * @throws CollabError the operation's own errors, `reentrant_call`, or `room_unavailable`
   */
  async call<Name extends OperationName>(
    name: Name,
    input: InputOf<Name>,
  ): Promise<OutputOf<Name>> {
    const waiting = this.#waiting();
    const once = this.#once;
    const request = once && { key: once.key, fingerprint: await fingerprintOf(name, input) };
    const ask = async (stub: Stub): Promise<Result<OutputOf<Name>>> => {
      const { isReplay, ...result } = await stub.call(name, input, this.#caller, waiting, request);
      if (isReplay) once?.onReplay?.();
      return result as Result<OutputOf<Name>>;
    };
    const isRepeatable = operations[name].repeatable || request !== undefined;
    return isRepeatable ? this.#repeatable(ask) : this.#single(ask);
  }

  /**
   * Open a socket for the caller's user.
   * @returns the client's end of it
   * @throws CollabError if it is refused; then no socket is open
   */
  async connect(request: SessionRequest): Promise<WebSocket> {
    return this.#open({ kind: "session", ...request });
  }

  /**
   * Open the socket of an observer, on which the room sends the state and then every change.
   * @returns the caller's end of it, for a `ChangeReader`
   * @throws CollabError if it is refused
   */
  async observe(request: ObserveRequest): Promise<WebSocket> {
    return this.#open({ kind: "observer", ...request });
  }

  /**
   * Open the socket of a trace, on which the room reports its sessions' frames.
   * @returns the caller's end of it, for a `ChangeReader`
   * @throws CollabError if it is refused
   */
  async trace(request: TraceRequest): Promise<WebSocket> {
    return this.#open({ kind: "trace", ...request });
  }

  async #open(request: SocketRequest): Promise<WebSocket> {
    const waiting = this.#waiting();
    return this.#single(async (stub) => {
      const upgrade = createUpgrade({ request, caller: this.#caller, waiting });
      const response = await stub.fetch(upgrade);
      const { webSocket } = response;
      return webSocket ? { ok: webSocket } : response.json<Result<WebSocket>>();
    });
  }

  /** The ids of the rooms that wait for this call. @throws CollabError `reentrant_call` */
  #waiting(): readonly string[] {
    const waiting = waitingRooms();
    if (waiting.includes(this.id)) throw new CollabError("reentrant_call");
    return waiting;
  }

  /** Make a call that must not happen twice. */
  async #single<T>(ask: (stub: Stub) => PromiseLike<Result<T>>): Promise<T> {
    try {
      return unwrap(await this.#ask(ask));
    } catch (error) {
      throw error instanceof CollabError ? error : this.#unavailable(error);
    }
  }

  /** Make a call that may happen twice: if a retry can help, it is retried once, on a fresh stub. */
  async #repeatable<T>(ask: (stub: Stub) => PromiseLike<Result<T>>): Promise<T> {
    try {
      return unwrap(await this.#ask(ask));
    } catch (error) {
      if (error instanceof CollabError) throw error;
      const { retryable = false, overloaded = false } = error as CallFailure;
      if (!retryable || overloaded) throw this.#unavailable(error);
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100));
      return this.#single(ask);
    }
  }

  #ask<T>(ask: (stub: Stub) => PromiseLike<Result<T>>): PromiseLike<Result<T>> {
    return ask(this.#namespace.getByName(this.id));
  }

  #unavailable(error: unknown): CollabError {
    const instance = crypto.randomUUID();
    createLog({ room: this.id })("room_unavailable", {
      instance,
      ...askedBy(this.#caller),
      error: describe(error),
    });
    return new CollabError("room_unavailable", { instance });
  }
}
