// The Durable Object of a room: wiring only. It gives the process its ports, and turns what it throws
// into plain results. The methods are described in rpc.ts.

import { DurableObject } from "cloudflare:workers";
import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import { CollabError, type Result } from "../protocol/errors.ts";
import type { RoomInfo, StartOptions } from "../protocol/rooms.ts";
import type { ChangeInput } from "../room/change.ts";
import type { StopRequest } from "../room/record.ts";
import { SqliteRoomStorage } from "../storage/sqlite.ts";
import { Directory } from "./directory.ts";
import type { CollabEnv } from "./env.ts";
import { createLog, describe, type Log } from "./log.ts";
import { RoomProcess, type Started } from "./room-process.ts";
import type { RoomRpc } from "./rpc.ts";

export type Behaviours = ReadonlyMap<string, ResolvedBehaviour>;

export class CollabRoom extends DurableObject<CollabEnv> implements RoomRpc {
  readonly #log: Log;
  #process!: RoomProcess;

  constructor(ctx: DurableObjectState, env: CollabEnv, behaviours: Behaviours) {
    super(ctx, env);
    const id = ctx.id.name;
    if (id === undefined) throw new TypeError("a room is reached by its name: getByName(roomId)");
    this.#log = createLog({ room: id });
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
        alarmAt: await ctx.storage.getAlarm(),
        directory: new Directory(env),
        log: this.#log,
        now: () => Date.now(),
        newId: () => crypto.randomUUID(),
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

  override alarm(): Promise<void> {
    return this.#process.ring();
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
