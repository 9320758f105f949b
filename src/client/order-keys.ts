// Order keys: texts that say where an item stands in a list, so that moving one item changes nothing but its own key.
// They sort by their code units, as `<` compares them. A key is a row of whole numbers, each written so that it ends
// by itself and sorts as it counts: three digits near zero, and two more for each level farther out. Between two rows
// there is always another one. Nothing here knows lists.

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const base = digits.length;
const lowest = "0";
const highest = "z";

/** Digits of a number of level 0. One of level n has n more, behind n times the lowest or the highest digit. */
const width = 3;
const levels = 5; // one more, and the numbers would not fit a double
/** Numbers on one side of zero, by level. The first digit of level 0 is neither of the outermost two. */
const sizes = Array.from({ length: levels + 1 }, (_, level) =>
  level === 0 ? (base / 2 - 1) * base ** (width - 1) : (base - 1) * base ** (width + level - 1),
);
const end = sizes.reduce((sum, size) => sum + size);

/** The farthest that a key is put from the one beside it. Others who do the same at once hit another number. */
const step = base ** 2;

/**
 * Make an order key between two others.
 * @param a `null`: before `b`, with no limit
 * @param b `null`: after `a`, with no limit
 * @param random from 0 to 1, without 1; keys that are made at once at the same place differ by it
 * @throws RangeError if one is not an order key, or `a` is not before `b`
 */
export function between(
  a: string | null,
  b: string | null,
  random: () => number = Math.random,
): string {
  if (a !== null && b !== null && a >= b)
    throw new RangeError("An order key is made between two keys, of which the first is smaller.");
  const low = a === null ? [] : read(a);
  let high = b === null ? null : read(b);
  let key = "";
  for (let at = 0; ; at++) {
    // A row that has ended goes on as if with the lowest numbers.
    const from = low[at] ?? -end;
    const to = high === null ? end : (high[at] ?? -end);
    const room = to - from - 1;
    if (room > 0) {
      const offset = Math.floor(random() * Math.min(room, step));
      const isOpen = from === -end;
      if (isOpen && to === end) return key + write(offset);
      return key + write(isOpen ? to - 1 - offset : from + 1 + offset);
    }
    key += write(from);
    if (from !== to) high = null;
  }
}

/** Whether a value is a key that `between` can make. */
export const isOrderKey = (value: unknown): value is string =>
  typeof value === "string" && parse(value) !== null;

function read(key: string): readonly number[] {
  const numbers = parse(key);
  if (numbers === null) throw new RangeError("This is not an order key.");
  return numbers;
}

/** The numbers of a key; `null` if it is none. */
function parse(key: string): readonly number[] | null {
  const numbers: number[] = [];
  for (let at = 0; at < key.length;) {
    const first = key[at] as string;
    let level = 0;
    if (first === lowest || first === highest) while (key[at + level] === first) level++;
    const start = at + level;
    at = start + width + level;
    if (level > levels || at > key.length) return null;
    let value = 0;
    for (const digit of key.slice(start, at)) {
      const index = digits.indexOf(digit);
      if (index < 0) return null;
      value = value * base + index;
    }
    numbers.push(valueOf(value, level, first === lowest));
  }
  // Nothing would sort just before a row that ends with the lowest number.
  return numbers.length === 0 || numbers.at(-1) === -end ? null : numbers;
}

/** The number with these digits. */
function valueOf(body: number, level: number, isLow: boolean): number {
  if (level === 0) return body - base ** width / 2;
  const inner = sizes.slice(0, level).reduce((sum, size) => sum + size);
  return isLow ? body - base ** (width + level) - inner : body + inner;
}

function write(value: number): string {
  const isLow = value < 0;
  let rest = isLow ? -1 - value : value;
  let level = 0;
  while (rest >= (sizes[level] as number)) rest -= sizes[level++] as number;
  if (level === 0) return text(value + base ** width / 2, width);
  const length = width + level;
  return isLow
    ? lowest.repeat(level) + text(base ** length - 1 - rest, length)
    : highest.repeat(level) + text(rest, length);
}

function text(value: number, length: number): string {
  let written = "";
  for (let rest = value; written.length < length; rest = Math.floor(rest / base))
    written = (digits[rest % base] as string) + written;
  return written;
}
