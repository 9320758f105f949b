// The way in for code in a Worker: start rooms, find them, list them.

import type { ListOptions, RoomPage, StartOptions } from "../protocol/rooms.ts";
import { Directory } from "./directory.ts";
import type { CollabEnv } from "./env.ts";
import { RoomStub } from "./room-stub.ts";
import { workerCaller } from "../protocol/caller.ts";
import { RoomHandle } from "./room-handle.ts";

export class RoomManager {
  readonly #env: CollabEnv;

  constructor(env: CollabEnv) {
    this.#env = env;
  }

  /**
   * Start a room if it is absent. It is listed when this returns.
   * @param options count only for a room that starts; one that runs stays as it is
   * @throws CollabError `invalid_room_id`, `unknown_behaviour`, `invalid_request`, `load_failed`
   * @example
   * ```ts
   * const room = await collab.rooms(env).joinOrCreateRoom("design-review", { behaviour: "doc" });
   * await room.join({ id: "ada", name: "Ada" });
   * ```
   */
  async joinOrCreateRoom(id: string, options: StartOptions = {}): Promise<RoomHandle> {
    const stub = new RoomStub(this.#env.ROOMS, id, workerCaller);
    await stub.call("startRoom", options);
    return new RoomHandle(stub);
  }

  /** Let a user leave a room; if either is not there, that is fine. */
  async leaveRoom(id: string, userId: string): Promise<void> {
    await this.room(id).leave(userId);
  }

  /** A handle on a running room, `null` when it is not running. */
  async getRoom(id: string): Promise<RoomHandle | null> {
    const room = this.room(id);
    return (await room.alive()) ? room : null;
  }

  /**
   * A handle on a room, without asking whether it runs.
   * @throws CollabError `invalid_room_id`
   */
  room(id: string): RoomHandle {
    return new RoomHandle(new RoomStub(this.#env.ROOMS, id, workerCaller));
  }

  /**
   * One page of the running rooms, sorted by id.
   * @throws CollabError `invalid_request`, `directory_unavailable`
   */
  async listRooms(options: ListOptions = {}): Promise<RoomPage> {
    return new Directory(this.#env).list(options);
  }

  /** How many rooms run. */
  async roomCount(): Promise<number> {
    return new Directory(this.#env).count();
  }
}
