// The open sessions of a user, one line each.

import type { SessionInspection } from "../common/api.ts";
import { Ago, counted, Until } from "../common/words.tsx";

/** Characters. Clients acknowledge rarely, so a smaller backlog is normal. */
const muchUnread = 512 * 1024;

export function SessionList({ sessions }: { sessions: readonly SessionInspection[] }) {
  if (sessions.length === 0) return <p className="small">No open sessions.</p>;
  return (
    <details className="sessions" open>
      <summary>{counted(sessions.length, "session")}</summary>
      <ul>
        {sessions.map(({ id, client, state, scopes, openedAt, heardAt, expiresAt, unread }) => (
          <li key={id}>
            <code dir="ltr">{id.slice(0, 8)}</code>
            <span>
              {state}
              {openedAt && (
                <>
                  , opened <Ago at={openedAt} />
                </>
              )}
              , last heard <Ago at={heardAt} />
              {expiresAt && (
                <>
                  , token expires <Until at={expiresAt} />
                </>
              )}
              {unread > muchUnread && `, ${counted(unread, "unacknowledged character")}`}
            </span>
            <small dir="ltr">
              {client && `client ${client.slice(0, 8)}, `}
              {scopes.includes("room:admin") ? "room:admin" : scopes.join(" ") || "no scopes"}
            </small>
          </li>
        ))}
      </ul>
    </details>
  );
}
