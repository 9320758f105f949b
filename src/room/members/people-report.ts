// A sampled room's report to all sessions about its people (rule N1): how many there are, and a sample of
// them. It is the same for all sessions, so it is encoded once. Its size does not depend on the number of people.

import { mergeDiff } from "../../protocol/merge-patch.ts";
import type { PeopleCounts } from "../../protocol/people.ts";
import type { Presence } from "../../protocol/presence.ts";
import type { Members } from "../../model/members.ts";
import { isSameCounts } from "../../model/people-counter.ts";
import { maxSample, Sample } from "../../model/sample.ts";
import type { PresenceBoard } from "./presence-board.ts";

type Person = { readonly userText: string; readonly presence: Presence };

type People = ReadonlyMap<string, Person>;

export class PeopleReport {
  readonly #members: Members;
  readonly #presence: PresenceBoard;
  #sample = new Sample();
  /** The sample that clients have; `null` if unknown, because the room has slept since. */
  #told: People | null = null;
  #toldCounts: PeopleCounts | null = null;
  /** Whether what somebody in the sample shows has changed. */
  #hasSampleChanged = false;

  constructor({ members, presence }: { members: Members; presence: PresenceBoard }) {
    this.#members = members;
    this.#presence = presence;
  }

  /** Choose a sample after the room has woken or restarted. Clients still have the previous one. */
  restore(earlier: PeopleReport | null, now: number): void {
    const presence = this.#presence;
    if (earlier !== null) {
      this.#sample = earlier.#sample;
      return;
    }
    const moves = Array.from(this.#members.all(), ({ entry: { id } }) => {
      return { id, at: presence.lastMoveOf(id) };
    }).filter(({ at }) => at > 0);
    for (const { id, at } of moves.toSorted((a, b) => a.at - b.at).slice(-maxSample))
      this.#sample.markMoved(id, at);
    this.#choose(now);
    if (!presence.hasNews) this.#toldCounts = presence.counts;
  }

  markMoved(userId: string, now: number): void {
    this.#sample.markMoved(userId, now);
  }

  /** Note news of these users. If the sample that clients have is unknown, it may contain any of them. */
  markChanged(userIds: Iterable<string>): void {
    for (const userId of userIds)
      if (this.#told === null || this.#sample.has(userId)) this.#hasSampleChanged = true;
  }

  /** Whether there may be something to send. */
  get hasNews(): boolean {
    const isSame =
      this.#toldCounts !== null && isSameCounts(this.#toldCounts, this.#presence.counts);
    return !isSame || this.#hasSampleChanged || this.#sample.hasCandidates;
  }

  /**
   * Take what is new, as a message. From here on, clients know it.
   * @param isFirst whether clients know no sample yet
   * @returns `null` if nothing is new
   */
  take(now: number, isFirst: boolean): string | null {
    const told = isFirst ? null : this.#told;
    const { counts } = this.#presence;
    const people = this.#choose(now);
    const isSame = this.#toldCounts !== null && isSameCounts(this.#toldCounts, counts);
    this.#told = people;
    this.#toldCounts = counts;
    this.#hasSampleChanged = false;
    const sample = told === null ? `,"sample":${sampleText(people)}` : difference(told, people);
    if (isSame && sample === "") return null;
    return `{"type":"people","counts":${JSON.stringify(counts)}${sample}}`;
  }

  /** The member `people` of a newcomer's welcome: what the others know, because later news builds on that. */
  welcomeText(now: number): string {
    const counts = this.#toldCounts ?? this.#presence.counts;
    const people = this.#told ?? this.#choose(now);
    return `{"counts":${JSON.stringify(counts)},"sample":${sampleText(people)}}`;
  }

  #choose(now: number): People {
    const people = new Map<string, Person>();
    const chosen = this.#sample.choose(now, (id) => this.#presence.shown(id) !== undefined);
    for (const userId of chosen) {
      const presence = this.#presence.shown(userId);
      if (presence) people.set(userId, { userText: this.#members.text(userId), presence });
    }
    return people;
  }
}

const personText = ({ userText, presence }: Person): string =>
  `{"user":${userText},"presence":${JSON.stringify(presence)}}`;

const sampleText = (people: People): string =>
  `[${Array.from(people.values(), personText).join(",")}]`;

/** The changes from one sample to the next, as members of a message. */
function difference(before: People, after: People): string {
  const [joins, updates, leaves]: [string[], string[], string[]] = [[], [], []];
  // A user who has rejoined the room has another entry, so they leave the sample and enter it again.
  for (const [userId, { userText }] of before)
    if (after.get(userId)?.userText !== userText) leaves.push(JSON.stringify(userId));
  for (const [userId, person] of after) {
    const old = before.get(userId);
    if (old === undefined || old.userText !== person.userText) {
      joins.push(personText(person));
      continue;
    }
    const update =
      old.presence === person.presence ? null : mergeDiff(old.presence, person.presence);
    if (update !== null) updates.push(`${JSON.stringify(userId)}:${JSON.stringify(update)}`);
  }
  return (
    (joins.length > 0 ? `,"joins":[${joins.join(",")}]` : "") +
    (updates.length > 0 ? `,"updates":{${updates.join(",")}}` : "") +
    (leaves.length > 0 ? `,"leaves":[${leaves.join(",")}]` : "")
  );
}
