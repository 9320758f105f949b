// A note: a grip to drag it by, its tools, and its text. On the grip, arrow keys move the note and Delete removes it.

import {
  memo,
  useEffect,
  useLayoutEffect,
  useRef,
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
} from "react";
import { Icon } from "../shared/icon.tsx";
import { NoteText } from "./note-text.tsx";
import { inkOn } from "./people.ts";
import { boardHeight, boardWidth } from "./use-glide.ts";
import {
  noteColors,
  type BoardNote,
  type NoteColor,
  type Point,
  type useBoard,
} from "./use-board.ts";

export const noteWidth = 204;
export const noteHeight = 148;

/** ms between two edits of a drag: a screen with a high refresh rate would send more than the room accepts. */
const dragPause = 16;

type Held = {
  /** Where the note is held. */
  readonly by: Point;
  readonly movedAt: number;
  /** A position that has not been sent yet. */
  next: Point | null;
};

type Props = {
  readonly id: string;
  readonly note: BoardNote;
  readonly level: number;
  readonly board: ReturnType<typeof useBoard>;
  readonly isNew: boolean;
  /** The colour of its first editor, then the names of all editors; empty if nobody edits it. */
  readonly editors: readonly string[];
  /** Called if the note disappears while it has the focus. */
  onGone(): void;
};

export const Note = memo(function Note({ id, note, level, board, isNew, editors, onGone }: Props) {
  const element = useRef<HTMLElement>(null);
  const grip = useRef<HTMLButtonElement>(null);
  const text = useRef<HTMLTextAreaElement>(null);
  const held = useRef<Held | null>(null);
  useEffect(() => {
    if (isNew) text.current?.focus();
  }, [isNew]);
  const gone = useRef(onGone);
  useLayoutEffect(() => {
    gone.current = onGone;
  });
  useLayoutEffect(() => {
    const own = element.current;
    return () => {
      if (own?.contains(document.activeElement)) gone.current();
    };
  }, []);

  const put = ({ x, y }: Point) => board.drag(id, within({ x: Math.round(x), y: Math.round(y) }));
  const grab = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const by = { x: event.clientX - note.x, y: event.clientY - note.y };
    held.current = { by, movedAt: 0, next: null };
    board.grab();
  };
  const drag = ({ clientX, clientY, timeStamp }: PointerEvent) => {
    if (!held.current) return;
    const { by, movedAt } = held.current;
    const to = { x: clientX - by.x, y: clientY - by.y };
    held.current.next = to;
    if (timeStamp - movedAt < dragPause) return;
    held.current = { by, movedAt: timeStamp, next: null };
    put(to);
  };
  const drop = () => {
    if (!held.current) return;
    if (held.current.next) put(held.current.next);
    held.current = null;
    board.drop();
  };
  const onGripKey = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 4 : 20;
    const [dx, dy] = arrows[event.key] ?? [0, 0];
    if (event.key === "Delete" || event.key === "Backspace") {
      nextGrip(element.current)?.focus();
      board.remove(id);
    } else if (event.key === "Enter") text.current?.focus();
    else if (dx !== 0 || dy !== 0) put({ x: note.x + dx * step, y: note.y + dy * step });
    else return;
    event.preventDefault();
  };
  const nextColor = noteColors[
    (noteColors.indexOf(note.color) + 1) % noteColors.length
  ] as NoteColor;
  const [color = ""] = editors;
  const name = note.text.trim().slice(0, 24) || "empty";
  return (
    <article
      ref={element}
      className="note"
      aria-label={`Note: ${name}`}
      data-color={note.color}
      data-edited={color !== ""}
      data-id={id}
      style={
        {
          transform: `translate(${note.x}px, ${note.y}px)`,
          "--level": level,
          ...(color && { outlineColor: color }),
        } as CSSProperties
      }
    >
      <div className="note-head">
        <button
          ref={grip}
          className="grip"
          aria-label={`Move note: ${name}`}
          title="Drag or use the arrow keys to move"
          onPointerDown={grab}
          onPointerMove={drag}
          onLostPointerCapture={drop}
          onKeyDown={onGripKey}
        >
          <svg viewBox="0 0 18 8" aria-hidden="true">
            <path d="M2 2h0M9 2h0M16 2h0M2 6h0M9 6h0M16 6h0" />
          </svg>
        </button>
        <button
          className="swatch"
          aria-label={`Colour: ${note.color}. Change to ${nextColor}`}
          title="Change colour"
          data-color={nextColor}
          onClick={() => board.paint(id, nextColor)}
        />
        <button
          className="icon-button"
          aria-label="Bring to front"
          title="Bring to front"
          onClick={() => board.raise(id)}
        >
          <Icon name="front" />
        </button>
        <button
          className="icon-button"
          aria-label="Send to back"
          title="Send to back"
          onClick={() => board.lower(id)}
        >
          <Icon name="back" />
        </button>
        <button
          className="icon-button"
          aria-label={`Delete note: ${name}`}
          title="Delete"
          onClick={() => {
            nextGrip(element.current)?.focus();
            board.remove(id);
          }}
        >
          <Icon name="remove" />
        </button>
      </div>
      <NoteText
        ref={text}
        text={note.text}
        onWrite={(was, is) => board.write(id, was, is)}
        onOpen={() => board.open(id)}
        onClose={board.close}
        onLeave={() => grip.current?.focus()}
      />
      {color && (
        <p className="editor" style={{ background: color, color: inkOn(color) }}>
          {editors.length > 2
            ? `${editors.length - 1} people are editing`
            : `${editors[1]} is editing`}
        </p>
      )}
    </article>
  );
}, isSame);

/** Whether the note would look the same. The list of editors is a new array on each render. */
function isSame(a: Props, b: Props): boolean {
  return (
    a.note === b.note &&
    a.level === b.level &&
    a.board === b.board &&
    a.isNew === b.isNew &&
    a.editors.join() === b.editors.join()
  );
}

const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const within = ({ x, y }: Point): Point => ({
  x: Math.min(Math.max(x, 0), boardWidth - noteWidth),
  y: Math.min(Math.max(y, 0), boardHeight - noteHeight),
});

/** Where the focus goes when a focused note is removed: to another note, or to the board. */
function nextGrip(note: HTMLElement | null): HTMLElement | null {
  const other = [note?.nextElementSibling, note?.previousElementSibling].find((each) =>
    each?.matches(".note"),
  );
  return (
    other?.querySelector<HTMLElement>(".grip") ?? note?.closest<HTMLElement>(".viewport") ?? null
  );
}
