// A hook for what a component shows of a line.

import { useSyncExternalStore } from "react";
import type { Line, LineView } from "./line.ts";

export const useLine = <Value>(line: Line, select: (view: LineView) => Value): Value =>
  useSyncExternalStore(line.subscribe, () => select(line.view()));
