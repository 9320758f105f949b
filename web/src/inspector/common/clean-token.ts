// Cleans a pasted token: removes line breaks, quotes, and the prefix of an Authorization header.

export const cleanToken = (text: string): string =>
  text
    .trim()
    .replace(/^(["'])(.*)\1$/s, "$2")
    .replace(/^\s*(authorization\s*:\s*)?(bearer(\s+|$))?/i, "")
    .replace(/\s/g, "");
