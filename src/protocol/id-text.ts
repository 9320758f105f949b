// What holds for the text of every id that people and URLs name: of rooms and of users.

/**
 * Whether a text can be an id. It must be valid Unicode. It must not be `.` or `..`, because URL parsers
 * remove these segments, even percent-encoded. And it must have no format characters (zero-width characters,
 * bidirectional controls and others), because two ids would look the same.
 */
export const isIdText = (text: string): boolean =>
  text.isWellFormed() && text !== "." && text !== ".." && !/\p{Cf}/u.test(text);
