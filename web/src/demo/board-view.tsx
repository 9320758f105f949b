// The board: notes on a scrollable surface larger than the pane, the cursors of other people, and the tools. Everything
// that changes the room is in use-board.ts.

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
  /** Restore the line; set only while it is cut. */
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
    // Undo may have removed the note that had the focus.
    const at = document.activeElement?.closest<HTMLElement>(".note")?.dataset["id"];
    if (at !== undefined && !Object.hasOwn(room.state.notes, at)) viewport.current?.focus();
  };
  const onGone = () => {
    viewport.current?.focus();
    board.close();
    // Not if a refusal has removed it, which has its own message.
    say("Someone deleted the note you were working on.", true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    // The browser's own undo of a text field knows nothing about other people's edits.
    event.preventDefault();
    back(key === "y" || event.shiftKey ? "redo" : "undo");
  };
  const point = ({ clientX, clientY }: PointerEvent) => {
    const { left, top } = (surface.current as HTMLElement).getBoundingClientRect();
    board.point({ x: Math.round(clientX - left), y: Math.round(clientY - top) });
  };

  // Tab goes through the notes in the order of creation, even when their stacking order changes.
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
      {/* An operator can revoke and restore the right to edit at any time. */}
      {isReady && !mayEdit && !isOver && (
        <p className="tools looking" role="status">
          You can view this board, but not edit it.
        </p>
      )}
      <div className="tools" role="group" aria-label="Tools" inert={isOver || !isReady || !mayEdit}>
        {/* An empty board has its own button for this. */}
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

/** The editors of each note by its key: the first one's colour, then all names. */
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

/** ms within which a message counts as a consequence of the previous one. */
const sameTime = 1000;

/**
 * A message that disappears after a while.
 * @returns the message, and a function that shows one. A message that only `follows` from a recent one is dropped.
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
