// The text of a note in a field that several people write into. The field keeps its own text, so that what arrives while
// one types goes in beside the caret, which stays between the same letters.

import { useImperativeHandle, useLayoutEffect, useRef, type Ref } from "react";

type Props = {
  readonly ref: Ref<HTMLTextAreaElement>;
  readonly text: string;
  onWrite(text: string): void;
  onOpen(): void;
  onClose(): void;
  /** The keyboard wants out. */
  onLeave(): void;
};

export function NoteText({ ref, text, onWrite, onOpen, onClose, onLeave }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const isComposing = useRef(false);
  useImperativeHandle(ref, () => field.current as HTMLTextAreaElement);
  useLayoutEffect(() => {
    // An input method loses what it composes if the text changes under it.
    if (field.current && !isComposing.current) takeOver(field.current, text);
  });
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
      onBlur={onClose}
      onCompositionStart={() => (isComposing.current = true)}
      onCompositionEnd={({ currentTarget }) => {
        isComposing.current = false;
        onWrite(currentTarget.value);
      }}
      onChange={({ target }) => {
        if (!isComposing.current) onWrite(target.value);
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
  const least = Math.min(old.length, text.length);
  let start = 0;
  while (start < least && old[start] === text[start]) start++;
  let end = 0;
  while (end < least - start && old.at(-1 - end) === text.at(-1 - end)) end++;
  const moved = (at: number): number => {
    if (at <= start) return at;
    return at >= old.length - end ? at + text.length - old.length : text.length - end;
  };
  const { selectionStart, selectionEnd } = field;
  field.value = text;
  if (document.activeElement === field)
    field.setSelectionRange(moved(selectionStart), moved(selectionEnd));
}
