// Which users the room shows, and how (rules P1–P4): what clients know of each user, and the news for them.
// crowd.ts decides who is sent what. None of this is stored: sessions keep their presence in the attachments of
// their sockets, and presence that servers hold is in the member's record.

import { mergeDiff } from "../../protocol/merge-patch.ts";
import type { PeopleCounts } from "../../protocol/people.ts";
import type { Presence, PresenceMap } from "../../protocol/presence.ts";
import type { Members } from "../../model/members.ts";
import { PeopleCounter } from "../../model/people-counter.ts";
import type { PresenceNews } from "../../model/people-news.ts";
import {
  awayPresence,
  initialPresence,
  nextTypingExpiry,
  combinePresence,
  type SessionPresence,
} from "../../model/presence.ts";
import type { Sessions } from "../sessions/sessions.ts";

export class PresenceBoard {
  readonly #members: Members;
  readonly #sessions: Sessions;
  /** The presence that clients have received, and its JSON text once it was needed. */
  readonly #shown = new Map<string, Presence>();
  readonly #texts = new Map<string, string>();
  readonly #counter = new PeopleCounter();
  /** The users who are shown as typing. */
  readonly #typing = new Set<string>();
  readonly #changed = new Set<string>();
  #reach = 0;
  /** Users of whom clients know more than the room, because it has slept: they are sent again in full. */
  readonly #unknown = new Set<string>();
  /** Unknown users whose sockets closed while the room slept. The close event may still arrive, with their presence. */
  readonly #missed = new Set<string>();
  #lapseAt = Infinity;

  constructor(members: Members, sessions: Sessions) {
    this.#members = members;
    this.#sessions = sessions;
  }

  /** Take over what clients were sent by an instance that has just restarted, and look for differences. */
  takeOver(earlier: PresenceBoard): void {
    for (const [userId, presence] of earlier.#shown) this.#show(userId, presence);
    for (const userId of earlier.#shown.keys()) this.#changed.add(userId);
    for (const { entry } of this.#members.all()) this.#changed.add(entry.id);
  }

  /** Restore what clients were sent before the room slept. Typing that has lapsed since is news to them. */
  restore(): void {
    for (const { entry } of this.#members.all()) {
      const presence = this.#now(entry.id, 0);
      if (presence !== null) this.#show(entry.id, presence);
      if (presence?.typing) this.#changed.add(entry.id);
    }
    for (const { entry, awayUntil, away } of this.#members.all()) {
      if (away !== undefined) continue; // clients were sent exactly that
      const isAway = this.#shown.get(entry.id)?.status === "away";
      if (isAway || !this.#sessions.areAllOf(entry.id)) this.#unknown.add(entry.id);
      if (isAway) (awayUntil === undefined ? this.#missed : this.#changed).add(entry.id);
    }
  }

  /**
   * A session that clients know was found after the others. If it was the only one missing, and clients were sent
   * nothing of its user since, they know what the sessions say. Otherwise the user is sent again in full.
   */
  recall(userId: string): void {
    const sessions = this.#sessions;
    const isUntold = this.#unknown.has(userId) || !this.#shown.has(userId);
    const isUnchanged = sessions.of(userId).length === 1 || !this.#changed.has(userId);
    const presence = this.#now(userId, 0);
    if (presence === null) return;
    this.#show(userId, presence);
    if (isUntold && isUnchanged && sessions.areAllOf(userId)) this.#unknown.delete(userId);
    else this.#unknown.add(userId);
  }

  /** Whether there is something to send. */
  get hasNews(): boolean {
    return this.#changed.size > 0;
  }

  /** Note that a user's presence may have changed. */
  markChanged(userId: string): void {
    if (!this.#changed.has(userId)) this.#reach += this.#sessions.followerCount(userId);
    this.#changed.add(userId);
  }

  /** About how many sessions follow the users with news. */
  get reach(): number {
    return this.#reach;
  }

  /** When a session of a user, or a server on their behalf, last moved; see `SessionPresence.at`. */
  lastMoveOf(userId: string): number {
    return this.#views(userId).reduce((last, { at }) => Math.max(last, at), 0);
  }

  /** Take what is news to clients, by user id. From here on, they know it. */
  takeNews(now: number): ReadonlyMap<string, PresenceNews> {
    const news = new Map<string, PresenceNews>();
    if (this.#changed.size === 0) return news;
    const waiting: string[] = [];
    for (const userId of this.#changed) {
      const after = this.#now(userId, now);
      if (this.#missed.delete(userId) && after?.status === "away") {
        waiting.push(userId); // left for the next news
        continue;
      }
      const before = this.#shown.get(userId);
      const isUnknown = this.#unknown.delete(userId);
      if (after === null) {
        if (before !== undefined) news.set(userId, { kind: "leave" });
      } else if (isUnknown) news.set(userId, { kind: "anew" });
      else if (before === undefined) news.set(userId, { kind: "join" });
      else {
        const update = mergeDiff(before, after);
        if (update === null) continue;
        news.set(userId, { kind: "update", patch: JSON.stringify(update) });
      }
      this.#show(userId, after);
    }
    this.#expectLapse(this.#changed, now);
    this.#changed.clear();
    this.#reach = 0;
    for (const userId of waiting) this.#changed.add(userId);
    return news;
  }

  #show(userId: string, presence: Presence | null): void {
    this.#counter.replace(this.#shown.get(userId), presence ?? undefined);
    this.#texts.delete(userId);
    if (presence === null) this.#shown.delete(userId);
    else this.#shown.set(userId, presence);
    if (presence?.typing) this.#typing.add(userId);
    else this.#typing.delete(userId);
  }

  /** The number of people as clients know it, by what they show. */
  get counts(): PeopleCounts {
    return this.#counter.counts(this.#members.size);
  }

  /** The presence of a user that clients have received; `undefined` if none. */
  shown(userId: string): Presence | undefined {
    return this.#shown.get(userId);
  }

  /** The same as JSON text; `null` if nothing. */
  textOf(userId: string): string | null {
    const presence = this.#shown.get(userId);
    if (presence === undefined) return null;
    let text = this.#texts.get(userId);
    if (text === undefined) {
      text = JSON.stringify(presence);
      this.#texts.set(userId, text);
    }
    return text;
  }

  /** The presence that clients have received, of everybody or of these users, as JSON text. */
  text(userIds: Iterable<string> = this.#shown.keys()): string {
    const members: string[] = [];
    for (const userId of userIds) {
      const text = this.textOf(userId);
      if (text !== null) members.push(`${JSON.stringify(userId)}:${text}`);
    }
    return `{${members.join(",")}}`;
  }

  /** Everybody's presence at this time. */
  all(now: number): PresenceMap {
    const all: Record<string, Presence> = {};
    for (const { entry } of this.#members.all()) {
      const presence = this.#now(entry.id, now);
      if (presence !== null) define(all, entry.id, presence);
    }
    return all;
  }

  /** A user's presence at a time; `null` if nothing shows them. */
  #now(userId: string, now: number): Presence | null {
    const member = this.#members.get(userId);
    if (member === undefined) return null;
    const views = this.#views(userId);
    if (views.length > 0) return combinePresence(views, now);
    if (!member.bySocket) return null;
    const last = this.#shown.get(userId) ?? member.away;
    return awayPresence(last ?? combinePresence([initialPresence(member.entry)], now));
  }

  /** The presence that clients will see of a user who has lost their last socket; `null` if they have seen none. */
  awayOf(userId: string): Presence | null {
    const shown = this.#shown.get(userId);
    return shown === undefined || this.#unknown.has(userId) ? null : awayPresence(shown);
  }

  /** The parts of a user's presence: that of their sessions, and what a server holds for them. */
  #views(userId: string): SessionPresence[] {
    const views = this.#sessions.of(userId).map(({ presence }) => presence);
    const held = this.#members.get(userId)?.held;
    return held ? [...views, held.presence] : views;
  }

  /** Epoch ms at which somebody's typing next lapses; `Infinity` if nobody is typing. */
  get nextLapseAt(): number {
    return this.#lapseAt;
  }

  #expectLapse(userIds: Iterable<string>, now: number): void {
    const views = Array.from(userIds, (userId) => this.#views(userId)).flat();
    this.#lapseAt = Math.min(this.#lapseAt, nextTypingExpiry(views, now) ?? Infinity);
  }

  /** Let typing lapse that was not renewed. */
  lapse(now: number): void {
    this.#lapseAt = Infinity;
    const typing = [...this.#typing];
    for (const userId of typing) {
      for (const session of this.#sessions.of(userId)) {
        const { typingUntil, ...rest } = session.presence;
        if (typingUntil === undefined || typingUntil > now) continue;
        session.presence = rest;
        session.saveAttachment();
      }
      if (!this.#now(userId, now)?.typing) this.markChanged(userId);
    }
    this.#expectLapse(typing, now);
  }
}

/** A user id may be `__proto__`. */
function define<T>(record: Record<string, T>, key: string, value: T): void {
  Object.defineProperty(record, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
