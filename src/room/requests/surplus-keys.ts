// Chooses the idempotency keys to delete when there are too many (rule X2): those of the owner who holds the most,
// so that nobody can make the room forget the keys of others.

import type { StoredKeyHead } from "../../storage/room-storage.ts";

/** The bounds on the keys that stay. */
export type KeyBound = { readonly keys: number; readonly bytes: number };

/** Bytes that contain the owner of a key: 128 characters, as JSON. */
export const headBytes = 1024;

/** The keys of one owner that still stay, in the order they were written. */
type Holding = { readonly owned: Placed[]; first: number; bytes: number };

/** A key, and its place in the order in which all keys were written. */
type Placed = { readonly head: StoredKeyHead; readonly place: number };

/**
 * Choose the keys to delete: those that have expired, and then, until the rest is within bounds, the oldest key of
 * the owner who holds the most.
 * @param heads in the order they were written
 * @param endedAt keys of this time (epoch ms) and earlier have expired
 */
export function surplusKeys(
  heads: readonly StoredKeyHead[],
  bound: KeyBound,
  endedAt: number,
): string[] {
  const surplus: string[] = [];
  const holdings = new Map<string, Holding>();
  let [keys, bytes] = [0, 0];
  for (const [place, head] of heads.entries()) {
    if (head.at <= endedAt) {
      surplus.push(head.key);
      continue;
    }
    const owner = ownerIn(head.start);
    const holding = holdings.get(owner) ?? { owned: [], first: 0, bytes: 0 };
    holdings.set(owner, holding);
    holding.owned.push({ head, place });
    holding.bytes += head.bytes;
    keys++;
    bytes += head.bytes;
  }
  while (keys > bound.keys || bytes > bound.bytes) {
    const most = largest(holdings.values(), bytes > bound.bytes ? heldBytes : heldKeys);
    const oldest = most?.owned[most.first];
    if (most === null || oldest === undefined) break;
    most.first++;
    most.bytes -= oldest.head.bytes;
    keys--;
    bytes -= oldest.head.bytes;
    surplus.push(oldest.head.key);
  }
  return surplus;
}

const heldBytes = ({ bytes }: Holding): number => bytes;
const heldKeys = ({ owned, first }: Holding): number => owned.length - first;
const placeOf = ({ owned, first }: Holding): number => owned[first]?.place ?? Infinity;

/** The largest holding; of equal ones, the one with the oldest key. */
function largest(
  holdings: Iterable<Holding>,
  sizeOf: (holding: Holding) => number,
): Holding | null {
  let found: Holding | null = null;
  for (const holding of holdings) {
    const more = found === null ? 1 : sizeOf(holding) - sizeOf(found);
    if (more > 0 || (more === 0 && found !== null && placeOf(holding) < placeOf(found)))
      found = holding;
  }
  return found;
}

/** The owner of a key, as JSON: the first item of the row. All unreadable rows count as one owner's. */
const ownerIn = (start: string): string => /^\[(null|"(?:[^"\\]|\\.)*")/s.exec(start)?.[1] ?? "";
