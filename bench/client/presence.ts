// Sockets that move a cursor at a steady pace, whether or not the server keeps up. Each cursor carries the
// moment it was sent, so every socket that sees it can tell its age; sender and seer share one clock.

import { percentile } from "../statistics.ts";
import { Crew } from "./crew.ts";
import type { Target } from "./dialects.ts";
import { Usage, type UsageShares } from "./usage.ts";

export type PresenceOptions = {
  readonly target: Target;
  readonly sockets: number;
  readonly movesPerSecond: number;
  readonly seconds: number;
};

export type PresenceResult = UsageShares & {
  /** ms from sending a cursor to another socket's seeing it. */
  readonly ageP50: number;
  readonly ageP99: number;
  readonly movesSent: number;
  /** Moves that reached the other sockets; those that a later one overtook are not among them. */
  readonly movesSeen: number;
  /** Pairs of sockets of which one has not seen where the other's cursor came to rest. */
  readonly pairsBehind: number;
};

type Cursor = { readonly user: number; readonly sentAt: number };

const leadIn = 500;
const tick = 5;
// Servers that fall behind by far are not waited for: they are cut off and the pairs counted.
const rest = 1000;
const mark = '"at":"';

const move = (user: number, sentAt: number): string =>
  `{"type":"presence","data":{"cursor":` +
  `{"x":${Math.round(sentAt) % 1920},"y":${(user * 7) % 1080},"at":"${user}@${sentAt}"}}}`;

export async function presence(options: PresenceOptions): Promise<PresenceResult> {
  const { target, sockets, movesPerSecond, seconds } = options;
  const crew = await Crew.join(target, { sockets });
  const lastSent = new Float64Array(sockets);
  /** By seer and sender. */
  const lastSeen = crew.members.map(() => new Float64Array(sockets));
  let [sent, seen] = [0, 0];
  let ages: number[] = [];

  const readCursors = rememberingLast(cursorsIn);
  crew.onMessage = (member, type, message) => {
    if (type !== "presence") return;
    const now = performance.now();
    const seenHere = lastSeen[member.index];
    for (const { user, sentAt } of readCursors(message)) {
      if (user === member.index || seenHere === undefined) continue;
      seenHere[user] = sentAt;
      seen++;
      ages.push(now - sentAt);
    }
  };

  const start = performance.now();
  const moving = setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1000) * sockets * movesPerSecond);
    for (; sent < due; sent++) {
      const user = sent % sockets;
      const now = performance.now();
      lastSent[user] = now;
      crew.members[user]?.send(move(user, now));
    }
  }, tick);

  try {
    await crew.pause(leadIn);
    [ages, seen] = [[], 0];
    const sentBefore = sent;
    const usage = new Usage(target.pid);
    await crew.pause(seconds * 1000);
    const result = {
      ...usage.shares(),
      ageP50: percentile(ages, 0.5),
      ageP99: percentile(ages, 0.99),
      movesSent: sent - sentBefore,
      movesSeen: seen / (sockets - 1),
    };
    clearInterval(moving);
    const pairsBehind = (): number =>
      lastSeen.reduce(
        (sum, seenHere, seer) =>
          sum +
          seenHere.reduce(
            (behind, at, user) => behind + +(user !== seer && at !== lastSent[user]),
            0,
          ),
        0,
      );
    const end = performance.now() + rest;
    while (pairsBehind() > 0 && performance.now() < end) await crew.pause(50);
    return { ...result, pairsBehind: pairsBehind() };
  } finally {
    clearInterval(moving);
    await crew.leave();
  }
}

function cursorsIn(message: string): readonly Cursor[] {
  const cursors: Cursor[] = [];
  for (let at = message.indexOf(mark); at !== -1; at = message.indexOf(mark, at)) {
    at += mark.length;
    const [user, sentAt] = message.slice(at, message.indexOf('"', at)).split("@");
    cursors.push({ user: Number(user), sentAt: Number(sentAt) });
  }
  return cursors;
}

/** A broadcast is the same text at a hundred sockets, one after another: read it once. */
function rememberingLast<T>(read: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly value: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) };
    return last.value;
  };
}
