// Open a session on a socket: its user joins, unless they are in the room already (rules R3, U3). It goes
// through `fetch` instead of RPC, because a socket cannot cross RPC.

import type { JsonValue } from "../../protocol/json.ts";
import type { Scope } from "../../protocol/scopes.ts";
import type { Resume } from "../../model/session-attachment.ts";
import { checkUser } from "../../model/user.ts";
import { roomOperation } from "../operation.ts";
import type { SocketPort } from "../ports.ts";

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
  /** Accepts the socket; called once nothing can refuse it any more. */
  accept(): SocketPort;
};

export const connectSession = roomOperation({
  scope: "room:read",
  sees: "head", // by its hook
  standsAlone: true,
  repeatable: false,
  decode: ({ user, ...rest }: ConnectInput) => ({ ...rest, user: checkUser(user) }),
  async run(lifecycle, { user, scopes, resume, behaviour, accept }, caller): Promise<void> {
    const running = lifecycle.room && lifecycle.running();
    const room = running ?? (await lifecycle.prepare({ behaviour }, caller));
    const { membership, members } = room;
    if (members.get(user.id)) membership.attach(user.id);
    else {
      const accepted = await membership.acceptJoin(user, caller);
      const join = { bySocket: true } as const;
      if (running) room.ports.storage.atomically(() => membership.join(accepted, join));
      else
        await lifecycle.start(room, () => membership.join(accepted, { ...join, startsRoom: true }));
    }
    room.openSession(accept(), { userId: user.id, scopes, resume });
  },
});
