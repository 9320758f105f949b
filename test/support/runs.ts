// How many cases a property is tried with.

/**
 * All of them in `npm test`, which sets `PROPERTY_RUNS`; a fifth of them by hand, where a quick answer counts.
 * @param all at least 60 or so
 */
export const runs = (all: number): number =>
  process.env["PROPERTY_RUNS"] === "full" ? all : Math.ceil(all / 5);
