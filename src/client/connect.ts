// `connectRoom`: the one function with which an application begins.

import { createEnvironment } from "./default-environment.ts";
import { RoomClient } from "./room-client.ts";
import type { ConnectOptions, Room } from "./types.ts";

/**
 * Join a room, and stay in it: the connection comes back by itself.
 * @returns the room at once; `await room.ready` for its state. `T` is the type of its behaviour or of its state, `P` that
 * of what people show of themselves
 * @throws TypeError for an option that cannot be
 * @example
 * ```ts
 * const room = connectRoom<Board>({ url: "https://rooms.example.com", room: "board-1", user: { id: "ada" } });
 * await room.ready;
 * room.update((board) => board.notes.push({ id: crypto.randomUUID(), text: "milk" }));
 * ```
 */
export function connectRoom<T, P = unknown>(options: ConnectOptions<P>): Room<T, P>;
// The types of the state and of presence exist only for the caller. The client itself handles unknown JSON.
export function connectRoom(options: ConnectOptions): object {
  const environment = { ...createEnvironment(options.WebSocket), ...options.environment };
  return new RoomClient(options, environment);
}
