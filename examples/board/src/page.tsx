// The page: notes that everybody on the board adds, moves and writes, and the cursors of the others.

import { createRoomContext } from "collab-room/react";
import { useState, type PointerEvent } from "react";
import { createRoot } from "react-dom/client";
import type { board } from "./board.ts";

const {
  RoomProvider,
  useOthers,
  usePresence,
  useRoom,
  useRoomState,
  useStatus,
  useUndo,
  useUpdate,
} = createRoomContext<typeof board>();

function Board() {
  const notes = useRoomState((state) => state.notes);
  const others = useOthers();
  const [, setPresence] = usePresence();
  const showCursor = ({ pageX, pageY }: PointerEvent): void =>
    setPresence({ cursor: { x: pageX, y: pageY } });
  return (
    <main onPointerMove={showCursor} onPointerLeave={() => setPresence({ cursor: null })}>
      <Toolbar />
      {notes?.map((note) => (
        <Note key={note.id} {...note} />
      ))}
      {others.map(({ id, presence }) => {
        const at = presence?.cursor as { x: number; y: number } | null | undefined;
        if (!at) return null;
        const style = { left: at.x, top: at.y, background: presence?.color };
        return <b key={id} className="cursor" style={style} children={presence?.name} />;
      })}
    </main>
  );
}

function Toolbar() {
  const room = useRoom();
  const update = useUpdate();
  const status = useStatus();
  const { undo, redo, canUndo, canRedo } = useUndo();
  const others = useOthers();
  const add = () =>
    update((draft) => {
      const shift = draft.notes.length * 20;
      draft.notes.push({ id: crypto.randomUUID(), text: "", x: 20 + shift, y: 80 + shift });
    });
  return (
    <header>
      <button onClick={add}>Add a note</button>
      <button onClick={undo} disabled={!canUndo} children="Undo" />
      <button onClick={redo} disabled={!canRedo} children="Redo" />
      <button onClick={() => room.action("tidy", { columns: 4 })}>Tidy up</button>
      <span children={`${status.state}, with ${others.length} others`} />
    </header>
  );
}

type NoteProps = { id: string; text: string; x: number; y: number };

function Note({ id, text, x, y }: NoteProps) {
  const update = useUpdate();
  /** How far it is from its place, while it is dragged. */
  const [drag, setDrag] = useState<{ x: number; y: number } | null>(null);
  const change = (members: Partial<NoteProps>) =>
    update((draft) => {
      const note = draft.notes.find((each) => each.id === id);
      if (note) Object.assign(note, members);
    });
  const remove = () =>
    update((draft) => {
      const index = draft.notes.findIndex((each) => each.id === id);
      if (index >= 0) draft.notes.splice(index, 1);
    });
  const hold = (event: PointerEvent<HTMLElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag({ x: 0, y: 0 });
  };
  const move = ({ movementX, movementY }: PointerEvent): void =>
    setDrag((from) => from && { x: from.x + movementX, y: from.y + movementY });
  const drop = (): void => {
    if (drag) change({ x: x + drag.x, y: y + drag.y });
    setDrag(null);
  };
  return (
    <article style={{ left: x + (drag?.x ?? 0), top: y + (drag?.y ?? 0) }}>
      <div onPointerDown={hold} onPointerMove={move} onPointerUp={drop} />
      <button onClick={remove} children="×" aria-label="Remove" />
      <textarea
        value={text}
        maxLength={500}
        onChange={(event) => change({ text: event.target.value })}
      />
    </article>
  );
}

/** Who this browser is, as long as nobody signs in. */
const id = (localStorage["id"] ??= crypto.randomUUID()) as string;
const user = { id, name: `Guest ${id.slice(0, 4)}`, color: `#${id.slice(0, 6)}` };

createRoot(document.querySelector("#root")!).render(
  <RoomProvider url="/collab" room={location.hash.slice(1) || "main"} behaviour="board" user={user}>
    <Board />
  </RoomProvider>,
);
