// Whether two types are the same shape, for `tsc` to say: `const same: SameType<A, B> = true`. Readonly
// or not makes no difference, and neither does how an intersection is written down.

/** `true` when what fits one fits the other, optional members included; else `false`. */
export type SameType<A, B> =
  Fits<A, B> extends true
    ? // An optional member that only one of them has would go unseen: so once more with all required.
      Fits<Whole<A>, Whole<B>>
    : false;

type Fits<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** All members required, all the way down. */
type Whole<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Whole<Item>[]
    : { readonly [Key in keyof T]-?: Whole<T[Key]> };
