// The Durable Object of a room: wiring only. It gives the process its ports, and turns what it throws
// into plain results. The methods are described in rpc.ts.

import { DurableObject } from "cloudflare:workers";
import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import { CollabError, type Result } from "../protocol/errors.ts";
import type { RoomInfo, StartOptions } from "../protocol/rooms.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { ChangeInput } from "../room/change.ts";
import type { StopRequest } from "../room/record.ts";
import { SqliteRoomStorage } from "../storage/sqlite.ts";
import { Directory } from "./directory.ts";
import type { CollabEnv } from "./env.ts";
import { createLog, describe, type Log } from "./log.ts";
import { RoomProcess, type Started } from "./room-process.ts";
import type { SocketPort } from "./ports.ts";
import type { RoomRpc } from "./rpc.ts";
import { answerClose, socketPort } from "./sockets/socket-port.ts";
import { connectRequestOf } from "./sockets/upgrade.ts";

export type Behaviours = ReadonlyMap<string, ResolvedBehaviour>;

export class CollabRoom extends DurableObject<CollabEnv> implements RoomRpc {
  readonly #log: Log;
  readonly #sockets = new WeakMap<WebSocket, SocketPort>();
  #process!: RoomProcess;

  constructor(ctx: DurableObjectState, env: CollabEnv, behaviours: Behaviours) {
    super(ctx, env);
    const id = ctx.id.name;
    if (id === undefined) throw new TypeError("a room is reached by its name: getByName(roomId)");
    this.#log = createLog({ room: id });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    void ctx.blockConcurrencyWhile(async () => {
      this.#process = new RoomProcess({
        id,
        env,
        behaviours,
        storage: new SqliteRoomStorage(ctx.storage),
        alarm: {
          // Not awaited: it is part of the turn's atomic write, and replies wait for that anyway.
          set: (at) => void ctx.storage.setAlarm(at),
          clear: () => void ctx.storage.deleteAlarm(),
        },
        sockets: () => ctx.getWebSockets().map((socket) => this.#socket(socket)),
        alarmAt: await ctx.storage.getAlarm(),
        directory: new Directory(env),
        log: this.#log,
        now: () => Date.now(),
        newId: () => crypto.randomUUID(),
        later: (ms, call) => {
          const timer = setTimeout(call, ms);
          return () => clearTimeout(timer);
        },
        background: (work) =>
          ctx.waitUntil(
            work.catch((error: unknown) =>
              this.#log("error", "background", { error: describe(error) }),
            ),
          ),
      });
    });
  }

  start(options: StartOptions): Promise<Result<Started>> {
    return this.#reply(this.#process.start(options));
  }

  join(user: string, ttl?: number): Promise<Result<string>> {
    return this.#reply(this.#process.join(user, ttl).then((entry) => JSON.stringify(entry)));
  }

  leave(userId: string): Promise<Result<void>> {
    return this.#reply(this.#process.leave(userId));
  }

  alive(): Promise<Result<boolean>> {
    return this.#reply(this.#process.alive());
  }

  info(): Promise<Result<RoomInfo>> {
    return this.#reply(this.#process.info());
  }

  users(): Promise<Result<string>> {
    return this.#reply(this.#process.users().then((users) => JSON.stringify(users)));
  }

  state(
    known?: readonly number[] | "any",
  ): Promise<Result<{ version: number; text: string | null }>> {
    return this.#reply(this.#process.state(known));
  }

  change(input: ChangeInput, ifVersion?: readonly number[]): Promise<Result<number>> {
    return this.#reply(this.#process.change(input, ifVersion));
  }

  update(next: (stateText: string) => Promise<string | null>): Promise<Result<number>> {
    return this.#reply(this.#process.update(next));
  }

  act(name: string, payload: string): Promise<Result<{ result: string; version: number }>> {
    return this.#reply(
      this.#process
        .act(name, payload)
        .then(({ result, version }) => ({ result: JSON.stringify(result), version })),
    );
  }

  touch(userId?: string): Promise<Result<void>> {
    return this.#reply(this.#process.touch(userId));
  }

  broadcast(event: string, payload: string): Promise<Result<void>> {
    return this.#reply(this.#process.broadcast(event, payload));
  }

  stop(request: StopRequest): Promise<Result<void>> {
    return this.#reply(this.#process.stop(request));
  }

  presence(): Promise<Result<string>> {
    return this.#reply(this.#process.presence().then((presence) => JSON.stringify(presence)));
  }

  holdPresence(userId: string, data: string, ttl: number): Promise<Result<void>> {
    return this.#reply(this.#process.holdPresence(userId, data, ttl));
  }

  setScopes(userId: string, scopes: readonly Scope[]): Promise<Result<string>> {
    return this.#reply(
      this.#process.setScopes(userId, scopes).then((entry) => JSON.stringify(entry)),
    );
  }

  /** The one request it takes is an upgrade, made by RoomClient: a socket cannot cross RPC. */
  override async fetch(request: Request): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    const outcome = await this.#reply(
      this.#process.connect(connectRequestOf(request), () => {
        this.ctx.acceptWebSocket(server);
        return this.#socket(server);
      }),
    );
    if ("error" in outcome) return Response.json(outcome);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    return this.#process.receive(this.#socket(socket), frame);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    answerClose(socket, code, reason);
    return this.#process.lost(this.#socket(socket));
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.#process.lost(this.#socket(socket));
  }

  override alarm(): Promise<void> {
    return this.#process.ring();
  }

  #socket(socket: WebSocket): SocketPort {
    let port = this.#sockets.get(socket);
    if (port === undefined) {
      port = socketPort(socket, this.ctx);
      this.#sockets.set(socket, port);
    }
    return port;
  }

  async #reply<T>(work: Promise<T>): Promise<Result<T>> {
    try {
      return { ok: await work };
    } catch (error) {
      if (error instanceof CollabError) return { error: error.info };
      const instance = crypto.randomUUID();
      this.#log("error", "internal", { instance, error: describe(error) });
      return { error: { code: "internal", instance } };
    }
  }
}
