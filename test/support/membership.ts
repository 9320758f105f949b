// What tests of users, their sockets and their presence have in common: who was told to have joined and
// left, and what a session is told of users and presence.

import type { RoomHandle } from "collab-room";
import type { RoomMessage } from "../../src/protocol/messages.ts";
import { callsOf, type Call } from "../fixtures/scripts.ts";
import type { TestSession } from "./session.ts";

export const userIds = async (room: RoomHandle): Promise<string[]> =>
  (await room.getUsers()).map(({ id }) => id);

/** Users for whom a hook of a room was called, in order. */
export const told = (roomId: string, hook: Call["hook"]): (string | undefined)[] =>
  callsOf(roomId).flatMap((call) => (call.hook === hook ? [call.user] : []));

/** What a session is told of users, or of presence. */
type News<Type extends "users" | "presence"> = Omit<Extract<RoomMessage, { type: Type }>, "type">;

/**
 * Listen to what a session is told of users or of presence.
 * @returns gives all of it since it was last asked
 */
export function hear<Type extends "users" | "presence">(
  session: TestSession,
  type: Type,
): () => Promise<News<Type>[]> {
  let from = session.messages.length;
  return async () => {
    await session.fence();
    const news = session.messages.slice(from).filter((message) => message.type === type);
    from = session.messages.length;
    return news.map((message) => {
      const { type: _, ...rest } = message;
      return rest as News<Type>;
    });
  };
}
