// What the log says of one room, or of one event. Files of the core tests share a worker, so rooms of other
// tests may log at any time: no test may count all lines.

import { vi } from "vitest";

export type LogLine = { readonly event: string } & Readonly<Record<string, unknown>>;

/**
 * Watch the log from now on. The lines are not printed.
 * @param wanted members that a line must have to be kept: a room, an event or both
 * @returns a function that returns the lines so far
 */
export function watchLog(
  wanted: { readonly room: string } | { readonly event: string },
): () => readonly LogLine[] {
  const lines: LogLine[] = [];
  for (const level of ["info", "warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation((text) => {
      const line = JSON.parse(String(text)) as LogLine;
      if (Object.entries(wanted).every(([name, value]) => line[name] === value)) lines.push(line);
    });
  return () => lines;
}
