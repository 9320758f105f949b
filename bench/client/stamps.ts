// Stamps: strings `<user>@<time>` in what a socket sends. Whoever receives one can tell its age, because all
// sockets of the load share one clock.

export type Stamp = { readonly user: number; readonly sentAt: number };

export const stamp = (user: number, sentAt: number): string => `${user}@${sentAt}`;

/** The stamps in a message that are values of a member, whose name is given as it is written (`"at":`). */
export function stampsIn(name: string, message: string): readonly Stamp[] {
  const stamps: Stamp[] = [];
  const start = `${name}"`;
  for (let at = message.indexOf(start); at !== -1; at = message.indexOf(start, at)) {
    at += start.length;
    const [user, sentAt] = message.slice(at, message.indexOf('"', at)).split("@");
    stamps.push({ user: Number(user), sentAt: Number(sentAt) });
  }
  return stamps;
}

/** A hundred sockets receive the same text one after another: it is read once. */
export function cachingLast<T>(read: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly value: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) };
    return last.value;
  };
}
