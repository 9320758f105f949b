// The page of one room: its facts, and a tab for each thing to see or do. The tab is part of the address.

import { useEffect, useRef, type KeyboardEvent } from "react";
import { FaultBoundary } from "../../shared/fault-boundary.tsx";
import { goTo, roomAddress, roomsAddress, tabs, type Tab } from "../address.ts";
import { useApi } from "../common/access.tsx";
import { roomPath, type RoomInspection } from "../common/api.ts";
import { Failed, Loading, problemText } from "../common/notice.tsx";
import { useLoaded } from "../common/use-loaded.ts";
import { ActionsTab } from "../actions/actions-tab.tsx";
import { OperationsTab } from "../operations/operations-tab.tsx";
import { PeopleTab } from "../people/people-tab.tsx";
import { PresenceTab } from "../people/presence-tab.tsx";
import { Badge, StateBadge } from "../rooms/room-list.tsx";
import { StateTab } from "../state/state-tab.tsx";
import { TimelineTab } from "../timeline/timeline-tab.tsx";
import { WireTab } from "../wire/wire-tab.tsx";
import { FactsToCome, RoomFacts, SaveAlarm } from "./room-facts.tsx";
import { Stopped } from "./stopped.tsx";

const every = 2000;

const labels: Record<Tab, string> = {
  state: "State",
  timeline: "Timeline",
  people: "People",
  presence: "Presence",
  wire: "Wire",
  actions: "Actions",
  operations: "Operations",
};

export function RoomPage({ id, tab }: { id: string; tab: Tab }) {
  const api = useApi();
  const path = roomPath(id, "/inspect");
  const [loaded, reload] = useLoaded(
    path,
    (signal) => api.json<RoomInspection>(path, { signal }),
    every,
  );
  const info = loaded.state === "ready" ? loaded.value : null;
  const isAway = loaded.state === "ready" && loaded.problem !== null;
  const isStopped = loaded.state === "failed" && loaded.problem.code === "room_not_running";
  return (
    <>
      <div className="heading room-heading">
        <div>
          <a className="back" href={roomsAddress()}>
            Rooms
          </a>
          <h1 dir="auto">{id}</h1>
        </div>
        {info && (isAway ? <Badge kind="warn">Unreachable</Badge> : <StateBadge info={info} />)}
      </div>
      {isStopped && <Stopped room={id} onStarted={reload} />}
      {loaded.state === "failed" && !isStopped && (
        <Failed problem={loaded.problem} onRetry={reload} />
      )}
      {loaded.state !== "failed" && (
        <>
          {info ? (
            <>
              <RoomFacts info={info} isOld={isAway} />
              <p className="soft away" role="status">
                {isAway && `${problemText(loaded.problem)} Showing the last known data.`}
              </p>
              <SaveAlarm save={info.save} />
            </>
          ) : (
            <FactsToCome />
          )}
          <Tabs id={id} tab={tab} />
          <div
            className="panel"
            role="tabpanel"
            id="panel"
            aria-labelledby={`tab-${tab}`}
            tabIndex={-1}
          >
            <FaultBoundary key={tab}>
              <Panel id={id} tab={tab} info={info} onChanged={reload} />
            </FaultBoundary>
          </div>
        </>
      )}
    </>
  );
}

/** Arrow keys move from tab to tab. */
function Tabs({ id, tab }: { id: string; tab: Tab }) {
  const list = useRef<HTMLDivElement>(null);
  // On a phone, not all tabs fit on the screen.
  useEffect(() => {
    const shown = list.current?.querySelector(`#tab-${tab}`);
    shown?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [tab]);
  const onKey = (event: KeyboardEvent): void => {
    const isMirrored = document.documentElement.dir === "rtl";
    const at = tabs.indexOf(tab);
    const steps: Record<string, number> = {
      ArrowRight: at + (isMirrored ? -1 : 1),
      ArrowLeft: at + (isMirrored ? 1 : -1),
      Home: 0,
      End: tabs.length - 1,
    };
    const step = steps[event.key];
    const next = step === undefined ? undefined : tabs.at(step % tabs.length);
    if (next === undefined) return;
    event.preventDefault();
    goTo(roomAddress(id, next), false);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div ref={list} className="tabs" role="tablist" aria-label="Room" onKeyDown={onKey}>
      {tabs.map((name) => (
        <a
          key={name}
          id={`tab-${name}`}
          role="tab"
          href={roomAddress(id, name)}
          aria-selected={name === tab}
          aria-controls="panel"
          tabIndex={name === tab ? 0 : -1}
        >
          {labels[name]}
        </a>
      ))}
    </div>
  );
}

const loading = <Loading what="the room" />;

type PanelProps = {
  readonly id: string;
  readonly tab: Tab;
  /** `null` until it is loaded: tabs that do not need it do not wait. */
  readonly info: RoomInspection | null;
  onChanged(): void;
};

function Panel({ id, tab, info, onChanged }: PanelProps) {
  switch (tab) {
    case "state":
      return <StateTab room={id} />;
    case "timeline":
      return info ? <TimelineTab room={id} version={info.version} /> : loading;
    case "people":
      return <PeopleTab room={id} />;
    case "presence":
      return <PresenceTab room={id} />;
    case "wire":
      return info ? <WireTab room={id} behaviour={info.behaviour} /> : loading;
    case "actions":
      return <ActionsTab room={id} />;
    case "operations":
      return info ? <OperationsTab room={id} info={info} onChanged={onChanged} /> : loading;
    default:
      return tab satisfies never;
  }
}
