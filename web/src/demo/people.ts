// Who somebody is on the page, as long as nobody signs in: a name and a colour that are given, and can be changed. A tab
// keeps them across reloads; another tab is another person.

import type { Person } from "collab-room/client";

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
/** White text is readable on each. */
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

/** @param seat which person of this tab, from 0 */
export function identityOf(seat: number): Identity {
  const key = `person-${seat}`;
  const kept = read(key);
  if (kept) return kept;
  const other = seat > 0 ? identityOf(0) : null;
  const identity = {
    id: `guest-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`,
    name: pick(names.filter((name) => name !== other?.name)),
    color: pick(colors.filter((color) => color !== other?.color)),
  };
  keepIdentity(seat, identity);
  return identity;
}

export function keepIdentity(seat: number, identity: Identity): void {
  try {
    sessionStorage.setItem(`person-${seat}`, JSON.stringify(identity));
  } catch {
    // Without storage, a reload makes another person: nothing else is lost.
  }
}

function read(key: string): Identity | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null") as Identity | null;
  } catch {
    return null;
  }
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

export const nameOf = (person: Person | undefined): string => person?.presence?.name || "Somebody";
export const colorOf = (person: Person | undefined): string => person?.presence?.color ?? "#495057";

/** White where it can be read on a colour, else black. */
export function inkOn(color: string): string {
  const channels = /^#(..)(..)(..)$/.exec(color)?.slice(1) ?? ["00", "00", "00"];
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const value = parseInt(channel, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.183 ? "#000" : "#fff";
}

/** "Ada is typing…", as long as a sentence can hold the names. */
export function typingText(typing: readonly string[]): string {
  const [first, second] = typing;
  if (first === undefined) return "";
  if (second === undefined) return `${first} is typing…`;
  return typing.length === 2 ? `${first} and ${second} are typing…` : "Several people are typing…";
}
