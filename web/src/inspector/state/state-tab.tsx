// The state of a room as a live tree, with search and editing.

import { useEffect, useMemo, useRef, useState } from "react";
import type { JsonObject } from "collab-room/protocol";
import { Failed, Loading, Notice } from "../common/notice.tsx";
import { bytesText, count, counted } from "../common/words.tsx";
import { Stopped } from "../room/stopped.tsx";
import { EditDialog, type Draft } from "./edit-dialog.tsx";
import type { Base } from "./edit.ts";
import {
  find,
  isContainer,
  nodesIn,
  rowsOf,
  toggled,
  valueAt,
  withOpen,
  type Opened,
  type Row,
} from "./rows.ts";
import type { FeedView } from "./state-feed.ts";
import { Tree, type TreeHandle } from "./tree.tsx";
import { useFeed } from "./use-feed.ts";

type Shown = Extract<FeedView, { readonly value: JsonObject }>;

export function StateTab({ room }: { room: string }) {
  const { view, flashes, now, retry } = useFeed(room);
  if (view.state === "loading") return <Loading what="the state" />;
  if (view.state === "failed")
    return view.problem.code === "room_not_running" ? (
      <Stopped room={room} onStarted={retry} />
    ) : (
      <Failed problem={view.problem} onRetry={retry} />
    );
  if (view.state === "stopped") return <Stopped room={room} onStarted={retry} />;
  return <StateView room={room} view={view} flashes={flashes} now={now} />;
}

type ViewProps = {
  readonly room: string;
  readonly view: Shown;
  readonly flashes: ReadonlyMap<string, number>;
  now(): FeedView;
};

/** With fewer values than this, all containers are open at first. */
const fewNodes = 200;

function StateView({ room, view, flashes, now }: ViewProps) {
  const { value: state, version, bytes, structure } = view;
  const nodes = useMemo(() => nodesIn(state), [state, structure]);
  const [opened, setOpened] = useState<Opened>(() => ({ all: nodes < fewNodes, but: new Set() }));
  const [selected, setSelected] = useState<string | null>(null);
  // The value being edited in its row, and the base of the edit.
  const [editing, setEditing] = useState<{ pointer: string; base: Base } | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const tree = useRef<TreeHandle>(null);
  const rows = useMemo(() => rowsOf(state, opened), [state, structure, opened]);
  const show = (pointer: string): void => {
    setOpened((before) => withOpen(before, pointer));
    setSelected(pointer);
  };
  const begin = ({ pointer }: Pick<Row, "pointer">): void => {
    const value = valueAt(state, pointer);
    if (value === undefined || isContainer(value) || JSON.stringify(value).length > 200)
      setDraft({ kind: "change", pointer });
    else setEditing({ pointer, base: base() });
  };
  const remove = ({ pointer }: Pick<Row, "pointer">): void => setDraft({ kind: "remove", pointer });
  const current = selected === null ? undefined : valueAt(state, selected);
  const base = (): Base => {
    const latest = now();
    return "value" in latest
      ? { epoch: latest.epoch, version: latest.version, state: structuredClone(latest.value) }
      : { epoch: view.epoch, version, state };
  };
  return (
    <section className="state" aria-label="State">
      <div className="toolbar">
        <Finder state={state} onShow={show} />
        <button className="toggle" onClick={() => setOpened({ all: true, but: new Set() })}>
          Expand all
        </button>
        <button className="toggle" onClick={() => setOpened({ all: false, but: new Set() })}>
          Collapse all
        </button>
        <p className="status" data-live={view.state === "live"}>
          <i aria-hidden="true" />
          <span role="status">{view.state === "live" ? "Live" : "Reconnecting…"}</span>
          <span>
            {counted(nodes, "value")}, {bytesText(bytes)}, version {count(version)}
          </span>
        </p>
      </div>
      {rows.length === 0 ? (
        <Notice kind="empty" sentence="The state is an empty object.">
          <button
            className="primary"
            onClick={() => setDraft({ kind: "add", pointer: "", isList: false })}
          >
            Add a member
          </button>
        </Notice>
      ) : (
        <>
          <Tree
            ref={tree}
            rows={rows}
            state={state}
            selected={selected}
            flashes={flashes}
            onSelect={setSelected}
            onToggle={(pointer) => setOpened((before) => toggled(before, pointer))}
            editing={{
              pointer: editing?.pointer ?? null,
              onEdit: begin,
              onEdited: ({ pointer }, value) => {
                setEditing(null);
                // Others may have changed or moved the value while this one was typed.
                setDraft({ kind: "change", pointer, value, base: editing?.base ?? base() });
              },
              onGiveUp: () => setEditing(null),
              onRemove: remove,
            }}
          />
          <div className="selection" role="group" aria-label="Selection">
            <code dir="ltr">
              {selected === null || current === undefined ? "Nothing selected" : selected}
            </code>
            <div>
              <button
                className="toggle"
                disabled={current === undefined}
                onClick={() => selected !== null && begin({ pointer: selected })}
              >
                Edit
              </button>
              <button className="toggle" onClick={() => setDraft(additionAt(state, selected))}>
                Add
              </button>
              <button
                className="toggle"
                disabled={current === undefined}
                onClick={() => selected !== null && remove({ pointer: selected })}
              >
                Remove
              </button>
            </div>
          </div>
        </>
      )}
      {draft && (
        <EditDialog
          room={room}
          draft={draft}
          now={base}
          onClose={() => {
            setDraft(null);
            tree.current?.focus();
          }}
          onSent={() => {}}
        />
      )}
    </section>
  );
}

/** Adds to the selected container, or next to the selected value. */
function additionAt(state: JsonObject, selected: string | null): Draft {
  let pointer = selected ?? "";
  let value = valueAt(state, pointer);
  if (value === undefined || !isContainer(value)) {
    pointer = pointer.slice(0, Math.max(pointer.lastIndexOf("/"), 0));
    value = valueAt(state, pointer);
  }
  return { kind: "add", pointer, isList: Array.isArray(value) };
}

const mostFound = 1000;

/** Searches names and values: Enter goes to the next match, Shift+Enter to the previous one. */
function Finder({ state, onShow }: { state: JsonObject; onShow: (pointer: string) => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const found = text === "" ? [] : find(state, text, mostFound);
  const step = (by: number): void => {
    if (found.length === 0) return;
    const next = (at + by + found.length) % found.length;
    setAt(next);
    onShow(found[next] as string);
  };
  useEffect(() => {
    setAt(0);
    if (found[0] !== undefined) onShow(found[0]);
    // Only when the search text changes.
  }, [text]);
  return (
    <form
      className="finder"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        step(1);
      }}
    >
      <input
        type="search"
        dir="auto"
        aria-label="Find in the state"
        placeholder="Find a name or value"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !event.shiftKey) return;
          event.preventDefault();
          step(-1);
        }}
      />
      <output>
        {text !== "" &&
          (found.length === 0
            ? "No results"
            : `${at + 1} of ${count(found.length)}${found.length === mostFound ? "+" : ""}`)}
      </output>
    </form>
  );
}
