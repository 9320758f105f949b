// Let a user join without a socket; start the room if it is not running (rules R3, U1–U3). A room that would start only
// for a user who is then refused does not start.

import { checkDuration } from "../../model/duration.ts";
import { checkUser } from "../../model/user.ts";
import { isObject } from "../../protocol/json.ts";
import { readJson, roomOperation, type JsonSource } from "../operation.ts";

export type JoinInput = {
  readonly user: JsonSource;
  /** ms without a sign of life after which the user leaves. */
  readonly ttl?: number | undefined;
};

/** The id of a user that is not validated yet; empty if there is none. */
export function userIdIn(source: JsonSource): string {
  try {
    const user = readJson(source);
    const id = isObject(user) ? user["id"] : undefined;
    return typeof id === "string" ? id : "";
  } catch {
    return ""; // `decode` reports what is wrong with it
  }
}

export type JoinOutput = {
  /** The user's entry as JSON text. */
  readonly user: string;
  /** Whether the user is new in the room; false if they have joined again. */
  readonly isNew: boolean;
};

export const joinRoom = roomOperation({
  scope: "room:admin",
  ownScope: "room:read",
  isEntry: true,
  sees: "head", // because its hook sees the head
  standsAlone: true,
  repeatable: false,
  decode({ user, ttl }: JoinInput) {
    const checked = checkUser(readJson(user));
    if (ttl !== undefined) checkDuration("ttl", ttl);
    return { user: checked, ttl };
  },
  subject: ({ user }) => userIdIn(user),
  before: (lifecycle, { user }) => lifecycle.leaveHooks.pendingFor(userIdIn(user)),
  after: (lifecycle) => lifecycle.whenListed(),
  async run(lifecycle, { user, ttl }, caller): Promise<JoinOutput> {
    const running = lifecycle.room && lifecycle.running();
    const room = running ?? (await lifecycle.prepare({}, caller));
    const accepted = await room.membership.acceptJoin(user, caller);
    if (!running) lifecycle.checkCreate(caller, accepted.scopes);
    const isNew = room.members.get(user.id) === undefined;
    if (running) room.ports.storage.atomically(() => room.membership.join(accepted, { ttl }));
    else
      lifecycle.start(room, caller, () =>
        room.membership.join(accepted, { ttl, startsRoom: true }),
      );
    return { user: room.members.text(user.id), isNew };
  },
});
