// List the users of a room in join order, page by page (rules U5, N2).

import { checkPageLimit, decodeCursor, encodeCursor } from "../../protocol/paging.ts";
import { runningOperation } from "../operation.ts";

export type UsersInput = {
  /** The cursor that the previous page returned; omit it for the first page. */
  readonly cursor?: string | undefined;
  /** Users per page. */
  readonly limit?: number | undefined;
};

export type UsersOutput = {
  /** The entries as the text of a JSON array. */
  readonly users: string;
  /** The number of all users in the room. */
  readonly total: number;
  /** The cursor for the next page; absent on the last one. */
  readonly cursor?: string;
};

export const listUsers = runningOperation({
  scope: "room:read",
  repeatable: true,
  decode: ({ cursor, limit }: UsersInput) => ({
    // A place in the join order is never reused, so a cursor stays valid while users come and go.
    after: cursor === undefined ? 0 : decodeCursor(cursor, checkSeq),
    limit: checkPageLimit(limit),
  }),
  run({ members }, { after, limit }): UsersOutput {
    const { texts, nextAfter } = members.page(after, limit);
    return {
      users: `[${texts.join(",")}]`,
      total: members.size,
      ...(nextAfter !== null && { cursor: encodeCursor(String(nextAfter)) }),
    };
  },
});

/** A place in the join order, as text. */
export function checkSeq(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new RangeError("That is not a place in the join order.");
  return Number(text);
}
