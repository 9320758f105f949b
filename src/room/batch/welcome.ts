// The first message on a socket: everything that a client needs to continue (rule W1). The part that is the same
// for all newcomers of a flush is encoded once.

import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import { maxFrameMessages, maxPresenceBytes } from "../../protocol/limits.ts";
import { isoTime } from "../../protocol/time.ts";
import type { SessionLimits } from "../../protocol/messages.ts";
import type { Members } from "../../model/members.ts";
import type { RoomDocument } from "../document/document.ts";
import type { Crowd } from "../members/crowd.ts";
import type { RequestLog } from "../requests/request-log.ts";
import type { Session } from "../sessions/session.ts";

/** ms within which a client should send `ping`. */
export const pingInterval = 30_000;

export type WelcomeParts = {
  readonly newcomers: Iterable<Session>;
  readonly roomId: string;
  readonly epoch: string;
  readonly behaviour: ResolvedBehaviour;
  readonly document: RoomDocument;
  readonly members: Members;
  readonly crowd: Crowd;
  readonly requests: RequestLog;
  /** Epoch ms. */
  readonly now: number;
};

/** A welcome as text, in two pieces: the session's own, and the one that it shares with others. */
export type Welcome = { readonly own: string; readonly shared: string };

/** Create the encoder of welcomes, for the room in its present state. */
export function createWelcome(parts: WelcomeParts): (session: Session) => Welcome {
  const { newcomers, roomId, epoch, behaviour, document, members, crowd, requests, now } = parts;
  const head = `"type":"welcome","room":${JSON.stringify(roomId)},"epoch":"${epoch}"`;
  const people = crowd.isSampled ? crowd.peopleText(now) : crowd.everybodyText;
  const tail = `"version":${document.version},"limits":${limitsText(behaviour)}`;
  const since = ({ state }: Session): number | null => {
    const resume = state.kind === "joining" ? state.resume : undefined;
    return resume?.epoch === epoch ? resume.since : null;
  };
  const contents = document.welcomeContents(new Set(Array.from(newcomers, since)));
  const shared = new Map(
    Array.from(
      contents,
      ([version, { members: content }]) => [version, `${people},${tail},${content}}`] as const,
    ),
  );
  /** The members about a client's requests (rule X1). */
  const requestMembers = (session: Session): string => {
    const { client, state } = session;
    if (client === null) return "";
    const isResumed = contents.get(since(session))?.isResumed ?? false;
    const isReturning = state.kind === "joining" && state.resume !== undefined;
    return requests.welcomeMembers(client, isResumed, isReturning);
  };

  return (session) => {
    const user = members.text(session.userId);
    const { expiresAt } = session;
    const expiry = expiresAt === null ? "" : `,"expiresAt":"${isoTime(expiresAt)}"`;
    const own = `"session":"${session.id}","user":${user},"scopes":${JSON.stringify(session.scopes)}${expiry}`;
    const followed = crowd.isSampled ? `${crowd.followedText(session)},` : "";
    return {
      own: `{${head},${own},${requestMembers(session)}${followed}`,
      shared: shared.get(since(session)) ?? "",
    };
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
