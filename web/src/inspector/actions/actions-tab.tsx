// The actions of the room, each with a form generated from its input schema.

import { useMemo, useState } from "react";
import type { JsonValue } from "collab-room/protocol";
import { useApi } from "../common/access.tsx";
import { roomPath, type ActionAnswer, type ActionInfo, type ActionList } from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";
import { Failed, Loading, Notice } from "../common/notice.tsx";
import { useLoaded } from "../common/use-loaded.ts";
import { count } from "../common/words.tsx";
import { roomAddress } from "../address.ts";
import { SchemaField } from "./schema-field.tsx";
import { shapeOf } from "./schema.ts";

export function ActionsTab({ room }: { room: string }) {
  const api = useApi();
  const path = roomPath(room, "/actions");
  const [loaded, reload] = useLoaded(
    path,
    (signal) => api.json<ActionList>(path, { signal }),
    null,
  );
  if (loaded.state === "loading") return <Loading what="the actions" />;
  if (loaded.state === "failed") return <Failed problem={loaded.problem} onRetry={reload} />;
  const { actions, behaviour } = loaded.value;
  if (actions.length === 0)
    return (
      <Notice kind="empty" sentence={`Rooms of kind “${behaviour}” have no actions.`}>
        <a className="primary" href={roomAddress(room, "state")}>
          Edit the state
        </a>
      </Notice>
    );
  return (
    <div className="forms">
      {actions.map((action) => (
        <ActionForm key={action.name} room={room} action={action} />
      ))}
    </div>
  );
}

function ActionForm({ room, action }: { room: string; action: ActionInfo }) {
  const api = useApi();
  const shape = useMemo(() => shapeOf(action.input ?? undefined), [action]);
  const [input, setInput] = useState<JsonValue | undefined>(shape.first);
  const [isAsking, setAsking] = useState(false);
  const [answer, setAnswer] = useState<ActionAnswer | null>(null);
  return (
    <section className="card" aria-label={action.name}>
      <h2>
        <code>{action.name}</code>
      </h2>
      <p className="soft">
        {action.description ??
          (action.input === null
            ? "The schema of its input is not available. Enter the input as JSON."
            : "")}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setAsking(true);
        }}
      >
        <SchemaField name="" shape={shape} value={input} onChange={setInput} />
        <button className="plain-button" disabled={input === undefined}>
          Call…
        </button>
      </form>
      {answer && (
        <div className="answer" role="status">
          <p className="outcome">Done. The state is at version {count(answer.version)}.</p>
          <pre dir="ltr">{JSON.stringify(answer.result, null, 2)}</pre>
        </div>
      )}
      {isAsking && input !== undefined && (
        <AskDialog
          title={`Call ${action.name}`}
          button={`Call ${action.name}`}
          act={async () => {
            const path = roomPath(room, `/actions/${encodeURIComponent(action.name)}`);
            setAnswer(await api.json<ActionAnswer>(path, { method: "POST", body: input }));
          }}
          onClose={() => setAsking(false)}
        >
          <p>The room will run it with this input:</p>
          <pre className="patch" dir="ltr" tabIndex={0} role="region" aria-label="Input">
            {JSON.stringify(input, null, 2)}
          </pre>
        </AskDialog>
      )}
    </section>
  );
}
