// A virtual list: only the visible rows are rendered.

import { useLayoutEffect, useState, type RefObject } from "react";

const beyond = 8;

export type Window = {
  readonly first: number;
  /** The one after the last. */
  readonly last: number;
  /** Visible height in px. */
  readonly height: number;
  onScroll(): void;
};

export function useWindow(
  box: RefObject<HTMLElement | null>,
  rows: number,
  rowHeight: number,
): Window {
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(560);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return {
    first: Math.max(0, Math.floor(top / rowHeight) - beyond),
    last: Math.min(rows, Math.ceil((top + height) / rowHeight) + beyond),
    height,
    onScroll: () => setTop(box.current?.scrollTop ?? 0),
  };
}
