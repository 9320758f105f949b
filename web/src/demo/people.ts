// Identities for a page without sign-in: each person gets a name and a colour, and can change both. A tab keeps its
// person across reloads; another tab is another person. A tab opened after an earlier one was closed takes over that
// person, whose unsent edits are in this browser.

import type { Person } from "collab-room/client";
import { recall, remember } from "./memory.ts";

export type Identity = { readonly id: string; readonly name: string; readonly color: string };

const names = [
  "Ada",
  "Bob",
  "Cleo",
  "Dan",
  "Edith",
  "Finn",
  "Grace",
  "Hugo",
  "Iris",
  "Juno",
  "Kai",
  "Lena",
];
/** White text is readable on each of them. */
const colors = [
  "#c2255c",
  "#0b7285",
  "#6741d9",
  "#257a36",
  "#a34f00",
  "#1864ab",
  "#9c36b5",
  "#495057",
];

/** The people of this tab by seat, from 0. */
const seats: Identity[] = [];

/** How many people this browser remembers, including those of closed tabs. */
const maxRemembered = 24;

/** Assign a person to each of the first `count` seats. */
export async function takeSeats(count: number): Promise<void> {
  while (seats.length < count) {
    const own = read<Identity>("tab", `person-${seats.length}`);
    const identity = own ?? (await freePerson()) ?? newPerson();
    if (own) void lock(own.id, {});
    keepIdentity(seats.length, identity);
  }
}

/** @param seat one that `takeSeats` has assigned */
export const identityOf = (seat: number): Identity => seats[seat] as Identity;

export function keepIdentity(seat: number, identity: Identity): void {
  seats[seat] = identity;
  remember("tab", `person-${seat}`, JSON.stringify(identity));
  const others = earlier().filter(({ id }) => id !== identity.id);
  const all = [identity, ...others].slice(0, maxRemembered);
  remember("browser", "people", JSON.stringify(all));
}

const earlier = (): readonly Identity[] => read<Identity[]>("browser", "people") ?? [];

/** A person of this browser who is not in use by any open tab. */
async function freePerson(): Promise<Identity | null> {
  for (const person of earlier()) if (await lock(person.id, { ifAvailable: true })) return person;
  return null;
}

/** The values that are not taken yet; all values if every one is taken. */
function unused<T>(all: readonly T[], taken: readonly T[]): readonly T[] {
  const left = all.filter((each) => !taken.includes(each));
  return left.length > 0 ? left : all;
}

function newPerson(): Identity {
  const others = [...earlier(), ...seats];
  const person = {
    id: `guest-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`,
    name: pick(
      unused(
        names,
        others.map(({ name }) => name),
      ),
    ),
    color: pick(
      unused(
        colors,
        others.map(({ color }) => color),
      ),
    ),
  };
  void lock(person.id, {});
  return person;
}

/** Lock a person for as long as the tab is open. @returns whether it worked; always `false` without Web Locks */
function lock(id: string, options: LockOptions): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // Web Locks need a secure context.
  if (!("locks" in navigator)) resolve(false);
  else
    navigator.locks
      .request(`person ${id}`, options, (held) => {
        resolve(held !== null);
        return held && new Promise<never>(() => {});
      })
      .catch(() => resolve(false));
  return promise;
}

function read<T>(where: "tab" | "browser", key: string): T | null {
  try {
    return JSON.parse(recall(where, key) ?? "null") as T | null;
  } catch {
    return null;
  }
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

/** Users of other clients may have names of any length, and users who joined over HTTP may have no presence. */
export function nameOf(person: Person | undefined): string {
  const name = person?.presence?.name ?? person?.entry["name"];
  return (typeof name === "string" && name.trim().slice(0, 40)) || "Someone";
}

export function colorOf(person: Person | undefined): string {
  const color = person?.presence?.color ?? "";
  return /^#[\da-f]{6}$/i.test(color) ? color : "#495057";
}

/** The first letter of a name, as a reader perceives it (a grapheme). */
export function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first?.segment.toUpperCase() ?? "";
}

/** White if it is readable on the colour, otherwise black. */
export function inkOn(color: string): string {
  const channels = /^#(..)(..)(..)$/.exec(color)?.slice(1) ?? ["00", "00", "00"];
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const value = parseInt(channel, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.183 ? "#000" : "#fff";
}

/** "Ada is typing…": names up to two people. */
export function typingText(typing: readonly string[]): string {
  const [first, second] = typing;
  if (first === undefined) return "";
  if (second === undefined) return `${first} is typing…`;
  return typing.length === 2 ? `${first} and ${second} are typing…` : "Several people are typing…";
}
