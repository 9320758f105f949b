// Moves cursors smoothly to where people point. The room sends positions 25 times a second, and each animation frame
// moves a cursor part of the way. Only transforms are written, so there is no layout, and no frame is requested while
// nothing moves.

import { useEffect, useRef, type RefObject } from "react";
import type { Room } from "collab-room/client";
import type { Board } from "./rooms.ts";
import type { Point } from "./use-board.ts";

export const boardWidth = 1600;
export const boardHeight = 1000;

/** ms in which a cursor covers most of its distance. */
const easing = 45;
/** The distance of arrows from the edge, in pixels. */
const margin = 20;
/** Coordinates are clamped to this, in pixels: the difference of huge numbers is not a usable distance. */
const farthest = 10_000;

export type Glide = {
  readonly cursors: RefObject<HTMLDivElement | null>;
  readonly arrows: RefObject<HTMLDivElement | null>;
  /** Scroll to a cursor. */
  goTo(id: string): void;
};

export function useGlide(room: Room<Board>, viewport: RefObject<HTMLDivElement | null>): Glide {
  const cursors = useRef<HTMLDivElement>(null);
  const arrows = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const [pane, ours, edge] = [viewport.current, cursors.current, arrows.current];
    if (pane && ours && edge) return glide(room, pane, ours, edge);
  }, [room, viewport]);
  return {
    cursors,
    arrows,
    goTo(id) {
      const at = targetsIn(room).get(id);
      const pane = viewport.current;
      if (!at || !pane) return;
      pane.scrollTo({
        left: at.x - pane.clientWidth / 2,
        top: at.y - pane.clientHeight / 2,
        behavior: isCalm() ? "auto" : "smooth",
      });
    },
  };
}

const isCalm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

function targetsIn(room: Room<Board>): Map<string, Point> {
  const targets = new Map<string, Point>();
  for (const { id, presence } of room.getSnapshot().others) {
    const cursor = presence?.cursor as Partial<Point> | null | undefined;
    if (typeof cursor?.x === "number" && typeof cursor.y === "number")
      targets.set(id, { x: near(cursor.x), y: near(cursor.y) });
  }
  return targets;
}

const near = (at: number): number => Math.min(Math.max(at, -farthest), farthest);

/** @returns a function that stops it */
function glide(
  room: Room<Board>,
  viewport: HTMLElement,
  cursors: HTMLElement,
  arrows: HTMLElement,
): () => void {
  let targets = targetsIn(room);
  let places = new Map<string, Point>();
  let frame = 0;
  let last = 0;
  const size = { width: viewport.clientWidth, height: viewport.clientHeight };

  const move = (time: number): void => {
    // The first frame after a pause must not jump.
    const passed = Math.min(time - last, 32);
    const part = isCalm() ? 1 : 1 - Math.exp(-passed / easing);
    last = time;
    let isMoving = false;
    const next = new Map<string, Point>();
    for (const [id, target] of targets) {
      const from = places.get(id) ?? target;
      const [dx, dy] = [target.x - from.x, target.y - from.y];
      const isThere = Math.abs(dx) + Math.abs(dy) < 0.5;
      isMoving ||= !isThere;
      next.set(id, isThere ? target : { x: from.x + dx * part, y: from.y + dy * part });
    }
    places = next;
    const { scrollLeft, scrollTop } = viewport;
    for (const cursor of cursors.children as HTMLCollectionOf<HTMLElement>) {
      const at = places.get(cursor.dataset["person"] ?? "");
      if (at) cursor.style.transform = `translate(${at.x}px, ${at.y}px)`;
    }
    for (const arrow of arrows.children as HTMLCollectionOf<HTMLElement>) {
      const at = places.get(arrow.dataset["person"] ?? "");
      point(arrow, at && { x: at.x - scrollLeft, y: at.y - scrollTop }, size);
    }
    frame = isMoving ? requestAnimationFrame(move) : 0;
  };
  const wake = (): void => {
    frame ||= requestAnimationFrame(move);
  };
  const watch = (): void => {
    targets = targetsIn(room);
    wake();
  };
  const resized = new ResizeObserver(() => {
    size.width = viewport.clientWidth;
    size.height = viewport.clientHeight;
    wake();
  });
  resized.observe(viewport);
  // Cursors and arrows that are added later need a position, too.
  const added = new MutationObserver(wake);
  added.observe(cursors, { childList: true });
  added.observe(arrows, { childList: true });
  viewport.addEventListener("scroll", wake, { passive: true });
  const end = room.subscribe(watch);
  wake();
  return () => {
    end();
    resized.disconnect();
    added.disconnect();
    viewport.removeEventListener("scroll", wake);
    cancelAnimationFrame(frame);
  };
}

/** Show an arrow at the edge if its cursor is outside the visible area. */
function point(
  arrow: HTMLElement,
  at: Point | undefined,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const isInside = !at || (at.x >= 0 && at.y >= 0 && at.x <= width && at.y <= height);
  if (arrow.hidden !== isInside) arrow.hidden = isInside;
  if (isInside) return;
  const x = Math.min(Math.max(at.x, margin), width - margin);
  const y = Math.min(Math.max(at.y, margin), height - margin);
  const turn = Math.atan2(at.y - y, at.x - x);
  arrow.style.transform = `translate(${x}px, ${y}px) rotate(${turn}rad)`;
}
