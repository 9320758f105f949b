// JSON Pointer (RFC 6901): converts text to tokens and back. It does not resolve pointers.

/** Split a pointer into its unescaped tokens; `null` if the text is not a pointer. */
export function parsePointer(text: string): string[] | null {
  if (text === "") return [];
  if (!text.startsWith("/") || /~(?![01])/.test(text)) return null;
  return text
    .slice(1)
    .split("/")
    .map((token) =>
      token.includes("~") ? token.replaceAll("~1", "/").replaceAll("~0", "~") : token,
    );
}

/** The pointer of these tokens. */
export const pointerOf = (tokens: readonly string[]): string => tokens.reduce(childPointer, "");

/** Append one token to a pointer, escaped. */
export const childPointer = (parent: string, token: string | number): string =>
  `${parent}/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`;
