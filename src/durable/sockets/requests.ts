// What a client asks for, carried out: each message in a turn of the room, held to the session's scopes,
// answered by its ref.

import { CollabError } from "../../protocol/errors.ts";
import type { JsonValue } from "../../protocol/json.ts";
import type { ClientMessage, Ref } from "../../protocol/messages.ts";
import { allows, type Scope } from "../../protocol/scopes.ts";
import { checkChange } from "../../room/change.ts";
import { changePresence } from "../../room/presence.ts";
import type { RunningRoom } from "../running-room.ts";
import type { Session } from "./session.ts";

/** The scope that a message needs, if it needs one. */
const needed: Readonly<Partial<Record<ClientMessage["type"], Scope>>> = {
  update: "room:write",
  action: "room:write",
  broadcast: "room:write",
  presence: "presence:write",
};

/**
 * Carry out one message of a session.
 * @param now epoch ms
 * @returns a promise only where the room's author has a say: the other messages are done at once
 * @throws CollabError what is wrong with it; nothing has changed
 */
export function carryOut(
  room: RunningRoom,
  session: Session,
  message: ClientMessage,
  now: number,
): Promise<void> | void {
  const scope = needed[message.type];
  if (scope !== undefined && !allows(session.scopes, scope))
    throw new CollabError("forbidden", { detail: `This needs the scope ${scope}.` });
  switch (message.type) {
    case "update": {
      const { ref, ifVersion } = message;
      const { limits } = room.behaviour;
      const request =
        "patch" in message
          ? checkChange("patch", message.patch, limits)
          : checkChange("merge", message.merge, limits);
      const version = room.changes.request(
        request,
        ifVersion === undefined ? ifVersion : [ifVersion],
      );
      return reply(room, session, ref, { version });
    }
    case "action":
      return act(room, session, message);
    case "presence": {
      session.presence = changePresence(session.presence, message.data, now);
      room.audience.outbox.presenceChanged(session);
      room.note();
      room.window.request("signal");
      return confirm(room, session, message.ref);
    }
    case "broadcast":
      room.broadcast(message.event, message.payload ?? null, session, message.echo);
      return confirm(room, session, message.ref);
    case "touch":
      room.touch(session.userId);
      return confirm(room, session, message.ref);
    case "leave":
      room.window.flush(); // its answers go out before that
      session.socket.close(1000, "left");
      room.audience.end(session);
      return room.membership.detach(session.userId, true);
    case "ack":
      if (!session.acknowledge(message.n))
        room.conversation.refuse(
          session,
          new CollabError("bad_message", { detail: "No mark has that number." }),
        );
      return undefined;
    default:
      return message satisfies never;
  }
}

async function act(
  room: RunningRoom,
  session: Session,
  { ref, name, payload = {} }: Extract<ClientMessage, { type: "action" }>,
): Promise<void> {
  const { result, version } = await room.changes.act(name, payload);
  reply(room, session, ref, { version, result });
}

/** Reply to what has nothing to do with the state. */
function confirm(room: RunningRoom, session: Session, ref: Ref | undefined): void {
  if (ref !== undefined) room.audience.tell(session, { type: "reply", ref, ok: true });
}

/** Reply, behind what it depends on; then let that go out. */
function reply(
  room: RunningRoom,
  session: Session,
  ref: Ref,
  outcome: { version: number; result?: JsonValue },
): void {
  const { areStaged } = room.changes;
  room.audience.tell(
    session,
    { type: "reply", ref, ok: true, ...outcome },
    areStaged ? ref : undefined,
  );
  if (areStaged) room.proceed(session);
}
