// Open a session on a socket: its user joins, unless they are in the room already (rules R3, U3). It goes
// through `fetch` instead of RPC, because a socket cannot cross RPC.

import { isObject, type JsonValue } from "../../protocol/json.ts";
import type { Scope } from "../../protocol/scopes.ts";
import type { Resume } from "../../model/session-attachment.ts";
import { checkUser } from "../../model/user.ts";
import { roomOperation } from "../operation.ts";
import type { SocketPort } from "../ports.ts";
import { refuseSocket } from "../sessions/session.ts";

/** Who asks for a socket, and with what. Plain data. */
export type ConnectRequest = {
  readonly user: JsonValue;
  readonly scopes: readonly Scope[];
  /** What a returning client has. */
  readonly resume?: Resume | undefined;
  /** For a room that this starts. */
  readonly behaviour?: string | undefined;
};

export type ConnectInput = ConnectRequest & {
  /** Accepts the socket; called once nothing refuses it any more. */
  accept(): SocketPort;
};

export const connectSession = roomOperation({
  scope: "room:read",
  sees: "head", // by its hook
  standsAlone: true,
  repeatable: false,
  decode: ({ user, ...rest }: ConnectInput) => ({ ...rest, user: checkUser(user) }),
  before: (lifecycle, { user }) =>
    isObject(user) ? lifecycle.leaveHooks.pendingFor(String(user["id"])) : null,
  after: (lifecycle) => lifecycle.whenListed(),
  async run(lifecycle, { user, scopes, resume, behaviour, accept }, caller): Promise<void> {
    const running = lifecycle.room && lifecycle.running();
    const room = running ?? (await lifecycle.prepare({ behaviour }, caller));
    const { membership, members, ports } = room;
    room.checkSockets();
    const isMember = members.get(user.id) !== undefined;
    const accepted = isMember
      ? ({ isMember, scopes: await membership.acceptAttach(user, caller) } as const)
      : ({ isMember, join: await membership.acceptJoin(user, caller) } as const);
    // A silent session gives way only to a user who may come.
    room.checkSockets();
    room.makeWay();
    // The socket comes before the rows: if it cannot be had, nothing has changed.
    const socket = accept();
    try {
      const enter = (): void => {
        if (accepted.isMember) membership.attach(user.id, accepted.scopes);
        else membership.join(accepted.join, { bySocket: true, startsRoom: !running });
        room.openSession(socket, { userId: user.id, scopes, resume });
      };
      if (running) ports.storage.atomically(enter);
      else lifecycle.start(room, enter);
    } catch (error) {
      refuseSocket(socket, "session_lost");
      throw error;
    }
  },
});
