// The text of a note in a field that several people write into. The field keeps its own text, so that what arrives while
// one types goes in beside the caret, which stays between the same letters.

import { useImperativeHandle, useLayoutEffect, useRef, type Ref } from "react";
import { spliceOf } from "./carry-over.ts";

type Props = {
  readonly ref: Ref<HTMLTextAreaElement>;
  readonly text: string;
  /** Somebody has made `is` of the text that the field showed. */
  onWrite(was: string, is: string): void;
  onOpen(): void;
  onClose(): void;
  /** The keyboard wants out. */
  onLeave(): void;
};

export function NoteText({ ref, text, onWrite, onOpen, onClose, onLeave }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const shown = useRef(text);
  const isComposing = useRef(false);
  useImperativeHandle(ref, () => field.current as HTMLTextAreaElement);
  const show = (): void => {
    // An input method loses what it composes if the text changes under it.
    if (!field.current || isComposing.current) return;
    takeOver(field.current, text);
    shown.current = text;
  };
  // Not after each rendering: one that comes before what was typed is in `text` would take it out of the field.
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
      aria-label="Text of the note"
      placeholder="Write something"
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

/** Show another text, with the caret between the same letters as before. */
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
