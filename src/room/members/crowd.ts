// Which sessions get news of which users (rule N1). With few users, every session gets news of everybody. With more
// than `presenceLimit`, the room is sampled: once a second, all sessions get the number of people and a sample of
// them, and each session follows its own user and those it watches. The `people` message is sent to one group of
// sessions at a time, so that updates for followers do not wait behind thousands of sends.
//
//   all ──more users than presenceLimit──▶ sampled ──fewer than three quarters of it──▶ all
//
// The mode is the one that sessions were last told, so it changes with a flush. It is stored only in the
// attachments of their sockets.

import type { Members } from "../../model/members.ts";
import {
  PeopleWriter,
  type PersonNews,
  type PresenceNews,
  type UserNews,
} from "../../model/people-news.ts";
import type { UsersDelta } from "../../model/users-delta.ts";
import { noPeople, type OwnMessages, type PeopleMessages } from "../batch/batch.ts";
import { windowLength } from "../batch/commit-window.ts";
import type { Session } from "../sessions/session.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { PeopleReport } from "./people-report.ts";
import type { PresenceBoard } from "./presence-board.ts";

/** Minimum ms from one message `people` to the next. */
const peopleInterval = 1000;
/** ms from one group of sessions that receive it to the next. */
const groupInterval = 50;
/** Minimum number of sessions in a group. */
const minGroup = 500;

/** The number of users must fall below this fraction of `presenceLimit` before the room is no longer sampled. */
const backToAll = 3 / 4;

export type CrowdParts = {
  readonly presenceLimit: number;
  readonly members: Members;
  readonly sessions: Sessions;
  readonly presence: PresenceBoard;
  /** News of the users since the last flush. */
  readonly delta: UsersDelta;
};

/** The users with news. */
type News = ReadonlyMap<string, PersonNews>;

export class Crowd {
  readonly #parts: CrowdParts;
  readonly #report: PeopleReport;
  /** Sessions that have asked to watch others since the last flush. */
  readonly #rewatching = new Map<Session, readonly string[]>();
  #isSampled = false;
  /** When the last message `people` was written, in epoch ms. */
  #toldAt = -Infinity;
  /** The sessions that have not been sent it yet, and when the next group of them is due. */
  #telling: { readonly text: string; readonly rest: Session[]; readonly nextAt: number } | null =
    null;

  constructor(parts: CrowdParts) {
    this.#parts = parts;
    this.#report = new PeopleReport(parts);
  }

  /** Take over what the sessions know, after the room has woken or restarted. */
  restore(earlier: Crowd | null, now: number): void {
    const { sessions } = this.#parts;
    for (const { state, isSampled } of sessions)
      if (isSampled && state.kind === "live") this.#isSampled = true;
    this.#report.restore(earlier && earlier.#report, now);
    if (earlier === null) return;
    this.#toldAt = earlier.#toldAt;
    for (const [{ socket }, userIds] of earlier.#rewatching) {
      const session = sessions.get(socket);
      if (session) this.#rewatching.set(session, userIds);
    }
  }

  /** Whether sessions know only a sample of the people, and those they follow. */
  get isSampled(): boolean {
    return this.#isSampled;
  }

  /** Note that a user has moved or edited. The sample consists of recently active users. */
  markMoved(userId: string, now: number): void {
    if (this.#parts.members.get(userId) !== undefined) this.#report.markMoved(userId, now);
  }

  /** Let a session watch these users, and no others. It gets them with the next flush. */
  watch(session: Session, userIds: readonly string[]): void {
    const others = new Set(userIds);
    others.delete(session.userId); // its own user is followed in any case
    this.#rewatching.set(session, [...others]);
  }

  /** Whether a session is waiting for the users that it now watches. */
  get hasNews(): boolean {
    return this.#rewatching.size > 0;
  }

  /** Epoch ms at which there is news of the people to send; `Infinity` if there is none. */
  get dueAt(): number {
    if (!this.#isSampled || this.#parts.sessions.size === 0) return Infinity;
    if (this.#telling !== null) return this.#telling.nextAt;
    return this.#report.hasNews ? this.#toldAt + this.#interval : Infinity;
  }

  /** ms from one message `people` to the next. */
  get #interval(): number {
    return Math.max(peopleInterval, windowLength("signal", this.#parts.sessions.size));
  }

  /**
   * Take what is new, as messages. From here on, the sessions know it.
   * @param newcomers sessions that get a welcome instead
   */
  takeNews(now: number, newcomers: ReadonlySet<Session>): PeopleMessages {
    const news = this.#collect(now);
    const isSampled = this.#nextMode();
    const isSwitch = isSampled !== this.#isSampled;
    this.#isSampled = isSampled;
    for (const session of newcomers) session.isSampled = isSampled;
    // If there is nobody else to send to, newcomers get the latest.
    if (newcomers.size === this.#parts.sessions.size) this.#toldAt = -Infinity;
    const messages = isSampled
      ? this.#forSampled(news, isSwitch, now)
      : this.#forAll(news, isSwitch);
    if (isSwitch) this.#saveMode();
    this.#saveWatched();
    return messages;
  }

  #collect(now: number): News {
    const { presence, delta } = this.#parts;
    const users = delta.take();
    const shown = presence.takeNews(now);
    return new Map(
      Array.from(new Set([...users.keys(), ...shown.keys()]), (userId) => [
        userId,
        this.#person(userId, users.get(userId), shown.get(userId)),
      ]),
    );
  }

  #person(userId: string, user?: UserNews, news?: PresenceNews): PersonNews {
    const { members, presence } = this.#parts;
    return {
      userId,
      user,
      presence: news,
      get userText() {
        return members.get(userId) ? members.text(userId) : null;
      },
      get presenceText() {
        return presence.textOf(userId);
      },
    };
  }

  #nextMode(): boolean {
    const { members, presenceLimit } = this.#parts;
    return this.#isSampled
      ? members.size >= presenceLimit * backToAll
      : members.size > presenceLimit;
  }

  #forAll(news: News, isSwitch: boolean): PeopleMessages {
    this.#telling = null;
    if (isSwitch) return { ...noPeople, people: `{"type":"everybody",${this.everybodyText}}` };
    const writer = new PeopleWriter();
    for (const person of news.values()) writer.add(person);
    return { ...noPeople, ...writer.texts() };
  }

  #forSampled(news: News, isSwitch: boolean, now: number): PeopleMessages {
    this.#report.markChanged(news.keys());
    if (isSwitch) this.#toldAt = now;
    const people = isSwitch ? this.#report.take(now, true) : null;
    const own = new Map<Session, OwnMessages>();
    for (const [session, writer] of this.#ownWriters(news, isSwitch))
      own.set(session, { people, ...writer.texts() });
    if (isSwitch) return { ...noPeople, people, own };
    const { text, group } = this.#nextGroup(now);
    for (const session of group)
      if (session.state.kind === "live")
        own.set(session, { users: null, presence: null, ...own.get(session), people: text });
    return { ...noPeople, own };
  }

  /** The updates for each session about the users that it follows. */
  #ownWriters(news: News, isSwitch: boolean): ReadonlyMap<Session, PeopleWriter> {
    const { sessions } = this.#parts;
    const writers = new Map<Session, PeopleWriter>();
    const writerOf = (session: Session): PeopleWriter => {
      const writer = writers.get(session) ?? new PeopleWriter();
      writers.set(session, writer);
      return writer;
    };
    const personOf = (userId: string): PersonNews => news.get(userId) ?? this.#person(userId);
    const isChanging = (session: Session): boolean => isSwitch || this.#rewatching.has(session);
    for (const [userId, person] of news)
      for (const session of sessions.followersOf(userId))
        if (session.state.kind === "live" && !isChanging(session)) writerOf(session).add(person);
    for (const session of isSwitch ? sessions : this.#rewatching.keys()) {
      if (session.state.kind !== "live") continue;
      // When the room becomes sampled, clients forget everybody but themselves.
      const before = new Set(isSwitch ? [] : session.watched);
      const after = new Set(this.#rewatching.get(session) ?? session.watched);
      const writer = writerOf(session);
      writer.add(personOf(session.userId));
      for (const userId of new Set([...before, ...after]))
        writer.add(personOf(userId), before.has(userId), after.has(userId));
    }
    return writers;
  }

  /** The message `people`, and the sessions that get it now. */
  #nextGroup(now: number): { readonly text: string | null; readonly group: readonly Session[] } {
    const { sessions } = this.#parts;
    if (now < this.dueAt) return { text: null, group: [] };
    if (this.#telling === null) {
      this.#toldAt = now;
      const text = this.#report.take(now, false);
      if (text === null) return { text, group: [] };
      // Newcomers get it in their welcome.
      const rest = [...sessions].filter(({ state }) => state.kind === "live");
      this.#telling = { text, rest, nextAt: now };
    }
    const { text, rest } = this.#telling;
    const size = Math.max(minGroup, Math.ceil((sessions.size * groupInterval) / this.#interval));
    const group = rest.splice(0, size);
    this.#telling = rest.length > 0 ? { text, rest, nextAt: now + groupInterval } : null;
    return { text, group };
  }

  /** Record in each session which mode it was told. */
  #saveMode(): void {
    for (const session of this.#parts.sessions) {
      if (session.state.kind !== "live") continue; // its welcome says so
      session.isSampled = this.#isSampled;
      session.saveAttachment();
    }
  }

  #saveWatched(): void {
    const { sessions } = this.#parts;
    for (const [session, userIds] of this.#rewatching) {
      if (!sessions.has(session)) continue;
      sessions.setWatched(session, userIds);
      session.saveAttachment();
    }
    this.#rewatching.clear();
  }

  /** The members `users` and `presence` of a session's welcome to a sampled room, as text. */
  followedText({ userId, watched }: Session): string {
    const { members, presence } = this.#parts;
    const followed = [userId, ...watched]
      .flatMap((id) => members.get(id) ?? [])
      .toSorted((a, b) => a.seq - b.seq)
      .map(({ entry }) => entry.id);
    const users = followed.map((id) => members.text(id));
    return `"users":[${users.join(",")}],"presence":${presence.text(followed)}`;
  }

  /** The same members for a welcome to a room that is not sampled. */
  get everybodyText(): string {
    const { members, presence } = this.#parts;
    return `"users":[${members.texts().join(",")}],"presence":${presence.text()}`;
  }

  /** The member `people` of a welcome to a sampled room, as text. */
  peopleText(now: number): string {
    return `"people":${this.#report.welcomeText(now)}`;
  }
}
