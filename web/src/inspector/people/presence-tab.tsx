// The current presence of every user.

import { useApi } from "../common/access.tsx";
import { roomPath, type PresenceMap } from "../common/api.ts";
import { Failed, Loading, Notice } from "../common/notice.tsx";
import { useLoaded } from "../common/use-loaded.ts";

const every = 1000;

export function PresenceTab({ room }: { room: string }) {
  const api = useApi();
  const path = roomPath(room, "/presence");
  const [loaded, reload] = useLoaded(
    path,
    (signal) => api.json<PresenceMap>(path, { signal }),
    every,
  );
  if (loaded.state === "loading") return <Loading what="presence" />;
  if (loaded.state === "failed") return <Failed problem={loaded.problem} onRetry={reload} />;
  const shown = Object.entries(loaded.value.presence);
  if (shown.length === 0)
    return (
      <Notice kind="empty" sentence="Nobody is sharing presence.">
        <button className="primary" onClick={reload}>
          Refresh
        </button>
      </Notice>
    );
  return (
    <ul className="presence">
      {shown.map(([id, presence]) => (
        <li key={id}>
          <div className="person-head">
            <i
              className="dot"
              data-status={presence.status}
              style={{ backgroundColor: presence.color }}
              aria-hidden="true"
            />
            <b dir="auto">{presence.name}</b>
            <code dir="ltr">{id}</code>
            <span className="soft">
              {presence.status}
              {presence.typing && ", typing"}
            </span>
          </div>
          <pre dir="ltr" tabIndex={0} role="region" aria-label={`Presence of ${presence.name}`}>
            {JSON.stringify(restOf(presence), null, 1)}
          </pre>
        </li>
      ))}
    </ul>
  );
}

/** The members that are not shown elsewhere. */
function restOf(presence: PresenceMap["presence"][string]): object {
  const { name: _, status: _status, typing: _typing, ...rest } = presence;
  return rest;
}
