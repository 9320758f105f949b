// A hook that loads something, and reloads it at an interval while the page is visible.

import { useCallback, useEffect, useRef, useState } from "react";
import { isPassing, problemOf, type Problem } from "./api.ts";

export type Loaded<Value> =
  | { readonly state: "loading" }
  /** With a `problem`, the value is the last one loaded before it. */
  | { readonly state: "ready"; readonly value: Value; readonly problem: Problem | null }
  | { readonly state: "failed"; readonly problem: Problem };

/**
 * @param key identifies what is loaded: a new key starts over
 * @param every ms between two loads; `null` to load once
 */
export function useLoaded<Value>(
  key: string,
  load: (signal: AbortSignal) => Promise<Value>,
  every: number | null,
): readonly [Loaded<Value>, () => void] {
  const [{ of, loaded }, setLoaded] = useState<{ of: string; loaded: Loaded<Value> }>({
    of: key,
    loaded: { state: "loading" },
  });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async (): Promise<void> => {
      const done = await latest.current(ended.signal).then(
        (value) => () => ({ state: "ready", value, problem: null }) as const,
        (error: unknown) => (before: Loaded<Value>) => whenFailed(before, problemOf(error)),
      );
      if (ended.signal.aborted) return;
      setLoaded((before) => ({
        of: key,
        loaded: done(before.of === key ? before.loaded : { state: "loading" }),
      }));
      if (every !== null) timer = setTimeout(whenSeen, every);
    };
    const whenSeen = (): void => {
      if (document.visibilityState === "visible") void again();
      else document.addEventListener("visibilitychange", whenSeen, { once: true });
    };
    void again();
    return () => {
      ended.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", whenSeen);
    };
  }, [key, every, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return [of === key ? loaded : { state: "loading" }, reload];
}

/** Keep showing the last value while the service is briefly unreachable. */
function whenFailed<Value>(before: Loaded<Value>, problem: Problem): Loaded<Value> {
  return before.state === "ready" && isPassing(problem)
    ? { ...before, problem }
    : { state: "failed", problem };
}
