// Carries what the user typed into a field over to a text that others have changed since the field showed it: within
// the same frame, or while an input method composes.

/** The replacement of a part of a text. */
type Splice = { readonly start: number; readonly end: number; readonly inserted: string };

/** @returns `now` with the change from `was` to `is` applied */
export function carryOver(was: string, is: string, now: string): string {
  const [own, other] = [spliceOf(was, is), spliceOf(was, now)];
  const [first, second] = own.end <= other.start ? [own, other] : [other, own];
  // If both have changed the same part, both insertions are kept and both deletions apply.
  const between = was.slice(first.end, second.start);
  const rest = was.slice(Math.max(first.end, second.end));
  const begin = was.slice(0, Math.min(first.start, second.start));
  return begin + first.inserted + between + second.inserted + rest;
}

/** The shortest splice that turns `from` into `to` without splitting a surrogate pair. */
export function spliceOf(from: string, to: string): Splice {
  const least = Math.min(from.length, to.length);
  let start = 0;
  while (start < least && from[start] === to[start]) start++;
  if (isInsidePair(from, start) || isInsidePair(to, start)) start--;
  let same = 0;
  while (same < least - start && from.at(-1 - same) === to.at(-1 - same)) same++;
  if (isInsidePair(from, from.length - same) || isInsidePair(to, to.length - same)) same--;
  return { start, end: from.length - same, inserted: to.slice(start, to.length - same) };
}

/** Whether a cut here would split a surrogate pair. */
const isInsidePair = (text: string, at: number): boolean =>
  /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(Math.max(at - 1, 0), at + 1));
