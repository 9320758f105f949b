// Edits a text that is a value in a state. Positions count UTF-16 code units.

import { stringBytes } from "./json.ts";

/** A part of a text that is exchanged for another one. */
export type TextSplice = {
  readonly at: number;
  readonly length: number;
  readonly inserted: string;
};

/** Whether a position lies inside a surrogate pair. */
export const isInsidePair = (text: string, at: number): boolean =>
  at > 0 && isHigh(text.charCodeAt(at - 1)) && isLow(text.charCodeAt(at));

export const spliced = (text: string, { at, length, inserted }: TextSplice): string =>
  text.slice(0, at) + inserted + text.slice(at + length);

/** By how many bytes the JSON of a text is longer after a splice. */
export function growthBy(text: string, { at, length, inserted }: TextSplice): number {
  const end = at + length;
  // Halves of characters may come together or apart, and JSON escapes a lone half: so their neighbours are counted, too.
  const [before, after] = [text.slice(Math.max(at - 1, 0), at), text.slice(end, end + 1)];
  const removed = text.slice(at, end);
  return stringBytes(before + inserted + after) - stringBytes(before + removed + after);
}

/** The inverse of a splice. It holds a copy of the removed part, because a slice would keep the whole text in memory. */
export function inverseOf(text: string, { at, length, inserted }: TextSplice): TextSplice {
  const removed = JSON.parse(JSON.stringify(text.slice(at, at + length))) as string;
  return { at, length: inserted.length, inserted: removed };
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;
