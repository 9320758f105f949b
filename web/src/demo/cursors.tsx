// The cursors of the other people, and arrows to those outside the visible area. This file only renders them;
// use-glide.ts moves them.

import type { RefObject } from "react";
import { colorOf, inkOn, nameOf } from "./people.ts";
import { useOthers } from "./rooms.ts";

type Pointing = {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly isIdle: boolean;
};

/** The people who have a cursor. Movements alone cause no render. */
const usePointing = (): readonly Pointing[] =>
  useOthers(
    (others) =>
      others
        .filter(({ presence }) => presence?.cursor)
        .map((person) => ({
          id: person.id,
          name: nameOf(person),
          color: colorOf(person),
          isIdle: person.presence?.status !== "online",
        })),
    (a, b) =>
      a.length === b.length &&
      a.every(({ id, name, color, isIdle }, index) => {
        const other = b[index];
        return (
          id === other?.id &&
          name === other.name &&
          color === other.color &&
          isIdle === other.isIdle
        );
      }),
  );

export function Cursors({ layer }: { layer: RefObject<HTMLDivElement | null> }) {
  return (
    <div className="cursors" ref={layer} aria-hidden="true">
      {usePointing().map(({ id, name, color, isIdle }) => (
        <div key={id} className="cursor" data-person={id} data-idle={isIdle}>
          <svg viewBox="0 0 18 18" fill={color}>
            <path d="M2 1.500 15.500 8 9 9.500 6.500 16z" />
          </svg>
          <b style={{ background: color, color: inkOn(color) }}>{name}</b>
        </div>
      ))}
    </div>
  );
}

type ArrowsProps = {
  readonly layer: RefObject<HTMLDivElement | null>;
  onGo(id: string): void;
};

export function Arrows({ layer, onGo }: ArrowsProps) {
  return (
    <div className="arrows" ref={layer}>
      {usePointing().map(({ id, name, color }) => (
        <button
          key={id}
          className="arrow"
          hidden
          data-person={id}
          style={{ background: color, color: inkOn(color) }}
          aria-label={`Scroll to ${name}`}
          title={name}
          onClick={() => onGo(id)}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M5 3l6 5-6 5z" />
          </svg>
        </button>
      ))}
    </div>
  );
}
