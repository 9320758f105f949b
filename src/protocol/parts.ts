// Splits frames that are too large into `part` messages and reassembles them (rule N3). The texts of the parts together
// are the frame. Nothing is sent between them.

import { utf8Bytes } from "./json.ts";

/** The maximum size of a frame in bytes. Larger ones are sent in parts, none of which exceeds it. */
export const maxPartBytes = 262_144; // 256 KiB

/** The maximum number of UTF-16 code units in a part: at most 3 bytes each, plus space for the rest of the message. */
const maxUnits = 81_920;

/** Whether a frame is sent in parts. */
export const isDivided = (frame: string): boolean =>
  frame.length > maxPartBytes || (frame.length > maxUnits && utf8Bytes(frame) > maxPartBytes);

/** Split a text into pieces for parts, each as JSON text. No piece ends inside a surrogate pair. */
export function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = endBefore(text, start + maxUnits);
    let piece = JSON.stringify(text.slice(start, end));
    // Characters that JSON escapes take up to six bytes each.
    while (utf8Bytes(piece) > maxPartBytes - 100) {
      end = endBefore(text, start + Math.floor((end - start) / 2));
      piece = JSON.stringify(text.slice(start, end));
    }
    pieces.push(piece);
    start = end;
  }
  return pieces;
}

/** The last position up to `end` that is not inside a surrogate pair. */
function endBefore(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last < 0xdc00 ? end - 1 : end;
}

/** The `part` messages for the pieces, as text. */
export const partsOf = (pieces: readonly string[]): readonly string[] =>
  pieces.map(
    (piece, index) => `{"type":"part","index":${index},"of":${pieces.length},"text":${piece}}`,
  );

/** Reassembles a frame from its parts. */
export class PartReader {
  #texts: string[] = [];

  /**
   * Take a part.
   * @returns the whole frame after its last part, otherwise `null`
   * @throws RangeError for a part that is out of order
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
