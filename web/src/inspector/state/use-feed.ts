// A hook for the state of a room and its latest changes.

import { useEffect, useMemo, useRef, useState } from "react";
import { useApi } from "../common/access.tsx";
import { StateFeed, type FeedView } from "./state-feed.ts";

const flashTime = 1600;

export type Feed = {
  readonly view: FeedView;
  /** The pointers that have just changed, including everything above them. */
  readonly flashes: ReadonlyMap<string, number>;
  /** The state at this moment, which may be newer than what is rendered. */
  now(): FeedView;
  retry(): void;
};

export function useFeed(room: string): Feed {
  const api = useApi();
  const [round, setRound] = useState(0);
  // Each round uses a new feed.
  const feed = useMemo(() => ({ round, feed: new StateFeed(api, room) }).feed, [api, room, round]);
  const [view, setView] = useState<FeedView>(feed.view);
  const [flashes, setFlashes] = useState<ReadonlyMap<string, number>>(new Map());
  const waiting = useRef<string[]>([]);
  useEffect(() => {
    const ended = new AbortController();
    let frame = 0;
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const draw = (): void => {
      frame = 0;
      setView(feed.view());
      const touched = waiting.current.splice(0);
      if (touched.length === 0) return;
      const at = performance.now();
      setFlashes((before) => withFlashes(before, touched, at));
      const timer = setTimeout(() => {
        timers.delete(timer);
        setFlashes((before) => new Map([...before].filter(([, since]) => since > at)));
      }, flashTime);
      timers.add(timer);
    };
    const stop = feed.subscribe((touched) => {
      waiting.current.push(...touched);
      frame ||= requestAnimationFrame(draw);
    });
    void feed.run(ended.signal);
    return () => {
      ended.abort();
      stop();
      cancelAnimationFrame(frame);
      for (const timer of timers) clearTimeout(timer);
    };
  }, [feed]);
  return { view, flashes, now: feed.view, retry: () => setRound(round + 1) };
}

function withFlashes(
  before: ReadonlyMap<string, number>,
  touched: readonly string[],
  at: number,
): ReadonlyMap<string, number> {
  const next = new Map(before);
  for (const pointer of touched)
    for (let above = pointer; above !== ""; above = above.slice(0, above.lastIndexOf("/")))
      next.set(above, at);
  return next;
}
