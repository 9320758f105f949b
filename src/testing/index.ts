// The public API of `collab-room/testing`. It needs no platform: no workerd, no sockets, no real time. Nothing else
// of this folder is public.

import type { RoomBehaviour } from "../behaviours/behaviour.ts";
import type { TestRoomOptions } from "./options.ts";
import { TestRoom } from "./test-room.ts";

export type { Lag } from "./line.ts";
export type { JoinOptions, LogLine, TestRoomOptions } from "./options.ts";
export type { TestRoom } from "./test-room.ts";

/**
 * Create a room to test: the real room, on in-memory storage, with clients on virtual connections and a clock that the
 * test controls.
 * @param behaviour the result of `defineRoom`
 * @throws TypeError or RangeError for an invalid behaviour, as `createCollab` does
 * @example
 * ```ts
 * const net = createTestRoom(board);
 * const [ada, bob] = [net.join("ada"), net.join("bob")];
 * await net.settle();
 * ada.update((draft) => void draft.notes.push("milk"));
 * await net.settle();
 * expect(bob.state.notes).toEqual(["milk"]);
 * ```
 */
export const createTestRoom = <Behaviour extends RoomBehaviour>(
  behaviour: Behaviour,
  options: TestRoomOptions = {},
): TestRoom<Behaviour> => new TestRoom(behaviour, options);
