// The page: notes that everyone on the board can add, move and edit, and other people's cursors.

import { createRoomContext } from "collab-room/react";
import type { ChangeEvent, PointerEvent } from "react";
import { createRoot } from "react-dom/client";
import type { board } from "./board.ts";

type Shown = { cursor: { x: number; y: number } };

const hooks = createRoomContext<typeof board, Shown>();
const { RoomProvider, useAction, useOthers, usePresence } = hooks;
const { useRoomState, useStatus, useUndo, useUpdate } = hooks;

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
        const at = presence?.cursor;
        if (!at) return null;
        const style = { left: at.x, top: at.y, background: presence?.color };
        return <b key={id} className="cursor" style={style} children={presence?.name} />;
      })}
    </main>
  );
}

function Toolbar() {
  const update = useUpdate();
  const tidy = useAction("tidy");
  const status = useStatus();
  const { undo, redo, canUndo, canRedo } = useUndo();
  const count = useOthers((others) => others.length);
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
      <button onClick={() => tidy({ columns: 4 })}>Tidy up</button>
      <span children={`${status.state}, ${count + 1} here`} />
    </header>
  );
}

type NoteProps = { id: string; text: string; x: number; y: number };

function Note({ id, text, x, y }: NoteProps) {
  const update = useUpdate();
  const { pause, resume } = useUndo();
  const change = (edit: (note: NoteProps) => void) =>
    update((draft) => {
      const note = draft.notes.find((each) => each.id === id);
      if (note) edit(note);
    });
  const remove = () =>
    update((draft) => {
      const index = draft.notes.findIndex((each) => each.id === id);
      if (index >= 0) draft.notes.splice(index, 1);
    });
  // Others see the note move; for undo, the whole drag is one step.
  const hold = ({ currentTarget, pointerId }: PointerEvent): void => {
    currentTarget.setPointerCapture(pointerId);
    pause();
  };
  const drag = ({ currentTarget, pointerId, movementX, movementY }: PointerEvent): void => {
    if (!currentTarget.hasPointerCapture(pointerId)) return;
    change((note) => {
      note.x += movementX;
      note.y += movementY;
    });
  };
  const write = ({ target }: ChangeEvent<HTMLTextAreaElement>) =>
    change((note) => {
      note.text = target.value;
    });
  return (
    <article style={{ left: x, top: y }}>
      <div onPointerDown={hold} onPointerMove={drag} onLostPointerCapture={resume} />
      <button onClick={remove} children="×" aria-label="Remove note" />
      <textarea value={text} maxLength={500} onChange={write} />
    </article>
  );
}

/** The user of this browser, as there is no sign-in. */
const id = (localStorage["id"] ??= crypto.randomUUID()) as string;
const user = { id, name: `Guest ${id.slice(0, 4)}`, color: `#${id.slice(0, 6)}` };
const room = location.hash.slice(1) || "main";

createRoot(document.querySelector("#root")!).render(
  <RoomProvider options={{ url: "/collab", room, behaviour: "board", user }}>
    <Board />
  </RoomProvider>,
);
