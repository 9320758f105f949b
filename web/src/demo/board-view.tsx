// The board: notes on a surface larger than the pane, the cursors of the others, and the tools. It scrolls by itself;
// whatever changes the room is in use-board.ts.

import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { Arrows, Cursors } from "./cursors.tsx";
import { Icon } from "../shared/icon.tsx";
import { Note, noteHeight, noteWidth } from "./note.tsx";
import { NoticeBox } from "./notice-box.tsx";
import { colorOf, nameOf } from "./people.ts";
import {
  useCan,
  useOthers,
  useRoom,
  useRoomListener,
  useRoomState,
  useStatus,
  useUndo,
} from "./rooms.ts";
import { refusedText, undoText } from "./sentences.ts";
import { boardHeight, boardWidth, useGlide } from "./use-glide.ts";
import { noteColors, useBoard, useNotes } from "./use-board.ts";
import { StaleBar } from "./stale-bar.tsx";
import { useIdle } from "./use-idle.ts";

type Props = {
  readonly userId: string;
  readonly hasToken: boolean;
  /** Mend the line; there only if it is cut. */
  onMend?(): void;
};

export function BoardView({ userId, hasToken, onMend }: Props) {
  const room = useRoom();
  const board = useBoard(userId);
  const notes = useNotes();
  const isReady = useRoomState(() => true) ?? false;
  const mayEdit = useCan("room:write");
  const { canUndo, canRedo } = useUndo();
  const viewport = useRef<HTMLDivElement>(null);
  const surface = useRef<HTMLDivElement>(null);
  const glide = useGlide(room, viewport);
  const [newest, setNewest] = useState<string | null>(null);
  const [said, say] = useMessage();
  const status = useStatus();
  const editors = useEditors();
  useIdle(viewport);
  useRoomListener("refused", ({ problem }) =>
    say(refusedText(problem.issues?.[0]?.message ?? problem.reason ?? problem.detail)),
  );

  const add = () => {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = viewport.current as HTMLElement;
    const shift = (notes.length % 5) * 24;
    const x = Math.min(
      scrollLeft + Math.max((clientWidth - noteWidth) / 2 - 48 + shift, 8),
      boardWidth - noteWidth,
    );
    const y = Math.min(
      scrollTop + Math.max((clientHeight - noteHeight) / 2 - 72 + shift, 8),
      boardHeight - noteHeight,
    );
    const color = noteColors[notes.length % noteColors.length] ?? "sun";
    setNewest(board.add({ x: Math.round(x), y: Math.round(y) }, color));
  };
  const back = (verb: "undo" | "redo") => {
    const { since, ...result } = board[verb]();
    const editor = room.people.find(({ id }) => id === since);
    say(undoText(verb, result, editor ? nameOf(editor) : null));
    // What is undone may be the note that the keyboard is in.
    const at = document.activeElement?.closest<HTMLElement>(".note")?.dataset["id"];
    if (at !== undefined && !Object.hasOwn(room.state.notes, at)) viewport.current?.focus();
  };
  const onGone = () => {
    viewport.current?.focus();
    board.close();
    // Unless it was a refusal that has taken it away.
    say("Somebody has removed the note that you were at.", true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    // A text field has an undo of its own, which knows nothing of the others.
    event.preventDefault();
    back(key === "y" || event.shiftKey ? "redo" : "undo");
  };
  const point = ({ clientX, clientY }: PointerEvent) => {
    const { left, top } = (surface.current as HTMLElement).getBoundingClientRect();
    board.point({ x: Math.round(clientX - left), y: Math.round(clientY - top) });
  };

  // The keyboard goes through the notes in the order in which they were made; what lies in front may change under it.
  const levels = new Map(notes.map(({ key }, level) => [key, level]));
  const isOver = status.state === "closed" || status.state === "needs-token";
  return (
    <div className="stage" onKeyDown={onKeyDown}>
      <div
        className="viewport"
        ref={viewport}
        tabIndex={0}
        role="region"
        aria-label="Board"
        inert={isOver}
        onPointerMove={point}
        onPointerLeave={() => board.point(null)}
      >
        <div className="surface" ref={surface} style={{ width: boardWidth, height: boardHeight }}>
          <div className="notes" inert={!mayEdit}>
            {notes
              .toSorted((a, b) => (a.key < b.key ? -1 : 1))
              .map(({ key, item }) => (
                <Note
                  key={key}
                  id={key}
                  note={item}
                  level={levels.get(key) ?? 0}
                  board={board}
                  isNew={key === newest}
                  editors={editors.get(key) ?? nobody}
                  onGone={onGone}
                />
              ))}
          </div>
          <Cursors layer={glide.cursors} />
        </div>
      </div>
      <Arrows layer={glide.arrows} onGo={glide.goTo} />
      <NoticeBox
        isReady={isReady}
        isEmpty={notes.length === 0}
        hasToken={hasToken}
        onAdd={add}
        {...(onMend && { onMend })}
      />
      <StaleBar />
      <p className="said" role="status">
        {said && <span key={said.id}>{said.text}</span>}
      </p>
      {/* An operator can take the right to edit away, and give it back, at any time. */}
      {isReady && !mayEdit && !isOver && (
        <p className="tools looking" role="status">
          You may look at this board, and not edit it.
        </p>
      )}
      <div className="tools" role="group" aria-label="Tools" inert={isOver || !isReady || !mayEdit}>
        {/* On an empty board there is one already. */}
        {notes.length > 0 && (
          <button className="primary" onClick={add}>
            <Icon name="add" /> Add note
          </button>
        )}
        <button
          className="icon-button"
          aria-label="Undo"
          title="Undo"
          disabled={!canUndo}
          onClick={() => back("undo")}
        >
          <Icon name="undo" />
        </button>
        <button
          className="icon-button"
          aria-label="Redo"
          title="Redo"
          disabled={!canRedo}
          onClick={() => back("redo")}
        >
          <Icon name="redo" />
        </button>
      </div>
    </div>
  );
}

const nobody: readonly string[] = [];

/** Who edits which note: a colour and names by its key. */
function useEditors(): ReadonlyMap<string, readonly string[]> {
  return useOthers(
    (others) => {
      const editors = new Map<string, string[]>();
      for (const other of others) {
        const key = other.presence?.["editing"];
        if (typeof key !== "string") continue;
        const found = editors.get(key);
        if (found) found.push(nameOf(other));
        else editors.set(key, [colorOf(other), nameOf(other)]);
      }
      return editors;
    },
    (a, b) => JSON.stringify([...a]) === JSON.stringify([...b]),
  );
}

type Said = { readonly id: number; readonly text: string; readonly at: number };

/** ms in which one thing is the reason for another. */
const sameTime = 1000;

/**
 * Something to say, which goes after a while.
 * @returns also a function that says it. What only `follows` from what was said just now is not said.
 */
function useMessage(): readonly [Said | null, (text: string, follows?: boolean) => void] {
  const [said, setSaid] = useState<Said | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), 6000);
    return () => clearTimeout(timer);
  }, [said]);
  const say = (text: string, follows = false): void => {
    const at = Date.now();
    setSaid((last) =>
      follows && last && at - last.at < sameTime ? last : { id: (last?.id ?? 0) + 1, text, at },
    );
  };
  return [said, say];
}
