// What waits to be sent, and how it is sent: each message is encoded once, and each socket gets one
// frame. Sessions that are new get their welcome instead of what went before it.
//
// Order in a frame: users → change → presence → events → replies to this session.

import type { Change } from "../../protocol/history.ts";
import type { CollabError } from "../../protocol/errors.ts";
import type { Ref, RoomMessage } from "../../protocol/messages.ts";
import type { UserEntry } from "../../protocol/users.ts";
import { UsersNews } from "../../room/users-news.ts";
import { failure } from "./conversation.ts";
import type { PresenceBoard } from "./presence-board.ts";
import type { Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";

/** A message to everybody but one session. */
type Segment = { readonly text: string; readonly except: Session | null };

/** A message to one session; with a ref, the reply to a change that is not committed yet. */
type Own = { readonly text: string; readonly ref: Ref | undefined };

export type OutboxParts = {
  readonly sessions: Sessions;
  readonly presence: PresenceBoard;
  /** Makes the welcome of each new session of one flush. */
  welcomes(): (session: Session) => string;
};

export class Outbox {
  readonly #parts: OutboxParts;
  readonly #users = new UsersNews();
  #events: Segment[] = [];
  readonly #own = new Map<Session, Own[]>();
  /** Sessions that wait for their welcome, and how many events were there before them. */
  readonly #newcomers = new Map<Session, number>();
  readonly #unkept = new Set<Session>();
  #characters = 0;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    for (const session of parts.sessions) if (!session.welcomed) this.welcome(session);
  }

  get isEmpty(): boolean {
    return (
      this.#own.size === 0 &&
      this.#events.length === 0 &&
      this.#newcomers.size === 0 &&
      this.#users.isEmpty &&
      !this.#parts.presence.isChanged
    );
  }

  /** Characters of what waits, as far as it is text already. */
  get characters(): number {
    return this.#characters;
  }

  userJoined(entry: UserEntry, isNew: boolean): void {
    if (this.#parts.sessions.size > 0) this.#users.put(entry, isNew);
  }

  userLeft(userId: string): void {
    if (this.#parts.sessions.size > 0) this.#users.remove(userId);
  }

  /** Welcome a session at the next flush. */
  welcome(session: Session): void {
    this.#newcomers.set(session, this.#events.length);
  }

  /** A session's presence has changed: it is kept beside its socket at the next flush. */
  presenceChanged(session: Session): void {
    this.#unkept.add(session);
    this.#parts.presence.note(session.userId);
  }

  /** Send an event to everybody, or to everybody but one. */
  event(message: RoomMessage, except: Session | null): void {
    if (this.#parts.sessions.size === 0) return;
    const text = JSON.stringify(message);
    this.#events.push({ text, except });
    this.#characters += text.length;
  }

  /**
   * Send a message to one session.
   * @param ref of the change it replies to, if that is not committed yet
   */
  answer(session: Session, message: RoomMessage, ref?: Ref): void {
    const text = JSON.stringify(message);
    const own = this.#own.get(session);
    if (own) own.push({ text, ref });
    else this.#own.set(session, [{ text, ref }]);
    this.#characters += text.length;
  }

  /** Forget a session that has ended. */
  drop(session: Session): void {
    this.#own.delete(session);
    this.#newcomers.delete(session);
    this.#unkept.delete(session);
  }

  /** What was to be committed was not: replies to it say so instead, the others stay. */
  reject(error: CollabError): void {
    for (const [session, own] of this.#own)
      this.#own.set(
        session,
        own.map(({ text, ref }) => ({
          text: ref === undefined ? text : JSON.stringify(failure(ref, error)),
          ref: undefined,
        })),
      );
  }

  /** Send all that waits, after a change that has been committed. */
  flush(change: Change | null): void {
    for (const session of this.#unkept) session.keep();
    this.#unkept.clear();
    const segments = this.#segments(change);
    const shared = segments.map(({ text }) => text);
    const all = frame(shared);
    const excluded = new Set(segments.map(({ except }) => except));
    for (const session of this.#parts.sessions) {
      if (session.isNew) continue;
      const own = this.#own.get(session);
      if (own === undefined && !excluded.has(session)) {
        if (all !== null) session.send(all);
        continue;
      }
      const others = excluded.has(session)
        ? segments.flatMap(({ text, except }) => (except === session ? [] : [text]))
        : shared;
      const mine = frame([...others, ...(own ?? []).map(({ text }) => text)]);
      if (mine !== null) session.send(mine);
    }
    this.#welcomeNewcomers();
    this.#own.clear();
    this.#events = [];
    this.#characters = 0;
  }

  #segments(change: Change | null): Segment[] {
    const segments: Segment[] = [];
    const add = (text: string): void => void segments.push({ text, except: null });
    const users = this.#users.take();
    if (users !== null) add(JSON.stringify(users));
    if (change !== null) add(changeText(change));
    const presence = this.#parts.presence.takeNews();
    if (presence !== null) add(JSON.stringify(presence));
    segments.push(...this.#events);
    return segments;
  }

  #welcomeNewcomers(): void {
    if (this.#newcomers.size === 0) return;
    const welcome = this.#parts.welcomes();
    for (const [session, before] of this.#newcomers) {
      const later = [
        ...this.#events.slice(before).filter(({ except }) => except !== session),
        ...(this.#own.get(session) ?? []),
      ];
      session.send(frame([welcome(session), ...later.map(({ text }) => text)]) ?? "");
      session.noteWelcomed();
      session.keep();
    }
    this.#newcomers.clear();
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
