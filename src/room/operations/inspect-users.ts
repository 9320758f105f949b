// Inspect the users of a room: their sessions, scopes and deadlines (rule V4). Page by page in join order, or one of
// them, who may also be a user that is kept out.

import { deadlineOf, type Member } from "../../model/members.ts";
import { CollabError } from "../../protocol/errors.ts";
import type { SessionInspection, UserInspection } from "../../protocol/inspection.ts";
import { checkPageLimit, decodeCursor, encodeCursor } from "../../protocol/paging.ts";
import { isoTime } from "../../protocol/time.ts";
import { runningOperation } from "../operation.ts";
import type { RunningRoom } from "../running-room.ts";
import type { Session } from "../sessions/session.ts";
import { checkSeq, type UsersInput } from "./list-users.ts";

export type InspectUsersInput = UsersInput & {
  /** The id of one user. */
  readonly user?: string | undefined;
};

/** Returns a `UserInspectionPage` as JSON text, because the entries belong to the application. */
export const inspectUsers = runningOperation({
  scope: "room:admin",
  repeatable: true,
  decode: ({ user, cursor, limit }: InspectUsersInput) => ({
    user,
    after: cursor === undefined ? 0 : decodeCursor(cursor, checkSeq),
    limit: checkPageLimit(limit),
  }),
  run(room, { user, after, limit }): string {
    const { members } = room;
    const found = user === undefined ? members.all().filter(({ seq }) => seq > after) : [];
    const page = user === undefined ? found.slice(0, limit).map(idOf) : [user];
    const last = found[limit - 1];
    const cursor = found.length > limit && last ? encodeCursor(String(last.seq)) : undefined;
    const tail = JSON.stringify({ total: members.size, cursor });
    return `{"users":[${page.map((id) => userText(room, id)).join(",")}],${tail.slice(1)}`;
  },
});

const idOf = ({ entry }: Member): string => entry.id;

function userText({ members, sessions, bans, ports }: RunningRoom, id: string): string {
  const member = members.get(id);
  const kicked = bans.until(id);
  if (member === undefined && kicked === 0) throw new CollabError("user_not_found");
  const now = ports.now();
  const told: Omit<UserInspection, "user"> = {
    id,
    sessions: sessions.of(id).map((session) => sessionInfo(session, now)),
    ...(member?.scopes && { scopes: member.scopes }),
    ...(member && deadlinesOf(member)),
    ...(kicked > 0 && { kickedUntil: isoTime(kicked) }),
  };
  const text = JSON.stringify(told);
  return member === undefined ? text : `${text.slice(0, -1)},"user":${members.text(id)}}`;
}

const deadlineNames = { grace: "graceUntil", lease: "leaseUntil", presence: "presenceUntil" };

function deadlinesOf(member: Member): object {
  const kinds = ["grace", "lease", "presence"] as const;
  const known = kinds.flatMap((kind) => {
    const at = deadlineOf(kind, member);
    return at === undefined ? [] : [[deadlineNames[kind], isoTime(at)] as const];
  });
  return Object.fromEntries(known);
}

function sessionInfo(session: Session, now: number): SessionInspection {
  const { id, client, state, scopes, openedAt, expiresAt, silence, unread } = session;
  return {
    id,
    ...(client !== null && { client }),
    state: state.kind,
    scopes,
    ...(openedAt !== undefined && { openedAt: isoTime(openedAt) }),
    heardAt: isoTime(now - silence),
    ...(expiresAt !== null && { expiresAt: isoTime(expiresAt) }),
    unread,
  };
}
