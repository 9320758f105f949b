// The structured log: one JSON line an event. It is for operators: details that no client sees go here.

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type Log = (level: "info" | "warn" | "error", event: string, fields?: LogFields) => void;

/** A log whose lines all carry these fields. */
export const createLog =
  (common: LogFields): Log =>
  (level, event, fields) => {
    console[level](JSON.stringify({ level, event, ...common, ...fields }));
  };

/** What the log says of something thrown. */
export function describe(error: unknown): string {
  try {
    return error instanceof Error
      ? String(error.stack ?? `${error.name}: ${error.message}`)
      : String(error);
  } catch {
    return "something that has no text"; // such as an object without a prototype
  }
}
