// The application: everything the demo does with its room. The rest of the page renders it.

import { editText, type UndoResult } from "collab-room/client";
import { useMemo } from "react";
import { carryOver } from "./carry-over.ts";
import { useList, usePresence, useRoom } from "./rooms.ts";

export const noteColors = ["sun", "rose", "mint", "sky", "lilac"] as const;
export type NoteColor = (typeof noteColors)[number];
export type BoardNote = ReturnType<typeof useNotes>[number]["item"];
export type Point = { readonly x: number; readonly y: number };

/** The notes, from back to front. */
export const useNotes = () => useList("/notes").items;

/** The actions of a user on the board. The functions are stable across renders. */
export function useBoard(me: string) {
  const room = useRoom();
  const { insert, update, move, remove } = useList("/notes");
  const [, setPresence] = usePresence();
  return useMemo(() => {
    const { history } = room;
    const changed: string[] = []; // keys of notes, the latest last
    let isOneStep = false;
    let endOfTyping: ReturnType<typeof setTimeout> | undefined;
    /** All edits from here on are one undo step. */
    const begin = () => {
      if (!isOneStep) history.pause();
      isOneStep = true;
    };
    const end = () => {
      clearTimeout(endOfTyping);
      if (isOneStep) history.resume();
      isOneStep = false;
    };
    /** Record who changed a note last. Undo ignores this. */
    const sign = (key: string) => {
      if (changed.at(-1) !== key) changed.push(key);
      if (room.state.notes[key]?.by !== me)
        history.ignore(() => update(key, (note) => void (note.by = me)));
    };
    /** The result of an undo, and the authors of later changes that made it skip. */
    const report = (result: UndoResult) => {
      const editors = changed.map((key) => room.state.notes[key]?.by);
      return { ...result, since: editors.findLast((by) => by && by !== me) ?? null };
    };
    return {
      add(at: Point, color: NoteColor) {
        end();
        const { key } = insert({ text: "", ...at, color, by: me }, "last", newKey());
        sign(key);
        return key;
      },
      /** Keeps what others have typed into the same note, even if the field has not shown it yet. */
      write(key: string, was: string, is: string) {
        begin();
        update(key, (note) => editText(note, "text", carryOver(was, is, note.text)));
        sign(key);
        setPresence({ typing: true });
        clearTimeout(endOfTyping);
        endOfTyping = setTimeout(() => (end(), setPresence({ typing: false })), 1000);
      },
      open: (key: string) => setPresence({ editing: key }),
      close: () => (end(), setPresence({ editing: null, typing: false })),
      grab: () => (end(), begin()),
      drag(key: string, { x, y }: Point) {
        update(key, (note) => Object.assign(note, { x, y }));
        sign(key);
      },
      drop: end,
      paint(key: string, color: NoteColor) {
        end();
        update(key, (note) => void (note.color = color));
        sign(key);
      },
      raise: (key: string) => (end(), move(key, "last")),
      lower: (key: string) => (end(), move(key, "first")),
      remove: (key: string) => (end(), remove(key)),
      undo: () => (end(), report(history.undo())),
      redo: () => (end(), report(history.redo())),
      point: (cursor: Point | null) => setPresence(cursor ? { cursor } : { cursor: null }),
    };
  }, [room, me, insert, update, move, remove, setPresence]);
}

/** Keys sort by creation time, which is the order of the notes for the Tab key. */
const newKey = () => `n${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
