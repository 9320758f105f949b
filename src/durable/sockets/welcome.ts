// The first message on a socket: everything a client needs to go on from (rule W1). What is the same for
// all who come at once is encoded once.

import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import { maxFrameMessages, maxPresenceBytes } from "../../protocol/limits.ts";
import type { SessionLimits } from "../../protocol/messages.ts";
import type { Members } from "../../room/members.ts";
import type { StateJournal } from "../state-journal.ts";
import type { PresenceBoard } from "./presence-board.ts";
import type { Session } from "./session.ts";

/** ms within which a client should send `ping`. */
export const pingInterval = 30_000;

export type WelcomeParts = {
  readonly roomId: string;
  readonly epoch: string;
  readonly behaviour: ResolvedBehaviour;
  readonly journal: StateJournal;
  readonly members: Members;
  readonly presence: PresenceBoard;
};

/** Make welcomes from the room as it is now. */
export function createWelcomes(parts: WelcomeParts): (session: Session) => string {
  const { roomId, epoch, behaviour, journal, members, presence } = parts;
  const { version } = journal;
  const head = `"type":"welcome","room":${JSON.stringify(roomId)},"epoch":"${epoch}"`;
  const users = `"users":[${members.texts().join(",")}]`;
  const tail = `"presence":${presence.text},"version":${version},"limits":${limitsText(behaviour)}`;
  const full = `"resumed":false,"state":${journal.text}`;
  const resumed = new Map<number, string>();

  const content = ({ resume }: Session): string => {
    if (resume === undefined || resume.epoch !== epoch) return full;
    const { since } = resume;
    let text = resumed.get(since);
    if (text === undefined) {
      const patch = journal.patchSince(since);
      text = patch === null ? full : `"resumed":true,"patch":${patch}`;
      resumed.set(since, text);
    }
    return text;
  };

  return (session) => {
    const user = members.text(session.userId);
    const own = `"session":"${session.id}","user":${user},"scopes":${JSON.stringify(session.scopes)}`;
    return `{${head},${own},${users},${tail},${content(session)}}`;
  };
}

function limitsText({ limits, reconnectGrace }: ResolvedBehaviour): string {
  const announced: SessionLimits = {
    ...limits,
    messagesPerFrame: maxFrameMessages,
    presenceBytes: maxPresenceBytes,
    pingInterval,
    reconnectGrace,
  };
  return JSON.stringify(announced);
}
