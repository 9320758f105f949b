// Order keys: texts that say where an item stands in a list, so that moving one item changes nothing but its own key.
// They sort by their code units, as `<` compares them. A key is a row of whole numbers, each written so that it ends
// by itself and sorts as it counts: three digits near zero, and two more for each level farther out. Between two rows
// there is always another one. Nothing here knows lists.

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const base = digits.length;

/** Digits of a number of level 0. One of level n has n more, behind n times the highest digit. */
const width = 3;
const levels = 5; // one more, and the numbers would not fit a double

/** The offset of the numbers of a level from their digits. Those of level 0 begin in the middle, with zero. */
const offset = (level: number): number =>
  base ** (width + level - 1) - base ** (width - 1) - base ** width / 2;
const end = offset(levels + 1);

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
      const away = Math.floor(random() * Math.min(room, step));
      const isOpen = from === -end;
      if (isOpen && to === end) return key + write(away);
      return key + write(isOpen ? to - 1 - away : from + 1 + away);
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
  const row = Array.from(key, (digit) => digits.indexOf(digit));
  const numbers: number[] = [];
  for (let at = 0; at < row.length;) {
    const isNegative = (row[at] as number) < base / 2;
    const body = isNegative ? row.map(opposite) : row;
    let level = 0;
    while (body[at + level] === base - 1) level++;
    const start = at + level;
    at = start + width + level;
    if (level > levels || at > row.length || row.includes(-1)) return null;
    const value = body.slice(start, at).reduce((sum, digit) => sum * base + digit) + offset(level);
    numbers.push(isNegative ? -1 - value : value);
  }
  // Nothing would sort just before a row that ends with the lowest number.
  return numbers.length === 0 || numbers.at(-1) === -end ? null : numbers;
}

/** Numbers below zero are written as those above it, with each digit as far from the other end. */
const opposite = (digit: number): number => base - 1 - digit;

function write(value: number): string {
  const distance = value < 0 ? -1 - value : value;
  let level = 0;
  while (distance >= offset(level + 1)) level++;
  const body: number[] = [];
  for (let rest = distance - offset(level); body.length < width + level;) {
    body.unshift(rest % base);
    rest = Math.floor(rest / base);
  }
  body.unshift(...Array<number>(level).fill(base - 1));
  return body.map((digit) => digits[value < 0 ? opposite(digit) : digit]).join("");
}
