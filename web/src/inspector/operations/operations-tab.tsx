// What an operator does to a room as a whole: tell everybody something, keep it alive, stop it, delete it.

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

/** What has become of the last thing that was asked for. */
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
    <Card title="Broadcast" text="An event for every session of the room. It is not stored.">
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
          <span>Payload, as JSON</span>
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
          button="Send to everybody"
          act={async () => {
            await send();
            say(`“${event}” was sent.`);
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            {counted(info.sockets.sessions, "session")} of{" "}
            {counted(info.users.count, "person", "people")} will get “{event}”.
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
      text={`A sign of life: an empty room then stops ${durationText(info.idleTimeout)} from now.`}
    >
      <button className="plain-button" onClick={() => run(touch, "The time starts again.")}>
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
      text="Closes every socket, and saves. The room starts again, with what it has kept, when somebody comes."
    >
      <button className="plain-button danger-text" onClick={() => setAsking(true)}>
        Stop…
      </button>
      {isAsking && (
        <AskDialog
          title="Stop this room"
          button="Stop it"
          isDangerous
          act={async () => {
            await api.done(roomPath(room), { method: "DELETE" });
            onChanged();
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            {info.users.count === 0
              ? "Nobody is in it."
              : `${counted(info.users.count, "person is", "people are")} in it, and will be told.`}{" "}
            {info.save.status === "failing" &&
              "Its last save has failed: if saving fails again, it goes on running."}
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
      text="Stops the room, and deletes all that it has stored: the state, the journal, who is kept out. There is no way back."
    >
      <button className="plain-button danger-text" onClick={() => setAsking(true)}>
        Purge…
      </button>
      {isAsking && (
        <AskDialog
          title="Delete all of this room"
          button="Purge it"
          isDangerous
          toType={room}
          act={async () => {
            await api.done(roomPath(room, "?purge=true"), { method: "DELETE" });
            goTo(roomsAddress());
          }}
          onClose={() => setAsking(false)}
        >
          <p>Nothing of it will be left but what the application has saved elsewhere.</p>
        </AskDialog>
      )}
    </Card>
  );
}
