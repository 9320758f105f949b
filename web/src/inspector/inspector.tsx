// The frame of the inspector: the navigation, and the page for the current address.

import { useEffect, useRef } from "react";
import { FaultBoundary } from "../shared/fault-boundary.tsx";
import { metricsAddress, roomsAddress, usePlace, type Place } from "./address.ts";
import { AccessGate, useAccess } from "./common/access.tsx";
import { Nowhere } from "./common/notice.tsx";
import { MetricsPage } from "./metrics/metrics-page.tsx";
import { RoomPage } from "./room/room-page.tsx";
import { RoomList } from "./rooms/room-list.tsx";

export function Inspector() {
  return (
    <AccessGate>
      <Top />
      <Main />
    </AccessGate>
  );
}

function Main() {
  const place = usePlace();
  const main = useRef<HTMLElement>(null);
  const title = titleOf(place);
  const shown = useRef(title);
  useEffect(() => {
    document.title = title;
    // The link that had the focus is gone: keyboard users continue at the top of the page.
    if (shown.current !== title) main.current?.focus({ preventScroll: true });
    shown.current = title;
  }, [title]);
  return (
    <main ref={main} tabIndex={-1}>
      <FaultBoundary key={place.at === "room" ? place.id : place.at}>
        <Shown place={place} />
      </FaultBoundary>
    </main>
  );
}

function titleOf(place: Place): string {
  const name = { rooms: "Rooms", metrics: "Metrics", nowhere: "Not found" };
  return `${place.at === "room" ? place.id : name[place.at]}: Inspector`;
}

function Top() {
  const { at } = usePlace();
  const { hasToken, leave } = useAccess();
  return (
    <header className="top">
      <a className="brand" href="/">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>collab-room</span>
      </a>
      <nav aria-label="Inspector">
        <a className="quiet" href={roomsAddress()} aria-current={isCurrent(at === "rooms")}>
          Rooms
        </a>
        <a className="quiet" href={metricsAddress} aria-current={isCurrent(at === "metrics")}>
          Metrics
        </a>
        {hasToken && (
          <button className="quiet" onClick={leave}>
            Change token
          </button>
        )}
      </nav>
    </header>
  );
}

const isCurrent = (is: boolean) => (is ? "page" : undefined);

function Shown({ place }: { place: Place }) {
  switch (place.at) {
    case "rooms":
      return <RoomList prefix={place.prefix} />;
    case "room":
      return <RoomPage key={place.id} id={place.id} tab={place.tab} />;
    case "metrics":
      return <MetricsPage />;
    case "nowhere":
      return <Nowhere />;
    default:
      return place satisfies never;
  }
}
