// The Durable Object of a room: wiring only. It gives the room its ports, forwards the platform's events to it, and
// turns errors that the room throws into plain results.

import { DurableObject } from "cloudflare:workers";
import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import type { Caller } from "../protocol/caller.ts";
import { CollabError, type Result } from "../protocol/errors.ts";
import type { Identity } from "../protocol/identity.ts";
import { isObject } from "../protocol/json.ts";
import { askedBy, createLog, describe, type Log } from "../room/log.ts";
import type { Operation } from "../room/operation.ts";
import { operations, type OperationName } from "../room/operations/table.ts";
import type { RoomPorts, SocketPort } from "../room/ports.ts";
import type { KeyedRequest } from "../room/requests/idempotency-keys.ts";
import { Room } from "../room/room.ts";
import { SqliteRoomStorage } from "../storage/sqlite.ts";
import { writeDataPoint } from "./analytics.ts";
import { reportCompatibility } from "./compatibility.ts";
import { Directory } from "./directory.ts";
import type { CollabEnv } from "./env.ts";
import { waitingRooms, whileWaiting } from "./hook-context.ts";
import { later } from "./later.ts";
import { resultOf, type CallResult, type RoomRpc } from "./rpc.ts";
import { answerClose, socketPort } from "./socket-port.ts";
import { openSocket, readUpgrade } from "./upgrade.ts";

export type Behaviours = ReadonlyMap<string, ResolvedBehaviour>;

export class CollabRoom extends DurableObject<CollabEnv> implements RoomRpc {
  readonly #log: Log;
  readonly #sockets = new WeakMap<WebSocket, SocketPort>();
  #room!: Room;

  /** @param identify returns the identity that a token stands for */
  constructor(
    ctx: DurableObjectState,
    env: CollabEnv,
    behaviours: Behaviours,
    identify: (token: string, env: CollabEnv) => Promise<Identity>,
  ) {
    super(ctx, env);
    const id = ctx.id.name;
    if (id === undefined)
      throw new TypeError("A room must be addressed by its name: use getByName(roomId).");
    this.#log = createLog({ room: id });
    reportCompatibility();
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    void ctx.blockConcurrencyWhile(async () => {
      this.#room = new Room({
        id,
        env,
        behaviours,
        storage: new SqliteRoomStorage(ctx.storage),
        alarm: {
          // Not awaited: it is part of the turn's atomic write, and replies wait for that anyway.
          set: (at) => this.#watch(ctx.storage.setAlarm(at)),
          clear: () => this.#watch(ctx.storage.deleteAlarm()),
        },
        identify: (token) => identify(token, env),
        sockets: () => ctx.getWebSockets().map((socket) => this.#socket(socket)),
        alarmAt: await ctx.storage.getAlarm(),
        directory: new Directory(env),
        log: this.#log,
        analytics: this.#analytics(id, env.ANALYTICS),
        now: () => Date.now(),
        newId: () => crypto.randomUUID(),
        random: () => Math.random(),
        whenDurable: () => ctx.storage.sync(),
        insideHook: (run) => whileWaiting([...waitingRooms(), id], run),
        later,
        background: (work) =>
          ctx.waitUntil(
            work.catch((error: unknown) =>
              this.#log("background_failed", { error: describe(error) }),
            ),
          ),
      });
      this.#room.wake();
    });
  }

  /** Run an operation by name. */
  call(
    name: OperationName,
    input: unknown,
    caller: Caller,
    waiting: readonly string[] = [],
    request?: KeyedRequest,
  ): Promise<CallResult<unknown>> {
    // RoomStub guarantees that the input has the operation's type, and only RoomStub calls this object.
    const operation = operations[name] as Operation<unknown, unknown>;
    const options = { characters: charactersOf(input), request };
    return whileWaiting(waiting, async () => {
      const called = await this.#reply(caller, this.#room.call(operation, input, caller, options));
      return "error" in called ? called : resultOf(called.ok);
    });
  }

  /** Handles only upgrade requests, which RoomStub creates: a socket cannot be passed over RPC. */
  override async fetch(request: Request): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    const upgrade = readUpgrade(request);
    const accept = (): SocketPort => {
      this.ctx.acceptWebSocket(server);
      return this.#socket(server);
    };
    const outcome = await whileWaiting(upgrade.waiting, () =>
      this.#reply(upgrade.caller, openSocket(this.#room, upgrade, accept)),
    );
    if ("error" in outcome) return Response.json(outcome);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    return this.#room.receive(this.#socket(socket), frame);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    answerClose(socket, code, reason);
    return this.#room.socketClosed(this.#socket(socket), code);
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.#room.socketClosed(this.#socket(socket));
  }

  override alarm(): Promise<void> {
    return this.#room.ring();
  }

  /** Writing the alarm fails only if the whole turn is not committed; then the object is about to be reset. */
  #watch(write: Promise<void>): void {
    write.catch((error: unknown) => this.#log("alarm_failed", { error: describe(error) }));
  }

  /** Writes data points. A failed write is logged and must not make the room's work fail. */
  #analytics(id: string, dataset: CollabEnv["ANALYTICS"]): RoomPorts["analytics"] {
    if (dataset === undefined) return null;
    return (point) => {
      try {
        writeDataPoint(dataset, id, point);
      } catch (error) {
        this.#log("analytics_failed", { error: describe(error) });
      }
    };
  }

  #socket(socket: WebSocket): SocketPort {
    let port = this.#sockets.get(socket);
    if (port === undefined) {
      port = socketPort(socket, this.ctx);
      this.#sockets.set(socket, port);
    }
    return port;
  }

  async #reply<T>(caller: Caller, work: Promise<T>): Promise<Result<T>> {
    try {
      return { ok: await work };
    } catch (error) {
      if (error instanceof CollabError) return { error: error.info };
      const instance = crypto.randomUUID();
      this.#log("internal", { instance, ...askedBy(caller), error: describe(error) });
      return { error: { code: "internal", instance } };
    }
  }
}

/** The number of characters of JSON text in an operation's input. */
function charactersOf(input: unknown): number {
  if (!isObject(input)) return 0;
  return Object.values(input).reduce<number>((sum, value) => {
    const text = isObject(value) ? value["text"] : undefined;
    return typeof text === "string" ? sum + text.length : sum;
  }, 0);
}
