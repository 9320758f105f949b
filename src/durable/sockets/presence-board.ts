// Who is seen in the room, and how (rules P1–P4): what every client knows, and what it is to be told
// next. Nothing of this is stored: sessions keep their own presence beside their sockets, and what
// servers hold stands in the member's record.

import { mergeDiff } from "../../protocol/merge-patch.ts";
import type { Presence, PresenceMap, PresenceUpdate } from "../../protocol/presence.ts";
import type { RoomMessage } from "../../protocol/messages.ts";
import type { Members } from "../../room/members.ts";
import {
  awayPresence,
  firstPresence,
  nextLapse,
  rollUp,
  type SessionPresence,
} from "../../room/presence.ts";
import type { RoomPorts } from "../ports.ts";
import type { Sessions } from "./sessions.ts";

export type PresenceBoardParts = {
  readonly ports: Pick<RoomPorts, "now" | "later">;
  readonly members: Members;
  readonly sessions: Sessions;
  /** Somebody's presence has changed by itself. */
  onChange(): void;
};

export class PresenceBoard {
  readonly #parts: PresenceBoardParts;
  /** What every client knows, and its JSON text once that was needed. */
  readonly #shown = new Map<string, Presence>();
  readonly #texts = new Map<string, string>();
  readonly #changed = new Set<string>();
  /** Users of whom clients know more than the room, which has slept: they are shown all of them anew. */
  readonly #forgotten = new Set<string>();
  /** Those of them whose sockets have gone meanwhile: the end of these may still come, and tell more. */
  readonly #missed = new Set<string>();
  #cancelLapse: (() => void) | null = null;
  #lapseAt = Infinity;

  constructor(parts: PresenceBoardParts) {
    this.#parts = parts;
    const { members } = parts;
    // Clients were told this before the room slept: typing that has lapsed since is news to them.
    for (const { entry } of members.all()) {
      const presence = this.#now(entry.id, 0);
      if (presence !== null) this.#shown.set(entry.id, presence);
      if (presence?.typing) this.#changed.add(entry.id);
    }
    for (const { entry, awayUntil } of members.all()) {
      const isAway = this.#shown.get(entry.id)?.status === "away";
      if (isAway || !parts.sessions.areAllOf(entry.id)) this.#forgotten.add(entry.id);
      if (isAway) (awayUntil === undefined ? this.#missed : this.#changed).add(entry.id);
    }
  }

  /**
   * A session has been found that clients know of. If it was all that was missing, and nothing has been
   * said of its user since, clients know what their sessions say; else they are shown all of them anew.
   */
  recall(userId: string): void {
    const { sessions } = this.#parts;
    const isUntold = this.#forgotten.has(userId) || !this.#shown.has(userId);
    const isUnchanged = sessions.of(userId).length === 1 || !this.#changed.has(userId);
    const presence = this.#now(userId, 0);
    if (presence === null) return;
    this.#shown.set(userId, presence);
    this.#texts.delete(userId);
    if (isUntold && isUnchanged && sessions.areAllOf(userId)) this.#forgotten.delete(userId);
    else this.#forgotten.add(userId);
  }

  /** Whether there is something to tell. */
  get isChanged(): boolean {
    return this.#changed.size > 0;
  }

  /** A user's presence may be another one. */
  note(userId: string): void {
    this.#changed.add(userId);
  }

  /** What is news to clients, as a message; from here on they know it. */
  takeNews(): RoomMessage | null {
    if (this.#changed.size === 0) return null;
    const now = this.#parts.ports.now();
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
      if (this.#forgotten.delete(userId) && after !== null) {
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
    this.#awaitLapse(this.#changed, now);
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

  /** Everybody's presence as it is now. */
  all(): PresenceMap {
    const now = this.#parts.ports.now();
    const all: Record<string, Presence> = {};
    for (const { entry } of this.#parts.members.all()) {
      const presence = this.#now(entry.id, now);
      if (presence !== null) define(all, entry.id, presence);
    }
    return all;
  }

  /** A user's presence at a time; `null` when nothing shows them. */
  #now(userId: string, now: number): Presence | null {
    const member = this.#parts.members.get(userId);
    if (member === undefined) return null;
    const views = this.#views(userId);
    if (views.length > 0) return rollUp(views, now);
    if (!member.bySocket) return null;
    const last = this.#shown.get(userId);
    return awayPresence(last ?? rollUp([firstPresence(member.entry)], now));
  }

  /** What makes up a user's presence: that of their sessions, and what is held for them. */
  #views(userId: string): SessionPresence[] {
    const { members, sessions } = this.#parts;
    const views = sessions.of(userId).map(({ presence }) => presence);
    const held = members.get(userId)?.held;
    return held ? [...views, held.presence] : views;
  }

  /** Let no more typing lapse: other objects stand for the sessions from now on, and keep theirs. */
  retire(): void {
    this.#cancelLapse?.();
    this.#cancelLapse = null;
  }

  /** Typing lapses by itself. The timer is in memory: while it waits the object does not sleep. */
  #awaitLapse(userIds: Iterable<string>, now: number): void {
    const { ports } = this.#parts;
    const views = Array.from(userIds, (userId) => this.#views(userId)).flat();
    const next = nextLapse(views, now);
    if (next === undefined || next >= this.#lapseAt) return;
    this.#cancelLapse?.();
    this.#lapseAt = next;
    this.#cancelLapse = ports.later(next - now, () => this.#lapse());
  }

  #lapse(): void {
    this.#cancelLapse = null;
    this.#lapseAt = Infinity;
    const { ports, sessions } = this.#parts;
    const now = ports.now();
    for (const session of sessions) {
      const { typingUntil, ...rest } = session.presence;
      if (typingUntil === undefined || typingUntil > now) continue;
      session.presence = rest;
      session.keep();
    }
    const typing = [...this.#shown].flatMap(([userId, shown]) => (shown.typing ? [userId] : []));
    for (const userId of typing) if (!this.#now(userId, now)?.typing) this.note(userId);
    this.#awaitLapse(typing, now);
    if (this.isChanged) this.#parts.onChange();
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
