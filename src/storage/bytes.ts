// Encodes text as UTF-8 bytes, split into pieces that fit into a row.

/** SQLite-backed objects allow rows up to 2 MB; this leaves room for the keys. */
export const maxRowBytes = 1_900_000;

const encoder = new TextEncoder();

export const encode = (text: string): Uint8Array => encoder.encode(text);

/** Split bytes into pieces of at most `size`. Returns at least one piece, which may be empty. */
export function pieces(bytes: Uint8Array, size = maxRowBytes): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += size)
    out.push(bytes.subarray(start, start + size));
  return out;
}

/** Decode bytes that may end in the middle of a character. */
export const decodeStart = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Join pieces to text. Bytes that are not UTF-8 become an empty text, which then fails to parse. */
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
