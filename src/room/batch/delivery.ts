// How a batch becomes frames: each message is encoded once, and each socket gets one frame. A newcomer
// gets its welcome instead of what went before it.
//
// Order in a frame: users → change → presence → events → replies to this session.

import type { Change } from "../../protocol/history.ts";
import { isDivided, partsOf, piecesOf } from "../../protocol/parts.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Session } from "../sessions/session.ts";
import type { Batch, OutgoingEvent } from "./batch.ts";
import type { Welcome } from "./welcome.ts";

/**
 * Send a batch to every session.
 * @param createWelcome makes the encoder of welcomes; called once, if there are newcomers
 */
export function deliver(
  batch: Batch,
  sessions: Sessions,
  createWelcome: () => (session: Session) => Welcome,
): void {
  const segments = sharedSegments(batch);
  const shared = segments.map(({ text }) => text);
  const sharedFrame = frame(shared);
  const excluded = new Set(segments.map(({ except }) => except));
  for (const session of sessions) {
    if (session.state.kind === "joining" || batch.newcomers.has(session)) continue;
    const replies = batch.replies.get(session);
    if (replies === undefined && !excluded.has(session)) {
      if (sharedFrame !== null) session.send(sharedFrame);
      continue;
    }
    const others = excluded.has(session)
      ? segments.flatMap(({ text, except }) => (except === session ? [] : [text]))
      : shared;
    const own = frame([...others, ...(replies ?? []).map(({ text }) => text)]);
    if (own !== null) session.send(own);
  }
  if (batch.newcomers.size > 0) welcomeNewcomers(batch, createWelcome());
}

function sharedSegments({ users, change, presence, events }: Batch): OutgoingEvent[] {
  const segments: OutgoingEvent[] = [];
  const add = (text: string): void => void segments.push({ text, except: null });
  if (users !== null) add(JSON.stringify(users));
  if (change !== null) add(changeText(change));
  if (presence !== null) add(JSON.stringify(presence));
  segments.push(...events);
  return segments;
}

function welcomeNewcomers(
  { newcomers, events, replies }: Batch,
  welcomeFor: (session: Session) => Welcome,
): void {
  // Cut once for all who get it.
  const cut = new Map<string, readonly string[]>();
  const piecesOfShared = (shared: string): readonly string[] => {
    const pieces = cut.get(shared) ?? piecesOf(shared);
    cut.set(shared, pieces);
    return pieces;
  };
  for (const [session, before] of newcomers) {
    const later = [
      ...events.slice(before).filter(({ except }) => except !== session),
      ...(replies.get(session) ?? []),
    ];
    const { own, shared } = welcomeFor(session);
    const whole = frame([`${own}${shared}`, ...later.map(({ text }) => text)]) ?? "";
    if (!isDivided(whole)) session.sendWelcome([whole]);
    else {
      const start = later.length > 0 ? `[${own}` : own;
      const rest = whole.slice(start.length + shared.length);
      const pieces = [...piecesOf(start), ...piecesOfShared(shared), ...piecesOf(rest)];
      session.sendWelcome(partsOf(pieces));
    }
  }
}

/** Messages as one frame; `null` for none. */
function frame(messages: readonly string[]): string | null {
  if (messages.length === 0) return null;
  return messages.length === 1 ? (messages[0] ?? null) : `[${messages.join(",")}]`;
}

/** A `change` message. Its patch is text already: it is the journal's. */
const changeText = ({ from, to, patch }: Change): string =>
  `{"type":"change","from":${from},"to":${to},"patch":${patch}}`;
