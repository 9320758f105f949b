// The journal: who has changed the state, when, and how much. One row is chosen, to see what it did and how the state was
// then.

import { useState } from "react";
import { useApi } from "../common/access.tsx";
import { roomPath, type JournalPage, type JournalRow } from "../common/api.ts";
import { Failed, Loading, Notice } from "../common/notice.tsx";
import { useLoaded } from "../common/use-loaded.ts";
import { bytesText, count, counted, momentText, timeText } from "../common/words.tsx";
import { authorsText } from "./authors.ts";
import { Moment } from "./moment.tsx";

const pageSize = 50;
const every = 2000;

type Props = { readonly room: string; readonly version: number };

export function TimelineTab({ room, version }: Props) {
  const api = useApi();
  const path = roomPath(room, "/journal");
  const load = (upTo: number | undefined, signal?: AbortSignal): Promise<JournalPage> =>
    api.json(`${path}?limit=${pageSize}${upTo === undefined ? "" : `&upTo=${upTo}`}`, {
      ...(signal && { signal }),
    });
  const [loaded, reload] = useLoaded(path, (signal) => load(undefined, signal), every);
  const [older, setOlder] = useState<readonly JournalRow[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  if (loaded.state === "loading") return <Loading what="the journal" />;
  if (loaded.state === "failed") return <Failed problem={loaded.problem} onRetry={reload} />;
  const { rows: newest, next: first, start } = loaded.value;
  const last = newest.at(-1)?.from ?? 0;
  // Rows move from the newest page to the older ones while somebody looks.
  const rows = [...newest, ...older.filter(({ to }) => to <= last)];
  if (rows.length === 0)
    return (
      <Notice
        kind="empty"
        sentence={
          version === 0
            ? "Nothing has changed yet."
            : "The journal begins here: earlier changes are in the snapshot only."
        }
      >
        <button className="primary" onClick={reload}>
          Look again
        </button>
      </Notice>
    );
  const upTo = next ?? first;
  const more = async (): Promise<void> => {
    const page = await load(upTo);
    setOlder((before) => [...before, ...page.rows]);
    setNext(page.next ?? -1);
  };
  const row = rows.find(({ to }) => to === chosen);
  return (
    <div className="timeline">
      <section aria-label="Journal">
        <p className="soft lead">
          Newest first. The state can be read from version {count(start)} on.
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
        {upTo !== undefined && upTo >= 0 && (
          <div className="paging">
            <button className="plain-button" onClick={() => void more().catch(reload)}>
              Show older ones
            </button>
          </div>
        )}
      </section>
      <section aria-label="What is chosen">
        {row ? (
          <Moment key={row.to} room={room} row={row} version={version} />
        ) : (
          <Notice kind="choose" sentence="Choose a change to see what it did, and the state then.">
            <button className="primary" onClick={() => setChosen(rows[0]?.to ?? null)}>
              Show the newest
            </button>
          </Notice>
        )}
      </section>
    </div>
  );
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
          ? "cannot be read"
          : patch.length === 1
            ? `${patch[0]?.op} ${patch[0]?.path || "/"}`
            : counted(patch.length, "operation")}
      </span>
      <span className="size">{bytesText(bytes)}</span>
      {at && (
        <time dateTime={at} title={momentText(at)}>
          {timeText(at)}
        </time>
      )}
    </button>
  );
}
