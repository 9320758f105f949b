// The journal: who changed the state, when, and how much. Selecting a row shows the change and the state after it.

import { useState } from "react";
import { useApi } from "../common/access.tsx";
import { roomPath, type JournalPage, type JournalRow } from "../common/api.ts";
import { Failed, Loading, Notice } from "../common/notice.tsx";
import { shortTime } from "../common/short-time.ts";
import { useLoaded } from "../common/use-loaded.ts";
import { bytesText, count, counted, momentText } from "../common/words.tsx";
import { authorsText } from "./authors.ts";
import { Moment } from "./moment.tsx";

const pageSize = 50;
const every = 2000;

type Props = { readonly room: string; readonly version: number };

export function TimelineTab({ room, version }: Props) {
  const api = useApi();
  const path = roomPath(room, "/journal");
  const [journal, setJournal] = useState<Journal>({ epoch: "", rows: [], next: null });
  const [chosen, setChosen] = useState<number | null>(null);
  const [loaded, reload] = useLoaded(
    path,
    async (signal) => {
      const page = await api.json<JournalPage>(`${path}?limit=${pageSize}`, { signal });
      setJournal((before) => withNewest(before, page));
      return page.start;
    },
    every,
  );
  if (loaded.state === "loading") return <Loading what="the journal" />;
  if (loaded.state === "failed") return <Failed problem={loaded.problem} onRetry={reload} />;
  const { rows, next } = journal;
  if (rows.length === 0)
    return (
      <Notice
        kind="empty"
        sentence={
          version === 0
            ? "No changes yet."
            : "The journal starts here. Earlier changes are only in the snapshot."
        }
      >
        <button className="primary" onClick={reload}>
          Refresh
        </button>
      </Notice>
    );
  const more = async (): Promise<void> => {
    const page = await api.json<JournalPage>(`${path}?limit=${pageSize}&upTo=${next}`);
    setJournal((before) => ({
      ...before,
      rows: [...before.rows, ...page.rows],
      next: page.next ?? null,
    }));
  };
  const row = rows.find(({ to }) => to === chosen);
  return (
    <div className="timeline">
      <section aria-label="Journal">
        <p className="soft lead">
          Newest first. Past states are available from version {count(loaded.value)}.
        </p>
        <ol className="journal" reversed>
          {rows.map((entry) => (
            <li key={entry.to}>
              <Row
                row={entry}
                isChosen={entry.to === chosen}
                onChoose={() => setChosen(entry.to)}
              />
            </li>
          ))}
        </ol>
        {next !== null && (
          <div className="paging">
            <button className="plain-button" onClick={() => void more().catch(reload)}>
              Show older changes
            </button>
          </div>
        )}
      </section>
      <section aria-label="Selected change">
        {row ? (
          <Moment key={row.to} room={room} row={row} version={version} />
        ) : (
          <Notice
            kind="choose"
            sentence="Select a change to see what it did and the state after it."
          >
            <button className="primary" onClick={() => setChosen(rows[0]?.to ?? null)}>
              Show the latest change
            </button>
          </Notice>
        )}
      </section>
    </div>
  );
}

type Journal = {
  readonly epoch: string;
  /** Newest first, without gaps. */
  readonly rows: readonly JournalRow[];
  /** The version at which the next older page starts; `null` if there is none. */
  readonly next: number | null;
};

/** The newest page, followed by the rows loaded before, unless there is a gap between them. */
function withNewest(before: Journal, page: JournalPage): Journal {
  const oldest = page.rows.at(-1)?.from ?? 0;
  const below = before.rows.filter(({ to }) => to <= oldest);
  return before.epoch === page.epoch && below[0]?.to === oldest
    ? { ...before, rows: [...page.rows, ...below] }
    : { epoch: page.epoch, rows: page.rows, next: page.next ?? null };
}

type RowProps = { readonly row: JournalRow; readonly isChosen: boolean; onChoose(): void };

function Row({ row, isChosen, onChoose }: RowProps) {
  const { from, to, at, bytes, patch } = row;
  return (
    <button className="journal-row" aria-pressed={isChosen} onClick={onChoose}>
      <b>{to - from === 1 ? count(to) : `${count(from + 1)}–${count(to)}`}</b>
      <span className="who" dir="auto">
        {authorsText(row)}
      </span>
      <span className="what" dir="ltr">
        {patch === null
          ? "unreadable"
          : patch.length === 1
            ? `${patch[0]?.op} ${patch[0]?.path || "/"}`
            : counted(patch.length, "operation")}
      </span>
      <span className="size">{bytesText(bytes)}</span>
      {at && (
        <time dateTime={at} title={momentText(at)}>
          {shortTime(at, Date.now())}
        </time>
      )}
    </button>
  );
}
