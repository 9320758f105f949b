// The rules for all ids that appear in URLs and that people see: those of rooms and of users.

/**
 * Whether a text can be an id. It must be valid Unicode. It must not be `.` or `..`, because URL parsers remove these
 * segments, even if they are percent-encoded. It must not contain format characters (such as zero-width characters and
 * bidirectional controls), because two different ids could look the same.
 */
export const isIdText = (text: string): boolean =>
  text.isWellFormed() && text !== "." && text !== ".." && !/\p{Cf}/u.test(text);
