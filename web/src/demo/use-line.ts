// A hook that reads a part of a line and follows it.

import { useSyncExternalStore } from "react";
import type { Line, LineView } from "./line.ts";

export const useLine = <Value>(line: Line, select: (view: LineView) => Value): Value =>
  useSyncExternalStore(line.subscribe, () => select(line.view()));
