// The frames of the room, live: they can be filtered, paused, and copied as a test.

import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { JsonObject } from "collab-room/protocol";
import { useApi } from "../common/access.tsx";
import { roomPath } from "../common/api.ts";
import { Failed, Loading, Notice } from "../common/notice.tsx";
import { useWindow } from "../common/use-window.ts";
import { bytesText, count, counted, timeText } from "../common/words.tsx";
import { Stopped } from "../room/stopped.tsx";
import { asTest } from "./as-test.ts";
import type { WireEntry } from "./entry.ts";
import { FrameFeed, type WireView } from "./frame-feed.ts";

const rowHeight = 28;

type Props = { readonly room: string; readonly behaviour: string };

export function WireTab(props: Props) {
  const [round, setRound] = useState(0);
  return <Wire key={round} {...props} onAgain={() => setRound(round + 1)} />;
}

function Wire({ room, behaviour, onAgain }: Props & { onAgain(): void }) {
  const api = useApi();
  const feed = useMemo(() => new FrameFeed(api, room), [api, room]);
  const before = useRef<Promise<JsonObject>>(null);
  const view = useSyncExternalStore(feed.subscribe, feed.view);
  /** A test of the frames from now on has to start with the current state. */
  const begin = (): void => {
    before.current = api.json<JsonObject>(roomPath(room, "/state"));
    before.current.catch(() => {});
  };
  useEffect(() => {
    const ended = new AbortController();
    begin();
    void feed.run(ended.signal);
    return () => ended.abort();
  }, [feed]);
  if (view.state === "opening") return <Loading what="the frames" />;
  if (view.state === "failed" && view.problem)
    return view.problem.code === "room_not_running" ? (
      <Stopped room={room} onStarted={onAgain} />
    ) : (
      <Failed problem={view.problem} onRetry={onAgain} />
    );
  if (view.state === "stopped") return <Stopped room={room} onStarted={onAgain} />;
  return (
    <Frames
      view={view}
      boardAddress={behaviour === "board" ? `/?board=${encodeURIComponent(room)}` : "/"}
      onClear={() => {
        feed.clear();
        begin();
      }}
      writeTest={async (entries) => asTest(behaviour, room, (await before.current) ?? {}, entries)}
    />
  );
}

type FramesProps = {
  readonly view: WireView;
  /** The demo: the board of this room, if it is one. */
  readonly boardAddress: string;
  onClear(): void;
  writeTest(entries: readonly WireEntry[]): Promise<string>;
};

function Frames({ view, boardAddress, onClear, writeTest }: FramesProps) {
  const [text, setText] = useState("");
  const [way, setWay] = useState<"both" | "in" | "out">("both");
  // The entries shown while paused.
  const [held, setHeld] = useState<WireView | null>(null);
  const [chosen, setChosen] = useState<WireEntry | null>(null);
  const shown = held ?? view;
  const entries = useMemo(
    () => shown.entries.filter((entry) => fits(entry, text.toLowerCase(), way)).toReversed(),
    [shown, text, way],
  );
  const box = useRef<HTMLDivElement>(null);
  const { first, last, onScroll } = useWindow(box, entries.length, rowHeight);
  // The frame is shown below the list, which shrinks to make space.
  useEffect(() => {
    if (chosen) keepInView(box.current, entries.indexOf(chosen));
  }, [chosen]);
  const missed = held ? view.total - held.total : 0;
  return (
    <section className="wire" aria-label="Frames">
      <div className="toolbar">
        <input
          type="search"
          className="filter"
          dir="auto"
          aria-label="Filter by type, user, session or text"
          placeholder="Type, user, session or text"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <select
          className="toggle"
          aria-label="Direction"
          value={way}
          onChange={({ target }) => setWay(target.value as typeof way)}
        >
          <option value="both">Both directions</option>
          <option value="in">To the room</option>
          <option value="out">From the room</option>
        </select>
        <button
          className="toggle"
          aria-pressed={held !== null}
          onClick={() => setHeld(held ? null : view)}
        >
          Pause
        </button>
        <button className="toggle" onClick={() => (onClear(), setHeld(null), setChosen(null))}>
          Clear
        </button>
        <CopyTest entries={entries} writeTest={writeTest} />
        <p className="status" data-live={view.state === "live" && !held}>
          <i aria-hidden="true" />
          <span role="status">
            {held ? "Paused" : view.state === "live" ? "Live" : "Reconnecting…"}
          </span>
          <span>
            {held ? `${count(missed)} more since pausing` : counted(entries.length, "frame")}
          </span>
        </p>
      </div>
      {entries.length === 0 ? (
        <Notice
          kind="empty"
          sentence={
            shown.entries.length === 0
              ? "No frames yet. They appear here as people use the room."
              : "No frames match this filter."
          }
        >
          {shown.entries.length === 0 ? (
            <a className="primary" href={boardAddress} target="_blank" rel="noreferrer">
              {boardAddress === "/" ? "Open a board" : "Open this board"}
            </a>
          ) : (
            <button className="primary" onClick={() => (setText(""), setWay("both"))}>
              Show all frames
            </button>
          )}
        </Notice>
      ) : (
        <div
          ref={box}
          className="wire-list"
          data-short={chosen !== null}
          role="listbox"
          aria-label="Frames, newest first"
          tabIndex={0}
          dir="ltr"
          aria-activedescendant={chosen ? `frame-${chosen.id}` : undefined}
          onScroll={onScroll}
          onKeyDown={(event) => {
            const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (by === undefined) return;
            event.preventDefault();
            const at = entries.findIndex(({ id }) => id === chosen?.id);
            const next = Math.min(Math.max(at + by, 0), entries.length - 1);
            setHeld(held ?? view);
            setChosen(entries[next] ?? null);
          }}
        >
          <div
            className="tree-all"
            role="presentation"
            style={{ height: entries.length * rowHeight }}
          >
            {entries.slice(first, last).map((entry, index) => (
              <div
                key={entry.id}
                id={`frame-${entry.id}`}
                className="wire-row"
                role="option"
                aria-selected={entry.id === chosen?.id}
                data-kind={entry.kind}
                data-way={entry.kind === "frame" ? entry.direction : "none"}
                style={{ transform: `translateY(${(first + index) * rowHeight}px)` }}
                onClick={() => {
                  // Otherwise, it would move away under the pointer.
                  setHeld(held ?? view);
                  setChosen(entry);
                }}
              >
                <EntryLine entry={entry} />
              </div>
            ))}
          </div>
        </div>
      )}
      {chosen && <Detail entry={chosen} />}
    </section>
  );
}

function keepInView(box: HTMLElement | null, at: number): void {
  if (!box || at < 0) return;
  const top = at * rowHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight > box.scrollTop + box.clientHeight)
    box.scrollTop = top + rowHeight - box.clientHeight;
}

function fits(entry: WireEntry, text: string, way: "both" | "in" | "out"): boolean {
  if (entry.kind === "dropped") return true;
  if (entry.kind === "frame" && way !== "both" && entry.direction !== way) return false;
  if (text === "") return true;
  const parts = [entry.user, entry.session];
  if (entry.kind === "frame") parts.push(...entry.types, entry.text ?? "");
  else parts.push("closed", entry.reason);
  return parts.some((part) => part.toLowerCase().includes(text));
}

function EntryLine({ entry }: { entry: WireEntry }) {
  if (entry.kind === "dropped")
    return (
      <>
        <time>{timeText(entry.at)}</time>
        <span className="text">
          {counted(entry.frames, "frame")} skipped: they arrived faster than this page could read
          them.
        </span>
      </>
    );
  const [sign, word] =
    entry.kind === "closed"
      ? ["×", "closed"]
      : entry.direction === "in"
        ? ["→", "to the room"]
        : ["←", "from the room"];
  return (
    <>
      <time>{timeText(entry.at)}</time>
      <b className="way">
        <span aria-hidden="true">{sign}</span>
        <span className="hidden">{word}</span>
      </b>
      <span className="user">{entry.user}</span>
      <span className="types">
        {entry.kind === "closed" ? `closed ${entry.code}` : typesText(entry.types)}
      </span>
      <span className="size">{entry.kind === "frame" && bytesText(entry.bytes)}</span>
      <span className="text">{entry.kind === "closed" ? entry.reason : entry.text}</span>
    </>
  );
}

/** "change, users ×2": each type with its count. */
function typesText(types: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  const parts = [...counts].map(([type, many]) => (many === 1 ? type : `${type} ×${many}`));
  return parts.join(", ") || "not parsed";
}

function Detail({ entry }: { entry: WireEntry }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.scrollIntoView({ block: "nearest" });
  }, [entry]);
  if (entry.kind !== "frame") return null;
  return (
    <div ref={box} className="wire-detail">
      <p className="soft">
        Session <code>{entry.session}</code>
        {entry.isCut && `, first part of ${bytesText(entry.bytes)}`}
      </p>
      <pre dir="ltr" tabIndex={0} role="region" aria-label="Frame">
        {entry.text === null ? "The room did not read this frame." : pretty(entry.text)}
      </pre>
    </div>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

type CopyProps = Pick<FramesProps, "writeTest"> & { readonly entries: readonly WireEntry[] };

function CopyTest({ entries, writeTest }: CopyProps) {
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), 3000);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(await writeTest(entries.toReversed()));
      setOutcome("copied");
    } catch {
      setOutcome("refused");
    }
  };
  return (
    <button className="toggle" disabled={entries.length === 0} onClick={() => void copy()}>
      {outcome === "copied" ? "Copied" : outcome === "refused" ? "Couldn’t copy" : "Copy as test"}
    </button>
  );
}
