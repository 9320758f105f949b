// Where positions and ranges of a text are after text was inserted or deleted. Positions count UTF-16 units.

/** Units of a text. Ranges of one list are in order and do not overlap; all count in the same text. */
export type TextRange = { readonly at: number; readonly length: number };

export const afterInsert = {
  /** @param behind whether it stays behind what was inserted just there */
  position: (own: number, at: number, length: number, behind: boolean): number =>
    own > at || (own === at && behind) ? own + length : own,

  /** A range is split where something was inserted in it: what others insert is not deleted. */
  ranges: (own: readonly TextRange[], at: number, length: number): readonly TextRange[] =>
    own.flatMap((range) => {
      const end = range.at + range.length;
      if (at >= end) return [range];
      if (at <= range.at) return [{ at: range.at + length, length: range.length }];
      return [
        { at: range.at, length: at - range.at },
        { at: at + length, length: end - at },
      ];
    }),
};

export const afterDelete = {
  position: (own: number, deleted: readonly TextRange[]): number =>
    deleted.reduce(
      (position, { at, length }) => position - Math.min(Math.max(own - at, 0), length),
      own,
    ),

  /** What is left of ranges. */
  ranges: (own: readonly TextRange[], deleted: readonly TextRange[]): readonly TextRange[] =>
    own.flatMap((range) => {
      const at = afterDelete.position(range.at, deleted);
      const length = afterDelete.position(range.at + range.length, deleted) - at;
      return length > 0 ? [{ at, length }] : [];
    }),
};
