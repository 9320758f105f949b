// Where positions and ranges of a text are after text was inserted or deleted. Positions count UTF-16 units.

/** Units of a text. Ranges of one list are in order and do not overlap; all count in the same text. */
export type TextRange = { readonly at: number; readonly length: number };

/** What was inserted, or deleted. */
export type TextChange =
  | ({ readonly kind: "textInsert" } & TextRange)
  | { readonly kind: "textDelete"; readonly ranges: readonly TextRange[] };

/** Where a position is after a change. @param behind whether it stays behind what was inserted just there */
export function textAt(own: number, change: TextChange, behind: boolean): number {
  if (change.kind === "textInsert")
    return own > change.at || (own === change.at && behind) ? own + change.length : own;
  return change.ranges.reduce(
    (position, { at, length }) => position - Math.min(Math.max(own - at, 0), length),
    own,
  );
}

/** Ranges after a change. What others insert into one splits it, and is not part of it; empty ones are left out. */
export function textRanges(own: readonly TextRange[], change: TextChange): readonly TextRange[] {
  return own.flatMap((range) => {
    const end = range.at + range.length;
    const isSplit = change.kind === "textInsert" && range.at < change.at && change.at < end;
    const cuts = isSplit ? [range.at, change.at, end] : [range.at, end];
    return cuts.slice(1).flatMap((cut, index) => {
      const at = textAt(cuts[index] as number, change, true);
      const length = textAt(cut, change, false) - at;
      return length > 0 ? [{ at, length }] : [];
    });
  });
}
