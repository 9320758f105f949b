// The rows of the state as a tree with keyboard navigation. Only the visible rows are rendered.

import {
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type Ref,
} from "react";
import type { JsonObject, JsonValue } from "collab-room/protocol";
import { useWindow } from "../common/use-window.ts";
import { kindOf, nameText, preview, valueAt, type Row } from "./rows.ts";

export const rowHeight = 28;

export type TreeHandle = { focus(): void };

type Props = {
  readonly ref: Ref<TreeHandle>;
  readonly rows: readonly Row[];
  readonly state: JsonObject;
  readonly selected: string | null;
  /** The pointers that have just changed, each with a number that differs each time. */
  readonly flashes: ReadonlyMap<string, number>;
  onSelect(pointer: string): void;
  onToggle(pointer: string): void;
  /** Left out for a read-only tree. */
  readonly editing?: Editing;
};

type Editing = {
  /** The value being edited in its row. */
  readonly pointer: string | null;
  onEdit(row: Row): void;
  onEdited(row: Row, value: JsonValue): void;
  onGiveUp(): void;
  onRemove(row: Row): void;
};

export function Tree({ ref, rows, state, selected, flashes, editing, onSelect, onToggle }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const { first, last, height, onScroll } = useWindow(box, rows.length, rowHeight);
  useImperativeHandle(ref, () => ({ focus: () => box.current?.focus() }));
  const at = useMemo(() => rows.findIndex(({ pointer }) => pointer === selected), [rows, selected]);
  // Scroll the selected row into view: after a key, and after a search.
  useEffect(() => {
    const element = box.current;
    if (!element || at < 0) return;
    const [from, to] = [at * rowHeight, (at + 1) * rowHeight];
    if (from < element.scrollTop) element.scrollTop = from;
    else if (to > element.scrollTop + element.clientHeight)
      element.scrollTop = to - element.clientHeight;
    // Not when rows above it appear or disappear.
  }, [selected]);
  const select = (index: number): void => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    if (row) onSelect(row.pointer);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.target !== box.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows[at];
    const page = Math.max(1, Math.floor(height / rowHeight) - 1);
    const acts: Record<string, () => void> = {
      ArrowDown: () => select(at + 1),
      ArrowUp: () => select(at < 0 ? 0 : at - 1),
      PageDown: () => select(at + page),
      PageUp: () => select(at - page),
      Home: () => select(0),
      End: () => select(rows.length - 1),
      ArrowRight: () => row && (row.isOpen === false ? onToggle(row.pointer) : select(at + 1)),
      ArrowLeft: () => {
        if (row?.isOpen) onToggle(row.pointer);
        else if (row && row.parent !== "") onSelect(row.parent);
      },
      Enter: () => row && (row.isOpen === null ? editing?.onEdit(row) : onToggle(row.pointer)),
      " ": () => row && row.isOpen !== null && onToggle(row.pointer),
      F2: () => row && editing?.onEdit(row),
      Delete: () => row && editing?.onRemove(row),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return (
    <div
      ref={box}
      className="tree"
      role="tree"
      aria-label="The state"
      tabIndex={0}
      dir="ltr"
      aria-activedescendant={at >= first && at < last ? `row-${at}` : undefined}
      onScroll={onScroll}
      onKeyDown={onKey}
      onFocus={() => at < 0 && select(0)}
    >
      <div className="tree-all" role="presentation" style={{ height: rows.length * rowHeight }}>
        {rows.slice(first, last).map((row, index) => (
          <TreeRow
            key={row.pointer}
            row={row}
            value={valueAt(state, row.pointer) ?? null}
            at={first + index}
            isSelected={row.pointer === selected}
            isEdited={row.pointer === editing?.pointer}
            flash={flashes.get(row.pointer)}
            onSelect={onSelect}
            onToggle={onToggle}
            onEdit={() => editing?.onEdit(row)}
            onEdited={(value) => {
              editing?.onEdited(row, value);
              box.current?.focus();
            }}
            onGiveUp={() => {
              editing?.onGiveUp();
              box.current?.focus();
            }}
          />
        ))}
      </div>
    </div>
  );
}

type RowProps = Pick<Props, "onSelect" | "onToggle"> & {
  readonly row: Row;
  readonly value: JsonValue;
  readonly at: number;
  readonly isSelected: boolean;
  readonly isEdited: boolean;
  readonly flash: number | undefined;
  onEdit(): void;
  onEdited(value: JsonValue): void;
  onGiveUp(): void;
};

function TreeRow({
  row,
  value,
  at,
  isSelected,
  isEdited,
  flash,
  onSelect,
  onToggle,
  onEdit,
  onEdited,
  onGiveUp,
}: RowProps) {
  const { pointer, name, level, index, siblings, isOpen } = row;
  return (
    <div
      id={`row-${at}`}
      className="tree-row"
      role="treeitem"
      aria-level={level}
      aria-posinset={index + 1}
      aria-setsize={siblings}
      aria-selected={isSelected}
      aria-expanded={isOpen ?? undefined}
      style={{ transform: `translateY(${at * rowHeight}px)`, paddingLeft: 8 + (level - 1) * 18 }}
      onClick={() => {
        onSelect(pointer);
        if (isOpen !== null) onToggle(pointer);
      }}
      onDoubleClick={() => isOpen === null && onEdit()}
    >
      {flash !== undefined && <i key={flash} className="flash" aria-hidden="true" />}
      <i className="fold" data-open={isOpen ?? "none"} aria-hidden="true" />
      <b>{nameText(name)}</b>
      {isEdited ? (
        <ValueField value={value} onEdited={onEdited} onGiveUp={onGiveUp} />
      ) : (
        <span data-kind={kindOf(value)}>{preview(value, isOpen === true)}</span>
      )}
    </div>
  );
}

type FieldProps = {
  readonly value: JsonValue;
  onEdited(value: JsonValue): void;
  onGiveUp(): void;
};

/** Edits a value as JSON in its row: Enter continues, Escape cancels. */
function ValueField({ value, onEdited, onGiveUp }: FieldProps) {
  const [text, setText] = useState(() => JSON.stringify(value));
  const parsed = parse(text);
  return (
    <input
      className="tree-field"
      aria-label="New value (JSON)"
      aria-invalid={parsed === undefined}
      title={parsed === undefined ? "Not valid JSON. Text goes in quotes." : undefined}
      autoFocus
      autoComplete="off"
      spellCheck={false}
      value={text}
      onFocus={({ target }) => target.select()}
      onClick={(event) => event.stopPropagation()}
      onChange={({ target }) => setText(target.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") onGiveUp();
        if (event.key !== "Enter") return;
        // Otherwise, Enter would also press whatever gets the focus next.
        event.preventDefault();
        if (parsed !== undefined) onEdited(parsed);
      }}
      onBlur={onGiveUp}
    />
  );
}

/** `undefined` if the text is not valid JSON. */
export function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
