// What the tests of sockets have in common, wherever their rooms run: who comes to which room, and what the
// journal holds of it.

import type { ActionAnswer, JsonObject, RoomHandle, RoomManager } from "collab-room";
import { gate, setScript } from "../fixtures/scripts.ts";
import type { RoomMessage } from "../../src/protocol/messages.ts";
import type { Clients } from "./clients.ts";
import type { RoomMessageOf } from "./replica.ts";
import { newId, type RunSql, type Stored } from "./room-helpers.ts";
import type { TestSession } from "./session.ts";

/** The platform that the rooms are on. */
export type RoomsAndClients = {
  readonly rooms: RoomManager;
  readonly sql: RunSql;
  readonly stored: (id: string) => Promise<Stored>;
  readonly connect: Clients["connect"];
};

/** Everything a session has to know to resume. */
export const knownBy = ({ epoch, version, state }: TestSession) => ({ epoch, version, state });

/** The changes that a session was told of: which versions each leads from and to. */
export const changesTo = ({ messages }: TestSession): (readonly [from: number, to: number])[] =>
  messages.flatMap((message) =>
    message.type === "change" ? [[message.from, message.to] as const] : [],
  );

/** What has come to a session of that type. */
export const messagesOf = <Type extends RoomMessage["type"]>(
  { messages }: TestSession,
  type: Type,
): RoomMessageOf<Type>[] =>
  messages.filter((message): message is RoomMessageOf<Type> => message.type === type);

/** A patch that sets one key. */
export const set = (key: string, value: unknown): JsonObject[] => [
  { op: "add", path: `/${key}`, value: value as string },
];

/** All that a session has sent has arrived: a bad frame is answered as it comes, whatever waits. */
export async function arrived(session: TestSession): Promise<void> {
  session.sendRaw("?");
  await session.next("error");
}

/** Helpers for sessions of these rooms. */
export function createSessionHelpers({ rooms, sql, stored, connect }: RoomsAndClients) {
  /** Start a room, and let users come to it by socket. */
  async function gather(behaviour: string, ...userIds: string[]) {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour });
    const sessions: TestSession[] = [];
    for (const userId of userIds) sessions.push(await connect(id, { id: userId }));
    return { id, room, sessions };
  }

  /** The journal's rows: which versions each leads from and to. */
  const journalOf = async (id: string): Promise<(readonly [from: number, to: number])[]> =>
    (await sql(id, "SELECT start, version FROM changes ORDER BY version")).map(
      ({ start, version }) => [Number(start), Number(version)] as const,
    );

  /**
   * Let the room's action `play` last until it is told to end.
   * @returns `began`, to be awaited once it was called
   */
  function slowly(
    id: string,
    played: (state: JsonObject) => ActionAnswer<JsonObject> = () => ({}),
  ) {
    const { promise, resolve } = gate();
    const seen = { playing: false };
    setScript(id, {
      async play(_, state) {
        seen.playing = true;
        await promise;
        return played(state);
      },
    });
    return {
      end: resolve,
      async began(): Promise<void> {
        // Not by `expect.poll`: that would move a Date which stands still.
        while (!seen.playing) await stored(id);
      },
    };
  }

  /**
   * Hold a room's turn by an action. What is sent meanwhile is handled in one go when it is let go of: with
   * a Date that stands still and a window that is open, in one window.
   * @returns what lets go of it, once all has arrived that these sessions and callers by RPC have sent
   */
  async function hold(
    room: RoomHandle,
  ): Promise<(...sessions: readonly TestSession[]) => Promise<void>> {
    const { began, end } = slowly(room.id);
    const played = room.act("play");
    await began();
    setScript(room.id, {});
    return async (...sessions) => {
      for (const session of sessions) await arrived(session);
      await stored(room.id);
      end();
      await played;
    };
  }

  return { gather, journalOf, slowly, hold };
}
