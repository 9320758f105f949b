// The public API for a Worker's own code: start, find and list rooms. It holds no state: each room is a Durable
// Object, and this calls them.

import type { RoomBehaviour } from "../behaviours/behaviour.ts";
import type { ListOptions, RoomPage, StartOptions } from "../protocol/rooms.ts";
import { Directory } from "./directory.ts";
import type { CollabEnv } from "./env.ts";
import { RoomStub } from "./room-stub.ts";
import { workerCaller } from "../protocol/caller.ts";
import { holdRoom, type RoomHandle } from "./room-handle.ts";

export class RoomManager {
  readonly #env: CollabEnv;

  constructor(env: CollabEnv) {
    this.#env = env;
  }

  /**
   * Start a room if it is not running. Once this returns, the room is listed.
   * @param id 1 to 256 bytes of UTF-8 without control or invisible characters, not `.` or `..`
   * @param options for the start (`idleTimeout` in ms); a running room ignores them
   * @returns a handle on the room
   * @throws CollabError `invalid_room_id`, `unknown_behaviour`, `invalid_request`, `load_failed`
   * @example
   * ```ts
   * const room = await collab.rooms(env).joinOrCreateRoom("design-review", { behaviour: "doc" });
   * await room.join({ id: "ada", name: "Ada" });
   * ```
   * With `joinOrCreateRoom<typeof doc>(…)` the handle has the types of the state and the actions.
   */
  async joinOrCreateRoom<Room extends RoomBehaviour = RoomBehaviour>(
    id: string,
    options: StartOptions = {},
  ): Promise<RoomHandle<Room>> {
    const stub = new RoomStub(this.#env.ROOMS, id, workerCaller);
    await stub.call("startRoom", options);
    return holdRoom(stub);
  }

  /**
   * Remove a user from a room. Does nothing if the user is not in the room or the room is not running.
   * @throws CollabError `invalid_room_id`
   */
  async leaveRoom(id: string, userId: string): Promise<void> {
    await this.room(id).leave(userId);
  }

  /**
   * Get a handle on a running room.
   * @returns `null` if the room is not running
   * @throws CollabError `invalid_room_id`
   * @example
   * ```ts
   * const room = await collab.rooms(env).getRoom("design-review");
   * if (room !== null) await room.broadcast("deployed");
   * ```
   */
  async getRoom<Room extends RoomBehaviour = RoomBehaviour>(
    id: string,
  ): Promise<RoomHandle<Room> | null> {
    const room = this.room<Room>(id);
    return (await room.alive()) ? room : null;
  }

  /**
   * Get a handle on a room without checking whether it is running. No call is made.
   * @throws CollabError `invalid_room_id`
   */
  room<Room extends RoomBehaviour = RoomBehaviour>(id: string): RoomHandle<Room> {
    return holdRoom(new RoomStub(this.#env.ROOMS, id, workerCaller));
  }

  /**
   * Get one page of the running rooms, sorted by id.
   * @param options `prefix`, `cursor` of the previous page, and `limit` (1 to 1,000, default 100)
   * @returns the rooms, the `total` number that match `prefix`, and a `cursor` unless it is the last page
   * @throws CollabError `invalid_request`, `directory_unavailable`
   * @example
   * ```ts
   * const { rooms, cursor } = await collab.rooms(env).listRooms({ prefix: "design-", limit: 20 });
   * ```
   */
  async listRooms(options: ListOptions = {}): Promise<RoomPage> {
    return new Directory(this.#env).list(options);
  }

  /**
   * Count the running rooms.
   * @throws CollabError `directory_unavailable`
   */
  async roomCount(): Promise<number> {
    return new Directory(this.#env).count();
  }
}
