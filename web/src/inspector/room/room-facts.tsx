// A room at a glance: its size, who is there, why it runs, what it waits for, and whether it is saved.

import { useState, type ReactNode } from "react";
import type { RoomInspection } from "../common/api.ts";
import { Ago, bytesText, count, counted, Until } from "../common/words.tsx";
import { awakeText, Running, timerText } from "./reasons.tsx";

type Props = { readonly info: RoomInspection; readonly isOld: boolean };

export function RoomFacts({ info, isOld }: Props) {
  const { state, users, sockets, alarm, journal } = info;
  const [isAll, setAll] = useState(false);
  return (
    <>
      <dl className="facts" data-old={isOld} data-all={isAll}>
        <Fact name="Version" more={<>epoch {info.epoch.slice(0, 8)}</>}>
          {count(info.version)}
        </Fact>
        <Fact name="State" more={`of ${bytesText(state.limit)}`}>
          {bytesText(state.bytes)}
          <meter
            min={0}
            max={state.limit}
            high={state.limit * 0.8}
            optimum={0}
            value={state.bytes}
            aria-label="Share of the size limit in use"
          />
        </Fact>
        <Fact
          name="People"
          more={
            users.kickedOut > 0 ? `${count(users.kickedOut)} banned` : `of ${count(users.limit)}`
          }
        >
          {count(users.count)}
        </Fact>
        <Fact name="Runs" more={<>as {info.behaviour}</>}>
          <Running running={info.running} />
        </Fact>
        <Fact name="Sockets" more={watchersText(sockets)}>
          {counted(sockets.sessions, "session")}
        </Fact>
        <Fact
          name="Awake"
          more={
            <>
              woke <Ago at={info.wokeAt} />
            </>
          }
        >
          {awakeText(info.awake)}
        </Fact>
        <Fact name="Next alarm" more={alarm && timerText(alarm.for)}>
          {alarm ? <Until at={alarm.at} /> : "None"}
        </Fact>
        <Fact
          name="Journal"
          more={`${bytesText(journal.bytes)}, from version ${count(journal.start)}`}
        >
          {counted(journal.rows, "row")}
        </Fact>
        <Fact
          name="Last active"
          more={
            <>
              started <Ago at={info.createdAt} />
            </>
          }
        >
          <Ago at={info.lastActivityAt} />
        </Fact>
        <Fact
          name="Saved"
          more={
            info.save.savedAt && (
              <>
                last <Ago at={info.save.savedAt} />
              </>
            )
          }
        >
          {savedText(info)}
        </Fact>
      </dl>
      {/* On a phone, only the first few are shown at first. */}
      <button className="quiet more-facts" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
        {isAll ? "Show less" : "Show more"}
      </button>
    </>
  );
}

/** A placeholder of the same size, so that the layout does not jump. */
export const FactsToCome = () => (
  <dl className="facts to-come" aria-hidden="true">
    {names.map((name) => (
      <Fact key={name} name={name} more="…">
        …
      </Fact>
    ))}
  </dl>
);

const names = [
  "Version",
  "State",
  "People",
  "Runs",
  "Sockets",
  "Awake",
  "Next alarm",
  "Journal",
  "Last active",
  "Saved",
];

type FactProps = { readonly name: string; readonly more?: ReactNode; readonly children: ReactNode };

export const Fact = ({ name, more, children }: FactProps) => (
  <div>
    <dt>{name}</dt>
    <dd>
      {children}
      {more && <small>{more}</small>}
    </dd>
  </div>
);

function watchersText({ streams, traces }: RoomInspection["sockets"]): string {
  const parts = [
    streams > 0 && counted(streams, "stream"),
    traces > 0 && counted(traces, "trace"),
  ].filter(Boolean);
  return parts.length === 0 ? "no streams or traces" : `plus ${parts.join(", ")}`;
}

function savedText({ save }: RoomInspection): string {
  switch (save.status) {
    case "off":
      return "In the room only";
    case "saved":
      return "Up to date";
    case "pending":
      return "Changes pending";
    case "failing":
      return "Failing";
    default:
      return save.status satisfies never;
  }
}

/** The reason is free text, with or without a full stop. */
const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

/** Says why the room cannot save, and when it tries again. */
export function SaveAlarm({ save }: { save: RoomInspection["save"] }) {
  if (save.status !== "failing") return null;
  const why =
    save.error === "call_timeout" ? "It timed out." : sentence(save.reason ?? "It threw an error");
  return (
    <div className="alarm" role="alert">
      <b>The room can’t save its state.</b>{" "}
      <span>
        <code>saveRoomState</code>: {why} {counted(save.attempts, "attempt")} failed
        {save.failingSince && (
          <>
            , the first <Ago at={save.failingSince} />
          </>
        )}
        .
        {save.dueAt && (
          <>
            {" "}
            Next attempt <Until at={save.dueAt} />.
          </>
        )}{" "}
        Until then, the state is safe in the room.
      </span>
      {save.instance && (
        <small>
          See the log for details: <code>{save.instance}</code>.
        </small>
      )}
    </div>
  );
}
