// A token as it is pasted: with line breaks in it, in quotes, or with what stands before it in a header.

export const cleanToken = (text: string): string =>
  text
    .trim()
    .replace(/^(["'])(.*)\1$/s, "$2")
    .replace(/^\s*(authorization\s*:\s*)?(bearer(\s+|$))?/i, "")
    .replace(/\s/g, "");
