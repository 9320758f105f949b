// The frame around everything: where one is, and the ways elsewhere.

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
      <main>
        <Shown />
      </main>
    </AccessGate>
  );
}

function Top() {
  const { at } = usePlace();
  const { api, leave } = useAccess();
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
        {api.hasToken && (
          <button className="quiet" onClick={leave}>
            Change token
          </button>
        )}
      </nav>
    </header>
  );
}

const isCurrent = (is: boolean) => (is ? "page" : undefined);

function Shown() {
  const place: Place = usePlace();
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
