// Text as the bytes that go into rows: UTF-8, cut into pieces that a row can hold.

/** SQLite-backed objects take rows up to 2 MB; this leaves room for the keys. */
export const maxRowBytes = 1_900_000;

const encoder = new TextEncoder();

export const encode = (text: string): Uint8Array => encoder.encode(text);

/** Cut bytes into pieces of at most `size`; at least one piece, be it empty. */
export function pieces(bytes: Uint8Array, size = maxRowBytes): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += size)
    out.push(bytes.subarray(start, start + size));
  return out;
}

/** The text that bytes begin with, though they may end in the middle of a character. */
export const decodeStart = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Join pieces to text. Bytes that are not UTF-8 become no text at all: whoever parses it finds out. */
export function decode(parts: readonly (ArrayBuffer | Uint8Array)[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    let text = "";
    for (const part of parts) text += decoder.decode(part, { stream: true });
    return text + decoder.decode();
  } catch {
    return "";
  }
}
