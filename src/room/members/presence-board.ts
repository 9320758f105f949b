// Whom the room shows, and how (rules P1–P4): what every client knows, and what clients are to be told
// next. Nothing of this is stored: sessions keep their presence beside their sockets, and presence that
// servers hold is in the member's record.

import { mergeDiff } from "../../protocol/merge-patch.ts";
import type { Presence, PresenceMap, PresenceUpdate } from "../../protocol/presence.ts";
import type { RoomMessage } from "../../protocol/messages.ts";
import type { Members } from "../../model/members.ts";
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
  /** What every client knows, and its JSON text once that was needed. */
  readonly #shown = new Map<string, Presence>();
  readonly #texts = new Map<string, string>();
  readonly #changed = new Set<string>();
  /** Users of whom clients know more than the room does, which has slept: they are shown anew, in full. */
  readonly #unknown = new Set<string>();
  /** Of these, the ones whose sockets have closed meanwhile: their close may still arrive, and say more. */
  readonly #missed = new Set<string>();
  #lapseAt = Infinity;

  constructor(members: Members, sessions: Sessions) {
    this.#members = members;
    this.#sessions = sessions;
  }

  /** Take over what clients were told by an instance that has just restarted: look for what is different. */
  takeOver(earlier: PresenceBoard): void {
    for (const [userId, presence] of earlier.#shown) this.#shown.set(userId, presence);
    for (const userId of earlier.#shown.keys()) this.#changed.add(userId);
    for (const { entry } of this.#members.all()) this.#changed.add(entry.id);
  }

  /** Take over what clients were told before the room slept. Typing that has lapsed since is news to them. */
  restore(): void {
    for (const { entry } of this.#members.all()) {
      const presence = this.#now(entry.id, 0);
      if (presence !== null) this.#shown.set(entry.id, presence);
      if (presence?.typing) this.#changed.add(entry.id);
    }
    for (const { entry, awayUntil, away } of this.#members.all()) {
      if (away !== undefined) continue; // clients were told exactly that
      const isAway = this.#shown.get(entry.id)?.status === "away";
      if (isAway || !this.#sessions.areAllOf(entry.id)) this.#unknown.add(entry.id);
      if (isAway) (awayUntil === undefined ? this.#missed : this.#changed).add(entry.id);
    }
  }

  /**
   * A session that clients know of was found after the others. If it was the only one missing, and clients
   * were told nothing of its user since, they know what the sessions say; else the user is shown anew.
   */
  recall(userId: string): void {
    const sessions = this.#sessions;
    const isUntold = this.#unknown.has(userId) || !this.#shown.has(userId);
    const isUnchanged = sessions.of(userId).length === 1 || !this.#changed.has(userId);
    const presence = this.#now(userId, 0);
    if (presence === null) return;
    this.#shown.set(userId, presence);
    this.#texts.delete(userId);
    if (isUntold && isUnchanged && sessions.areAllOf(userId)) this.#unknown.delete(userId);
    else this.#unknown.add(userId);
  }

  /** Whether there is something to tell. */
  get hasNews(): boolean {
    return this.#changed.size > 0;
  }

  /** A user's presence may have changed. */
  markChanged(userId: string): void {
    this.#changed.add(userId);
  }

  /** When a session of a user, or a server on their behalf, last moved: see `SessionPresence.at`. */
  lastMoveOf(userId: string): number {
    return this.#views(userId).reduce((last, { at }) => Math.max(last, at), 0);
  }

  /** What is news to clients, as a message. From here on they know it. */
  takeNews(now: number): RoomMessage | null {
    if (this.#changed.size === 0) return null;
    const joins: Record<string, Presence> = {};
    const updates: Record<string, PresenceUpdate> = {};
    const leaves: string[] = [];
    const waiting: string[] = [];
    for (const userId of this.#changed) {
      const after = this.#now(userId, now);
      if (this.#missed.delete(userId) && after?.status === "away") {
        waiting.push(userId); // for the next news
        continue;
      }
      let before = this.#shown.get(userId);
      if (this.#unknown.delete(userId) && after !== null) {
        leaves.push(userId);
        before = undefined;
      }
      if (after === null) {
        if (before !== undefined) leaves.push(userId);
        this.#shown.delete(userId);
      } else {
        if (before === undefined) define(joins, userId, after);
        else {
          const update = mergeDiff(before, after);
          if (update === null) continue;
          define(updates, userId, update);
        }
        this.#shown.set(userId, after);
      }
      this.#texts.delete(userId);
    }
    this.#expectLapse(this.#changed, now);
    this.#changed.clear();
    for (const userId of waiting) this.#changed.add(userId);
    const message = {
      type: "presence",
      ...(!isEmpty(joins) && { joins }),
      ...(!isEmpty(updates) && { updates }),
      ...(leaves.length > 0 && { leaves }),
    } as const;
    return Object.keys(message).length > 1 ? message : null;
  }

  /** What clients know, as JSON text. */
  get text(): string {
    const members: string[] = [];
    for (const [userId, presence] of this.#shown) {
      let text = this.#texts.get(userId);
      if (text === undefined) {
        text = `${JSON.stringify(userId)}:${JSON.stringify(presence)}`;
        this.#texts.set(userId, text);
      }
      members.push(text);
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

  /** A user's presence at a time; `null` when nothing shows them. */
  #now(userId: string, now: number): Presence | null {
    const member = this.#members.get(userId);
    if (member === undefined) return null;
    const views = this.#views(userId);
    if (views.length > 0) return combinePresence(views, now);
    if (!member.bySocket) return null;
    const last = this.#shown.get(userId) ?? member.away;
    return awayPresence(last ?? combinePresence([initialPresence(member.entry)], now));
  }

  /** What clients will see of a user who has no socket any more; `null` if they have seen nothing. */
  awayOf(userId: string): Presence | null {
    const shown = this.#shown.get(userId);
    return shown === undefined || this.#unknown.has(userId) ? null : awayPresence(shown);
  }

  /** What makes up a user's presence: that of their sessions, and what a server holds for them. */
  #views(userId: string): SessionPresence[] {
    const views = this.#sessions.of(userId).map(({ presence }) => presence);
    const held = this.#members.get(userId)?.held;
    return held ? [...views, held.presence] : views;
  }

  /** Epoch ms at which somebody's typing lapses next; `Infinity` when nobody types. */
  get nextLapseAt(): number {
    return this.#lapseAt;
  }

  #expectLapse(userIds: Iterable<string>, now: number): void {
    const views = Array.from(userIds, (userId) => this.#views(userId)).flat();
    this.#lapseAt = Math.min(this.#lapseAt, nextTypingExpiry(views, now) ?? Infinity);
  }

  /** Let typing lapse that nobody has renewed. */
  lapse(now: number): void {
    this.#lapseAt = Infinity;
    for (const session of this.#sessions) {
      const { typingUntil, ...rest } = session.presence;
      if (typingUntil === undefined || typingUntil > now) continue;
      session.presence = rest;
      session.saveAttachment();
    }
    const typing = [...this.#shown].flatMap(([userId, shown]) => (shown.typing ? [userId] : []));
    for (const userId of typing) if (!this.#now(userId, now)?.typing) this.markChanged(userId);
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

const isEmpty = (record: object): boolean => Object.keys(record).length === 0;
