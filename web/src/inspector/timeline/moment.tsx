// One row of the journal: the change, the state after it, and a button to restore that state.

import { useEffect, useMemo, useRef, useState } from "react";
import { diff, type JsonObject } from "collab-room/protocol";
import { useApi } from "../common/access.tsx";
import {
  problemOf,
  roomPath,
  type JournalRow,
  type PastState,
  type Problem,
} from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";
import { Failed, Loading, Notice, problemText } from "../common/notice.tsx";
import { useLoaded } from "../common/use-loaded.ts";
import { bytesText, count, momentText } from "../common/words.tsx";
import { stepsOf } from "../state/edit.ts";
import { DifferenceList } from "../state/edit-dialog.tsx";
import { nodesIn, rowsOf, toggled, type Opened } from "../state/rows.ts";
import { Tree, type TreeHandle } from "../state/tree.tsx";
import { authorsText } from "./authors.ts";

type Props = {
  readonly room: string;
  readonly row: JournalRow;
  /** The version of the current state. */
  readonly version: number;
};

export function Moment({ room, row, version }: Props) {
  const api = useApi();
  const path = roomPath(room, `/journal/${row.to}`);
  const [loaded, reload] = useLoaded(path, (signal) => api.json<PastState>(path, { signal }), null);
  const [shown, setShown] = useState<"change" | "state">("change");
  const card = useRef<HTMLDivElement>(null);
  // On a phone, it is above the journal. The braces matter: in new browsers, scrolling returns a promise, which is not
  // a valid clean-up function.
  useEffect(() => {
    card.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div ref={card} className="card moment">
      <h2>Version {count(row.to)}</h2>
      <p className="soft">
        {authorsText(row)}
        {row.at && `, ${momentText(row.at)}`}, {bytesText(row.bytes)}
      </p>
      <div className="toolbar">
        <button
          className="toggle"
          aria-pressed={shown === "change"}
          onClick={() => setShown("change")}
        >
          Change
        </button>
        <button
          className="toggle"
          aria-pressed={shown === "state"}
          onClick={() => setShown("state")}
        >
          State after it
        </button>
        {loaded.state === "ready" && loaded.value.version < version && (
          <BringBack room={room} past={loaded.value} />
        )}
      </div>
      {shown === "change" && (
        <pre className="patch" dir="ltr" tabIndex={0} role="region" aria-label="Change">
          {row.patch === null
            ? "This patch can’t be read."
            : row.patch.map((operation) => `${JSON.stringify(operation)}\n`)}
        </pre>
      )}
      {shown === "state" && loaded.state === "loading" && <Loading what="the state" />}
      {shown === "state" &&
        loaded.state === "failed" &&
        (loaded.problem.code === "changes_gone" ? (
          <Notice kind="gone" sentence="The journal no longer reaches back to this version.">
            <button className="primary" onClick={() => setShown("change")}>
              Show the change
            </button>
          </Notice>
        ) : (
          <Failed problem={loaded.problem} onRetry={reload} />
        ))}
      {shown === "state" && loaded.state === "ready" && <PastTree state={loaded.value.state} />}
    </div>
  );
}

const nothing: ReadonlyMap<string, number> = new Map();
const fewNodes = 200;

function PastTree({ state }: { state: JsonObject }) {
  const tree = useRef<TreeHandle>(null);
  const [opened, setOpened] = useState<Opened>(() => ({
    all: nodesIn(state) < fewNodes,
    but: new Set(),
  }));
  const [selected, setSelected] = useState<string | null>(null);
  const rows = useMemo(() => rowsOf(state, opened), [state, opened]);
  if (rows.length === 0) return <p className="soft">The state was an empty object.</p>;
  return (
    <Tree
      ref={tree}
      rows={rows}
      state={state}
      selected={selected}
      flashes={nothing}
      onSelect={setSelected}
      onToggle={(pointer) => setOpened((before) => toggled(before, pointer))}
    />
  );
}

type Present = { readonly tag: string; readonly state: JsonObject };

/** Restores an earlier state as a new change, so that the journal keeps both. */
function BringBack({ room, past }: { room: string; past: PastState }) {
  const api = useApi();
  const [present, setPresent] = useState<Present | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const look = async (): Promise<void> => {
    setProblem(null);
    try {
      const response = await api.fetch(roomPath(room, "/state"));
      const state = (await response.json()) as JsonObject;
      setPresent({ tag: response.headers.get("etag") ?? "", state });
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const differences = useMemo(
    () => (present ? differencesOf(present.state, past.state) : []),
    [present, past],
  );
  return (
    <>
      <button className="toggle" onClick={() => void look()}>
        Restore…
      </button>
      {problem && !present && (
        <p className="refusal" role="alert">
          {problemText(problem)}
        </p>
      )}
      {present && (
        <AskDialog
          title={`Restore version ${count(past.version)}`}
          button="Restore"
          isDangerous
          isWide
          isDisabled={differences.length === 0}
          act={() =>
            api.done(roomPath(room, "/state"), {
              method: "PUT",
              body: past.state,
              headers: { "if-match": present.tag },
            })
          }
          tell={(refusal) =>
            refusal.code === "version_conflict" ? (
              <>
                Someone changed the state in the meantime, so nothing was sent.{" "}
                <button type="button" className="link" onClick={() => void look()}>
                  Compare again
                </button>
                {problem && <> {problemText(problem)}</>}
              </>
            ) : (
              problemText(refusal)
            )
          }
          onClose={() => setPresent(null)}
        >
          <p>These changes will be made to the current state, as a new version.</p>
          <DifferenceList
            differences={differences}
            sentence="The current state is already the same."
          />
        </AskDialog>
      )}
    </>
  );
}

function differencesOf(present: JsonObject, past: JsonObject) {
  if (diff(present, past).length === 0) return [];
  return stepsOf({ kind: "change", pointer: "", value: past }, present).differences;
}
