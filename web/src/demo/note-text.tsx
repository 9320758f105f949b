// The text field of a note, which several people can edit at once. The field is uncontrolled: edits that arrive while
// the user types are merged in, and the caret stays between the same letters.

import { useImperativeHandle, useLayoutEffect, useRef, type Ref } from "react";
import { spliceOf } from "./carry-over.ts";

type Props = {
  readonly ref: Ref<HTMLTextAreaElement>;
  readonly text: string;
  /** The user has changed the text of the field from `was` to `is`. */
  onWrite(was: string, is: string): void;
  onOpen(): void;
  onClose(): void;
  /** The user leaves the field by keyboard. */
  onLeave(): void;
};

export function NoteText({ ref, text, onWrite, onOpen, onClose, onLeave }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const shown = useRef(text);
  const isComposing = useRef(false);
  useImperativeHandle(ref, () => field.current as HTMLTextAreaElement);
  const show = (): void => {
    // An input method loses its composition if the text changes underneath it.
    if (!field.current || isComposing.current) return;
    takeOver(field.current, text);
    shown.current = text;
  };
  // Not after every render: a render before `text` contains what was typed would remove it from the field.
  useLayoutEffect(show, [text]);
  const write = ({ value }: HTMLTextAreaElement): void => {
    if (value === shown.current) return show();
    const was = shown.current;
    shown.current = value;
    onWrite(was, value);
  };
  return (
    <textarea
      ref={field}
      dir="auto"
      aria-label="Note text"
      placeholder="Write something…"
      maxLength={500}
      spellCheck={false}
      defaultValue={text}
      onFocus={onOpen}
      onBlur={() => {
        onClose();
        show();
      }}
      onCompositionStart={() => (isComposing.current = true)}
      onCompositionEnd={({ currentTarget }) => {
        isComposing.current = false;
        write(currentTarget);
      }}
      onChange={({ target }) => {
        if (!isComposing.current) write(target);
      }}
      onKeyDown={({ key }) => {
        if (key === "Escape") onLeave();
      }}
    />
  );
}

/** Replace the text and keep the caret between the same letters. */
function takeOver(field: HTMLTextAreaElement, text: string): void {
  const old = field.value;
  if (old === text) return;
  const { start, end } = spliceOf(old, text);
  const shift = text.length - old.length;
  const moved = (at: number): number => {
    if (at <= start) return at;
    return Math.max(at, end) + shift;
  };
  const { selectionStart, selectionEnd } = field;
  field.value = text;
  if (document.activeElement === field)
    field.setSelectionRange(moved(selectionStart), moved(selectionEnd));
}
