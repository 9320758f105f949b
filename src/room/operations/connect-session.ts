// Open a session on a socket: its user joins, unless they are already in the room (rules R3, U3). It goes through
// `fetch` instead of RPC, because a socket cannot cross RPC.

import { CollabError } from "../../protocol/errors.ts";
import type { JsonValue } from "../../protocol/json.ts";
import type { Scope } from "../../protocol/scopes.ts";
import type { Return } from "../../model/session-attachment.ts";
import { checkUser } from "../../model/user.ts";
import { checkBehaviour } from "../access.ts";
import { roomOperation } from "../operation.ts";
import type { SocketPort } from "../ports.ts";
import type { RunningRoom } from "../running-room.ts";
import { refuseSocket } from "../sessions/session.ts";
import { userIdIn } from "./join-room.ts";

/** A request for a socket, as plain data. */
export type ConnectRequest = {
  readonly user: JsonValue;
  readonly scopes: readonly Scope[];
  /** The position of a returning client. */
  readonly resume?: Return | undefined;
  /** The name that the client has given itself (rule X1). */
  readonly client?: string | undefined;
  /** The behaviour to start the room with, and the one that a running room must have. */
  readonly behaviour?: string | undefined;
};

export type ConnectInput = ConnectRequest & {
  /** Accepts the socket; called once nothing can refuse it any more. */
  accept(): SocketPort;
};

export const connectSession = roomOperation({
  scope: "room:read",
  isEntry: true,
  sees: "head", // because its hook sees the head
  standsAlone: true,
  repeatable: false,
  decode: ({ user, ...rest }: ConnectInput) => ({ ...rest, user: checkUser(user) }),
  subject: ({ user }) => userIdIn({ json: user }),
  before: (lifecycle, { user }) => lifecycle.leaveHooks.pendingFor(userIdIn({ json: user })),
  after: (lifecycle) => lifecycle.whenListed(),
  async run(lifecycle, { user, scopes, resume, client, behaviour, accept }, caller): Promise<void> {
    const running = lifecycle.room && lifecycle.running();
    const room = running ?? (await lifecycle.prepare({ behaviour }, caller));
    const { membership, members, ports, sessions } = room;
    checkClient(room, client, user.id);
    // A client has one socket: this one replaces an earlier one.
    const leaving = (): 0 | 1 => (sessions.ofClient(client) ? 1 : 0);
    room.checkSockets(leaving());
    const isMember = members.get(user.id) !== undefined;
    const accepted = isMember
      ? ({ isMember, scopes: await membership.acceptAttach(user, caller, leaving) } as const)
      : ({ isMember, join: await membership.acceptJoin(user, caller) } as const);
    if (!running && !accepted.isMember) lifecycle.checkCreate(caller, accepted.join.scopes);
    // Only a user who may come in is told.
    if (running) checkKind(behaviour, room.record.behaviour);
    else checkBehaviour(behaviour, room.record.behaviour);
    // A silent session is only ended for a user who may come in.
    room.checkSockets(leaving());
    room.makeWay(leaving());
    // The socket is accepted before the rows are written: if that fails, nothing has changed.
    const socket = accept();
    try {
      const enter = (): void => {
        if (accepted.isMember) membership.attach(user.id, accepted.scopes);
        else membership.join(accepted.join, { bySocket: true, startsRoom: !running });
        const { expiresAt } = caller;
        room.openSession(socket, { userId: user.id, scopes, resume, client, expiresAt });
      };
      const replaced = sessions.ofClient(client);
      if (running) ports.storage.atomically(enter);
      else lifecycle.start(room, caller, enter);
      if (replaced) room.hub.end(replaced, "replaced");
    } catch (error) {
      refuseSocket(socket, "session_lost");
      throw error;
    }
  },
});

/** @throws CollabError `behaviour_conflict` if the running room has another behaviour than the client names */
function checkKind(named: string | undefined, running: string): void {
  if (named === undefined || named === running) return;
  throw new CollabError("behaviour_conflict", {
    detail: `The request names the behaviour ${JSON.stringify(named)}; the room runs as ${JSON.stringify(running)}.`,
  });
}

/** @throws CollabError `client_taken` if the client belongs to another user */
function checkClient(room: RunningRoom, client: string | undefined, userId: string): void {
  if (client === undefined) return;
  const owner = room.sessions.ofClient(client)?.userId ?? userId;
  if (owner !== userId) throw new CollabError("client_taken");
  room.requests.checkOwner(client, userId);
}
