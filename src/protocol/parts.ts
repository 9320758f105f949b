// A frame that is too large for one is sent in parts (rule N3): messages `part`, whose texts together are the text
// of the frame. Nothing comes between them.

import { utf8Bytes } from "./json.ts";

/** Bytes of a frame above which it is sent in parts, and which no part has. */
export const maxPartBytes = 262_144; // 256 KiB

/** UTF-16 units of a frame's text in one part: 3 bytes each at most, and a little for what is around them. */
const maxUnits = 81_920;

/** Whether a frame is sent in parts. */
export const isDivided = (frame: string): boolean =>
  frame.length > maxPartBytes || (frame.length > maxUnits && utf8Bytes(frame) > maxPartBytes);

/** Cut a text into pieces for parts, each as JSON text. No piece ends inside a character. */
export function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = endBefore(text, start + maxUnits);
    let piece = JSON.stringify(text.slice(start, end));
    // Characters that JSON escapes take up to six times as much.
    while (utf8Bytes(piece) > maxPartBytes - 100) {
      end = endBefore(text, start + Math.floor((end - start) / 2));
      piece = JSON.stringify(text.slice(start, end));
    }
    pieces.push(piece);
    start = end;
  }
  return pieces;
}

/** The last place up to `end` that is not inside a character. */
function endBefore(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last < 0xdc00 ? end - 1 : end;
}

/** The messages for pieces, as text. */
export const partsOf = (pieces: readonly string[]): readonly string[] =>
  pieces.map(
    (piece, index) => `{"type":"part","index":${index},"of":${pieces.length},"text":${piece}}`,
  );

/** Puts parts together again. */
export class PartReader {
  #texts: string[] = [];

  /**
   * Take a part.
   * @returns the whole frame with its last part, else `null`
   * @throws RangeError for a part that does not follow the one before
   */
  take({
    index,
    of,
    text,
  }: {
    readonly index: number;
    readonly of: number;
    readonly text: string;
  }): string | null {
    if (index !== this.#texts.length)
      throw new RangeError(`part ${this.#texts.length} must follow, got part ${index} of ${of}`);
    this.#texts.push(text);
    if (index < of - 1) return null;
    const frame = this.#texts.join("");
    this.#texts = [];
    return frame;
  }
}
