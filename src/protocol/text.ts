// Edits a text that is a value in a state. Positions count UTF-16 code units.

import { stringBytes } from "./json.ts";

/** A text after an edit, and the number of bytes by which its JSON has grown. */
type EditedText = { readonly text: string; readonly growth: number };

export const insertText = (old: string, at: number, inserted: string): EditedText =>
  edited(old, at, 0, inserted);

export const deleteText = (old: string, at: number, length: number): EditedText =>
  edited(old, at, length, "");

/** Whether a position lies inside a surrogate pair. */
export const isInsidePair = (text: string, at: number): boolean =>
  at > 0 && isHigh(text.charCodeAt(at - 1)) && isLow(text.charCodeAt(at));

function edited(old: string, at: number, length: number, inserted: string): EditedText {
  const removed = old.slice(at, at + length);
  const text = old.slice(0, at) + inserted + old.slice(at + length);
  // The sizes of the parts add up, unless the edit joins or splits a surrogate pair: JSON escapes a lone surrogate.
  const edges = [at - 1, at, at + length - 1, at + length].map((each) => old.charCodeAt(each));
  if (edges.some(isHalf)) return { text, growth: stringBytes(text) - stringBytes(old) };
  return { text, growth: stringBytes(inserted) - stringBytes(removed) };
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;
const isHalf = (unit: number): boolean => isHigh(unit) || isLow(unit);
