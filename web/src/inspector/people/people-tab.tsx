// The people in the room: their scopes, which can be changed live, and a way to remove them.

import { useState } from "react";
import { useApi } from "../common/access.tsx";
import {
  problemOf,
  roomPath,
  userPath,
  type KickInfo,
  type PresenceMap,
  type Problem,
  type UserInspection,
  type UserInspectionPage,
} from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";
import { Failed, Loading, Notice, problemText } from "../common/notice.tsx";
import { useLoaded } from "../common/use-loaded.ts";
import { Ago, count, counted } from "../common/words.tsx";
import { allScopes, type Scope } from "collab-room/protocol";
import { Deadlines } from "./deadlines.tsx";
import { Bans } from "./bans.tsx";
import { KickDialog } from "./kick-dialog.tsx";
import { SessionList } from "./session-list.tsx";

const pageSize = 50;
const every = 2000;

type Seen = UserInspectionPage & {
  readonly presence: PresenceMap["presence"];
  readonly kicked: readonly KickInfo[];
};

export function PeopleTab({ room }: { room: string }) {
  const api = useApi();
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const query = new URLSearchParams({ limit: `${pageSize}` });
  const cursor = cursors.at(-1);
  if (cursor !== undefined) query.set("cursor", cursor);
  const path = roomPath(room, `/inspect/users?${query}`);
  const load = async (signal: AbortSignal): Promise<Seen> => {
    const [page, { presence }, { kicked }] = await Promise.all([
      api.json<UserInspectionPage>(path, { signal }),
      api.json<PresenceMap>(roomPath(room, "/presence"), { signal }),
      api.json<{ kicked: readonly KickInfo[] }>(roomPath(room, "/kicked"), { signal }),
    ]);
    return { ...page, presence, kicked };
  };
  const [loaded, reload] = useLoaded(path, load, every);
  if (loaded.state === "loading") return <Loading what="the people" />;
  if (loaded.state === "failed") return <Failed problem={loaded.problem} onRetry={reload} />;
  const { users, total, cursor: next, presence, kicked } = loaded.value;
  return (
    <section aria-label="People">
      {total === 0 ? (
        <Notice kind="empty" sentence="Nobody is in this room.">
          <button className="primary" onClick={reload}>
            Refresh
          </button>
        </Notice>
      ) : (
        <p className="soft lead">
          {counted(total, "person is", "people are")} in this room. Scope changes apply from their
          next message.
        </p>
      )}
      <ul className="people">
        {users.map((person) => (
          <PersonRow
            key={person.id}
            room={room}
            person={person}
            presence={Object.hasOwn(presence, person.id) ? presence[person.id] : undefined}
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
            {count(cursors.length * pageSize + 1)}–{count(cursors.length * pageSize + users.length)}{" "}
            of {count(total)}
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
      {kicked.length > 0 && <Bans room={room} kicked={kicked} onChanged={reload} />}
    </section>
  );
}

type RowProps = {
  readonly room: string;
  readonly person: UserInspection;
  readonly presence: PresenceMap["presence"][string] | undefined;
  onChanged(): void;
};

function PersonRow({ room, person, presence, onChanged }: RowProps) {
  const api = useApi();
  const { id, user, sessions } = person;
  const [asked, setAsked] = useState<"kick" | Scope | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const name = nameOf(person, presence);
  // The scopes the room has set for them, or else those of any of their sessions.
  const scopes =
    person.scopes ??
    allScopes.filter((scope) => sessions.some((session) => session.scopes.includes(scope)));
  // Without either, the scopes are unknown: they are in a token that the room has not seen.
  const isKnown = person.scopes !== undefined || sessions.length > 0;
  const set = (scope: Scope): Promise<void> => {
    const isOn = scopes.includes(scope);
    const next = isOn ? scopes.filter((other) => other !== scope) : [...scopes, scope];
    return api
      .done(userPath(room, id), { method: "PATCH", body: { scopes: next } })
      .then(onChanged);
  };
  const press = (scope: Scope): void => {
    setProblem(null);
    if (!isKnown || isDangerous(scope, scopes)) setAsked(scope);
    else set(scope).catch((error: unknown) => setProblem(problemOf(error)));
  };
  return (
    <li className="person-row" aria-label={name}>
      <div className="person-head">
        <i
          className="dot"
          data-status={presence?.status ?? "none"}
          style={{ backgroundColor: presence?.color }}
          aria-hidden="true"
        />
        <b dir="auto">{name}</b>
        <code dir="ltr">{id}</code>
        <span className="soft">
          {presence && `${presence.status}, `}
          {user && (
            <>
              joined <Ago at={user.joinedAt} />
            </>
          )}
        </span>
        <button className="toggle" onClick={() => setAsked("kick")}>
          Remove…
        </button>
      </div>
      <Deadlines person={person} />
      <div className="scopes" role="group" aria-label={`Scopes of ${name}`}>
        {allScopes.map((scope) => (
          <button
            key={scope}
            className="switch"
            role="switch"
            data-known={isKnown}
            aria-checked={scopes.includes(scope)}
            onClick={() => press(scope)}
          >
            <i aria-hidden="true" /> {scope}
          </button>
        ))}
      </div>
      {!isKnown && (
        <p className="small">Their scopes are only known while they have an open session.</p>
      )}
      <SessionList sessions={sessions} />
      {problem && (
        <p className="refusal" role="alert">
          {problemText(problem)}
        </p>
      )}
      {asked === "kick" && (
        <KickDialog
          room={room}
          userId={id}
          name={name}
          onClose={() => setAsked(null)}
          onDone={onChanged}
        />
      )}
      {asked !== null && asked !== "kick" && !isKnown && (
        <AskDialog
          title={`Grant ${name} only ${asked}`}
          button={`Grant ${asked}`}
          isDangerous
          act={() => set(asked)}
          onClose={() => setAsked(null)}
        >
          <p>
            They have no open session, so their current scopes are unknown. When they reconnect,
            they will have {asked} and nothing else.
          </p>
        </AskDialog>
      )}
      {asked !== null && asked !== "kick" && isKnown && (
        <AskDialog
          title={asked === "room:admin" ? `Make ${name} an admin` : `Revoke access for ${name}`}
          button={asked === "room:admin" ? "Grant room:admin" : "Revoke room:read"}
          isDangerous
          act={() => set(asked)}
          onClose={() => setAsked(null)}
        >
          <p>
            {asked === "room:admin"
              ? "With room:admin, they can change everything in this room, remove people and purge it."
              : "Without room:read, their sessions are closed at once. They can’t rejoin until you grant it again."}
          </p>
        </AskDialog>
      )}
    </li>
  );
}

/** A name can be any JSON value, because clients choose it. */
function nameOf({ id, user }: UserInspection, presence: RowProps["presence"]): string {
  const names = [presence?.name, user?.["name"]];
  return names.find((name) => typeof name === "string" && name.trim() !== "")?.toString() ?? id;
}

/** Changes that grant everything, or shut someone out of the room. */
const isDangerous = (scope: Scope, scopes: readonly Scope[]): boolean =>
  scope === "room:admin"
    ? !scopes.includes(scope)
    : scope === "room:read" && scopes.includes(scope) && !scopes.includes("room:admin");
