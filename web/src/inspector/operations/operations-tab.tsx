// Operations on a room as a whole: broadcast an event, keep the room alive, stop it, delete it.

import { useState, type ReactNode } from "react";
import { goTo, roomsAddress } from "../address.ts";
import { useApi } from "../common/access.tsx";
import { problemOf, roomPath, type Problem, type RoomInspection } from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";
import { problemText } from "../common/notice.tsx";
import { counted, durationText } from "../common/words.tsx";
import { parse } from "../state/tree.tsx";

type Props = { readonly room: string; readonly info: RoomInspection; onChanged(): void };

export function OperationsTab({ room, info, onChanged }: Props) {
  return (
    <div className="operations">
      <Broadcast room={room} info={info} />
      <Touch room={room} info={info} onChanged={onChanged} />
      <Stop room={room} info={info} onChanged={onChanged} />
      <Purge room={room} />
    </div>
  );
}

type CardProps = { readonly title: string; readonly text: ReactNode; readonly children: ReactNode };

const Card = ({ title, text, children }: CardProps) => (
  <section className="card" aria-label={title}>
    <h2>{title}</h2>
    <p className="soft">{text}</p>
    {children}
  </section>
);

/** The outcome of the last action. */
function useOutcome() {
  const [outcome, setOutcome] = useState<string | Problem | null>(null);
  const run = (act: () => Promise<void>, done: string): void => {
    setOutcome(null);
    act().then(
      () => setOutcome(done),
      (error: unknown) => setOutcome(problemOf(error)),
    );
  };
  const shown =
    outcome === null ? null : typeof outcome === "string" ? (
      <p className="outcome" role="status">
        {outcome}
      </p>
    ) : (
      <p className="refusal" role="alert">
        {problemText(outcome)}
      </p>
    );
  return { shown, run, say: setOutcome };
}

function Broadcast({ room, info }: Pick<Props, "room" | "info">) {
  const api = useApi();
  const [event, setEvent] = useState("");
  const [payload, setPayload] = useState("null");
  const [isAsking, setAsking] = useState(false);
  const { shown, say } = useOutcome();
  const value = parse(payload);
  const send = () =>
    api.done(roomPath(room, "/broadcast"), { method: "POST", body: { event, payload: value } });
  return (
    <Card title="Broadcast" text="Send an event to every session in the room. It is not stored.">
      <form
        onSubmit={(submitted) => {
          submitted.preventDefault();
          setAsking(true);
        }}
      >
        <label className="field">
          <span>Event</span>
          <input
            dir="ltr"
            required
            maxLength={128}
            autoComplete="off"
            spellCheck={false}
            value={event}
            onChange={({ target }) => setEvent(target.value)}
          />
        </label>
        <label className="field">
          <span>Payload (JSON)</span>
          <textarea
            dir="ltr"
            rows={3}
            spellCheck={false}
            aria-invalid={value === undefined}
            value={payload}
            onChange={({ target }) => setPayload(target.value)}
          />
        </label>
        <button className="plain-button" disabled={event === "" || value === undefined}>
          Broadcast…
        </button>
      </form>
      {shown}
      {isAsking && (
        <AskDialog
          title="Broadcast"
          button="Send to everyone"
          act={async () => {
            await send();
            say(`Sent “${event}”.`);
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            “{event}” will be sent to {counted(info.sockets.sessions, "session")} of{" "}
            {counted(info.users.count, "person", "people")}.
          </p>
        </AskDialog>
      )}
    </Card>
  );
}

function Touch({ room, info, onChanged }: Props) {
  const api = useApi();
  const { shown, run } = useOutcome();
  const touch = async (): Promise<void> => {
    await api.done(roomPath(room, "/touch"), { method: "POST", body: {} });
    onChanged();
  };
  return (
    <Card
      title="Touch"
      text={`Restart the idle timer. An empty room then stops in ${durationText(info.idleTimeout)}.`}
    >
      <button className="plain-button" onClick={() => run(touch, "Idle timer restarted.")}>
        Touch
      </button>
      {shown}
    </Card>
  );
}

function Stop({ room, info, onChanged }: Props) {
  const api = useApi();
  const [isAsking, setAsking] = useState(false);
  return (
    <Card
      title="Stop"
      text="Close every socket and save. The room restarts with its stored state when someone opens it."
    >
      <button className="plain-button danger-text" onClick={() => setAsking(true)}>
        Stop…
      </button>
      {isAsking && (
        <AskDialog
          title="Stop this room"
          button="Stop room"
          isDangerous
          act={async () => {
            await api.done(roomPath(room), { method: "DELETE" });
            onChanged();
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            {info.users.count === 0
              ? "Nobody is in the room."
              : `${counted(info.users.count, "person is", "people are")} in the room and will be disconnected.`}{" "}
            {info.save.status === "failing" &&
              "Its last save failed. If saving fails again, the room keeps running."}
          </p>
        </AskDialog>
      )}
    </Card>
  );
}

function Purge({ room }: Pick<Props, "room">) {
  const api = useApi();
  const [isAsking, setAsking] = useState(false);
  return (
    <Card
      title="Purge"
      text="Stop the room and delete everything it has stored: the state, the journal and the bans. This can’t be undone."
    >
      <button className="plain-button danger-text" onClick={() => setAsking(true)}>
        Purge…
      </button>
      {isAsking && (
        <AskDialog
          title="Purge this room"
          button="Purge room"
          isDangerous
          toType={room}
          act={async () => {
            await api.done(roomPath(room, "?purge=true"), { method: "DELETE" });
            goTo(roomsAddress());
          }}
          onClose={() => setAsking(false)}
        >
          <p>Only what your application has saved elsewhere will remain.</p>
        </AskDialog>
      )}
    </Card>
  );
}
