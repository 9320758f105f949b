// How a batch becomes frames: each message is encoded once, and each socket gets one frame. A newcomer gets its
// welcome instead of what came before it.
//
// Order in a frame: people → users → change → presence → events → replies to this session.

import type { Change } from "../../protocol/history.ts";
import { isDivided, partsOf, piecesOf } from "../../protocol/parts.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Session } from "../sessions/session.ts";
import type { Batch, OwnMessages } from "./batch.ts";
import type { Welcome } from "./welcome.ts";

/** Which sessions a batch has reached. */
export type Reached =
  | { readonly kind: "all" }
  | { readonly kind: "some"; readonly sessions: readonly Session[] };

/**
 * Send a batch to every session that it contains something for.
 * @param createWelcome creates the encoder of welcomes; called once, if there are newcomers
 */
export function deliver(
  batch: Batch,
  sessions: Sessions,
  createWelcome: () => (session: Session) => Welcome,
): Reached {
  const { people, events, replies, newcomers } = batch;
  const frameOf = frames(batch);
  const shared = frameOf(null);
  const excluded = new Set(events.map(({ except }) => except));
  const concerned = shared === null ? new Set([...people.own.keys(), ...replies.keys()]) : sessions;
  const reached: Session[] = [];
  for (const session of concerned) {
    if (session.state.kind === "joining" || newcomers.has(session)) continue;
    const isSpecial = people.own.has(session) || replies.has(session) || excluded.has(session);
    const own = isSpecial ? frameOf(session) : shared;
    if (own === null) continue;
    session.send(own);
    reached.push(session);
  }
  if (newcomers.size > 0) welcomeNewcomers(batch, createWelcome());
  return shared === null ? { kind: "some", sessions: reached } : { kind: "all" };
}

/** @returns the frame for a session; for `null`, the one of sessions that get nothing special */
function frames({
  people,
  change,
  events,
  replies,
}: Batch): (session: Session | null) => string | null {
  const changes = change === null ? null : changeText(change);
  return (session) => {
    const own: OwnMessages = (session && people.own.get(session)) ?? people;
    const texts = [own.people, own.users, changes, own.presence].filter((text) => text !== null);
    for (const { text, except } of events)
      if (session === null || except !== session) texts.push(text);
    for (const { text } of (session && replies.get(session)) ?? []) texts.push(text);
    return frame(texts);
  };
}

function welcomeNewcomers(
  { newcomers, events, replies }: Batch,
  welcomeFor: (session: Session) => Welcome,
): void {
  // Each shared text is split once, for all who get it.
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

/** A `change` message. Its patch is already text, taken from the journal. */
const changeText = ({ from, to, patch, sizes }: Change): string =>
  `{"type":"change","from":${from},"to":${to},"patch":${patch}${sizes ? `,"sizes":[${sizes.join(",")}]` : ""}}`;
