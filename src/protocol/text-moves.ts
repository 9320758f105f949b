// Moves positions and ranges in a text when text is inserted or deleted. Positions count UTF-16 code units.

/** A range of code units. The ranges in a list are in order, do not overlap, and refer to the same text. */
export type TextRange = { readonly at: number; readonly length: number };

/** An insertion or a deletion. */
export type TextChange =
  | ({ readonly kind: "textInsert" } & TextRange)
  | { readonly kind: "textDelete"; readonly ranges: readonly TextRange[] };

/** Move a position through a change. @param behind whether it moves behind text that is inserted exactly there */
export function textAt(own: number, change: TextChange, behind: boolean): number {
  if (change.kind === "textInsert")
    return own > change.at || (own === change.at && behind) ? own + change.length : own;
  return change.ranges.reduce(
    (position, { at, length }) => position - Math.min(Math.max(own - at, 0), length),
    own,
  );
}

/** Move ranges through a change. An insertion inside a range splits it. Empty ranges are left out. */
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
