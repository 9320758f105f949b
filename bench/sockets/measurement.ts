// The shape of a measurement: it plays in an arena and comes to rows, and to what it has seen round by
// round.

import type { Row } from "../report.ts";
import type { Arena } from "./arena.ts";

export type Measurement = {
  readonly name: string;
  run(arena: Arena): Promise<{ readonly rows: readonly Row[]; readonly rounds: unknown }>;
};
