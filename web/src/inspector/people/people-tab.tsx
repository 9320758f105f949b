// Who is in the room: each with what they may do, which can be changed at once, and the ways to see them out.

import { useState } from "react";
import { useApi } from "../common/access.tsx";
import {
  problemOf,
  roomPath,
  userPath,
  type PresenceMap,
  type Problem,
  type UserEntry,
  type UserInfo,
  type UserPage,
} from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";
import { Failed, Loading, Notice, problemText } from "../common/notice.tsx";
import { useLoaded } from "../common/use-loaded.ts";
import { Ago, count, counted } from "../common/words.tsx";
import { allScopes, type Scope } from "collab-room/protocol";
import { KickDialog } from "./kick-dialog.tsx";

const pageSize = 50;
const every = 2000;

type Seen = UserPage & { readonly presence: PresenceMap["presence"] };

export function PeopleTab({ room }: { room: string }) {
  const api = useApi();
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const query = new URLSearchParams({ limit: `${pageSize}` });
  const cursor = cursors.at(-1);
  if (cursor !== undefined) query.set("cursor", cursor);
  const path = roomPath(room, `/users?${query}`);
  const load = async (signal: AbortSignal): Promise<Seen> => {
    const [page, { presence }] = await Promise.all([
      api.json<UserPage>(path, { signal }),
      api.json<PresenceMap>(roomPath(room, "/presence"), { signal }),
    ]);
    return { ...page, presence };
  };
  const [loaded, reload] = useLoaded(path, load, every);
  if (loaded.state === "loading") return <Loading what="the people" />;
  if (loaded.state === "failed") return <Failed problem={loaded.problem} onRetry={reload} />;
  const { users, total, cursor: next, presence } = loaded.value;
  if (total === 0)
    return (
      <Notice kind="empty" sentence="Nobody is in this room.">
        <button className="primary" onClick={reload}>
          Look again
        </button>
      </Notice>
    );
  return (
    <section aria-label="People">
      <p className="soft lead">
        {counted(total, "person is", "people are")} in this room. What somebody may do holds from
        their next message on.
      </p>
      <ul className="people">
        {users.map((user) => (
          <PersonRow
            key={user.id}
            room={room}
            user={user}
            presence={presence[user.id]}
            onChanged={reload}
          />
        ))}
      </ul>
      {(cursors.length > 0 || next !== undefined) && (
        <div className="paging">
          <button
            className="plain-button"
            disabled={cursors.length === 0}
            onClick={() => setCursors(cursors.slice(0, -1))}
          >
            Previous
          </button>
          <span>
            {count(cursors.length * pageSize + 1)} to{" "}
            {count(cursors.length * pageSize + users.length)} of {count(total)}
          </span>
          <button
            className="plain-button"
            disabled={next === undefined}
            onClick={() => next !== undefined && setCursors([...cursors, next])}
          >
            Next
          </button>
        </div>
      )}
    </section>
  );
}

type RowProps = {
  readonly room: string;
  readonly user: UserEntry;
  readonly presence: PresenceMap["presence"][string] | undefined;
  onChanged(): void;
};

function PersonRow({ room, user, presence, onChanged }: RowProps) {
  const api = useApi();
  const path = userPath(room, user.id);
  const [loaded, reload] = useLoaded(path, (signal) => api.json<UserInfo>(path, { signal }), every);
  const [asked, setAsked] = useState<"kick" | Scope | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const info = loaded.state === "ready" ? loaded.value : null;
  const name = presence?.name || String(user["name"] ?? user.id);
  const scopes = (info?.scopes ?? []) as readonly Scope[];
  const set = (scope: Scope): Promise<void> => {
    const isOn = scopes.includes(scope);
    const next = isOn ? scopes.filter((other) => other !== scope) : [...scopes, scope];
    return api.done(path, { method: "PATCH", body: { scopes: next } }).then(reload);
  };
  const press = (scope: Scope): void => {
    setProblem(null);
    if (isDangerous(scope, scopes)) setAsked(scope);
    else set(scope).catch((error: unknown) => setProblem(problemOf(error)));
  };
  return (
    <li className="person-row" aria-label={name}>
      <div className="person-head">
        <i
          className="dot"
          data-status={presence?.status ?? "none"}
          style={{ background: presence?.color }}
          aria-hidden="true"
        />
        <b dir="auto">{name}</b>
        <code dir="ltr">{user.id}</code>
        <span className="soft">
          {statusText(info, presence?.status)}, joined <Ago at={user.joinedAt} />
        </span>
        <button className="toggle" onClick={() => setAsked("kick")}>
          Remove…
        </button>
      </div>
      <div className="scopes" role="group" aria-label={`What ${name} may do`}>
        {allScopes.map((scope) => (
          <button
            key={scope}
            className="switch"
            role="switch"
            aria-checked={scopes.includes(scope)}
            disabled={info === null}
            onClick={() => press(scope)}
          >
            <i aria-hidden="true" /> {scope}
          </button>
        ))}
      </div>
      {problem && (
        <p className="refusal" role="alert">
          {problemText(problem)}
        </p>
      )}
      {asked === "kick" && (
        <KickDialog
          room={room}
          userId={user.id}
          name={name}
          onClose={() => setAsked(null)}
          onDone={onChanged}
        />
      )}
      {asked !== null && asked !== "kick" && (
        <AskDialog
          title={asked === "room:admin" ? `Let ${name} do everything` : `Shut ${name} out`}
          button={asked === "room:admin" ? "Give room:admin" : "Take room:read"}
          isDangerous
          act={() => set(asked)}
          onClose={() => setAsked(null)}
        >
          <p>
            {asked === "room:admin"
              ? "With room:admin, they may change everything in this room, remove people, and purge it."
              : "Without room:read, their sessions are closed at once, and they cannot come back until it is given again."}
          </p>
        </AskDialog>
      )}
    </li>
  );
}

/** What gives everything, or takes somebody out of the room. */
const isDangerous = (scope: Scope, scopes: readonly Scope[]): boolean =>
  scope === "room:admin"
    ? !scopes.includes(scope)
    : scope === "room:read" && scopes.includes(scope) && !scopes.includes("room:admin");

function statusText(info: UserInfo | null, status: string | undefined): string {
  const sessions = info === null ? "…" : counted(info.sessions, "session");
  return status === undefined ? sessions : `${status}, ${sessions}`;
}
