// The list of running rooms with their status, in pages and filtered by name prefix.

import { useEffect, useRef, useState } from "react";
import { goTo, roomAddress, roomsAddress } from "../address.ts";
import { useApi } from "../common/access.tsx";
import { roomPath, type RoomInfo, type RoomPage } from "../common/api.ts";
import { Failed, Loading, Notice } from "../common/notice.tsx";
import { useLoaded } from "../common/use-loaded.ts";
import { Ago, count, counted } from "../common/words.tsx";

const pageSize = 20;
const every = 5000;

export function RoomList({ prefix }: { prefix: string }) {
  const api = useApi();
  // The cursors of the previous pages, and of this one.
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  useEffect(() => setCursors([]), [prefix]);
  const query = new URLSearchParams({ limit: `${pageSize}` });
  if (prefix !== "") query.set("prefix", prefix);
  if (cursor !== undefined) query.set("cursor", cursor);
  const address = `/rooms?${query}`;
  const [loaded, reload] = useLoaded(
    address,
    (signal) => api.json<RoomPage>(address, { signal }),
    every,
  );
  return (
    <>
      <div className="heading">
        <div>
          <h1>Rooms</h1>
          <p role="status">
            {loaded.state === "ready" &&
              `${counted(loaded.value.total, "running room")}${prefix && ` starting with “${prefix}”`}.`}
            {loaded.state === "ready" && loaded.problem && " Can’t reach the service right now."}
          </p>
        </div>
        <Search prefix={prefix} />
      </div>
      {loaded.state === "loading" && <Loading what="the rooms" />}
      {loaded.state === "failed" && <ListFailed {...loaded} prefix={prefix} onRetry={reload} />}
      {loaded.state === "ready" &&
        (loaded.value.rooms.length === 0 ? (
          <Empty prefix={prefix} />
        ) : (
          <>
            <Table rooms={loaded.value.rooms} />
            <div
              className="paging"
              hidden={cursors.length === 0 && loaded.value.cursor === undefined}
            >
              <button
                className="plain-button"
                disabled={cursors.length === 0}
                onClick={() => setCursors(cursors.slice(0, -1))}
              >
                Previous
              </button>
              <span>
                {count(cursors.length * pageSize + 1)}–
                {count(cursors.length * pageSize + loaded.value.rooms.length)} of{" "}
                {count(loaded.value.total)}
              </span>
              <button
                className="plain-button"
                disabled={loaded.value.cursor === undefined}
                onClick={() => setCursors([...cursors, loaded.value.cursor as string])}
              >
                Next
              </button>
            </div>
          </>
        ))}
    </>
  );
}

function Search({ prefix }: { prefix: string }) {
  const [text, setText] = useState(prefix);
  // The prefix this field last saw in the address. A different one means that the user has followed a link.
  const known = useRef(prefix);
  useEffect(() => {
    if (prefix === known.current) return;
    known.current = prefix;
    setText(prefix);
  }, [prefix]);
  useEffect(() => {
    if (text === known.current) return;
    const timer = setTimeout(() => {
      known.current = text;
      goTo(roomsAddress(text), false);
    }, 250);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <form
      className="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (text !== "") goTo(roomAddress(text));
      }}
    >
      <input
        type="search"
        dir="auto"
        aria-label="Search rooms by the start of their name"
        placeholder="Name starts with…"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <button className="plain-button" disabled={text === ""}>
        Open
      </button>
    </form>
  );
}

const Empty = ({ prefix }: { prefix: string }) =>
  prefix === "" ? (
    <Notice kind="empty" sentence="No rooms are running. A room starts when someone opens it.">
      <a className="primary" href="/">
        Open a board
      </a>
    </Notice>
  ) : (
    <Notice kind="empty" sentence={`No running room has a name starting with “${prefix}”.`}>
      <a className="primary" href={roomsAddress()}>
        Show all rooms
      </a>
    </Notice>
  );

type FailedProps = Parameters<typeof Failed>[0] & { readonly prefix: string };

/** A token may only cover some rooms. They can be listed once enough of their names is typed. */
function ListFailed({ problem, prefix, onRetry }: FailedProps) {
  if (problem.code !== "forbidden") return <Failed {...{ problem, onRetry }} />;
  return (
    <Notice
      kind="forbidden"
      sentence={
        prefix === ""
          ? "This token only covers some rooms. Type the start of their names above."
          : `This token does not cover all rooms starting with “${prefix}”. Type more of the name above.`
      }
    >
      <button
        className="primary"
        onClick={() => document.querySelector<HTMLElement>(".search input")?.focus()}
      >
        Search rooms
      </button>
    </Notice>
  );
}

function Table({ rooms }: { rooms: RoomPage["rooms"] }) {
  return (
    <table className="rooms">
      <thead>
        <tr>
          <th>Room</th>
          <th>Status</th>
          <th className="number">People</th>
          <th className="number wide">Sockets</th>
          <th className="number wide">Version</th>
          <th className="wide">Kind</th>
          <th className="wide">Last active</th>
          <th className="wide">Started</th>
        </tr>
      </thead>
      <tbody>
        {rooms.map((room) => (
          <Row key={room.id} room={room} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ room }: { room: RoomPage["rooms"][number] }) {
  const api = useApi();
  const path = roomPath(room.id);
  const [loaded] = useLoaded(path, (signal) => api.json<RoomInfo>(path, { signal }), every);
  const info = loaded.state === "ready" ? loaded.value : null;
  return (
    <tr>
      <th scope="row">
        <a href={roomAddress(room.id)} dir="auto">
          {room.id}
        </a>
      </th>
      <td>
        {loaded.state === "failed" ? (
          <Badge kind="bad">
            {loaded.problem.code === "room_not_running" ? "Stopped" : "Error"}
          </Badge>
        ) : (
          <StateBadge info={info} />
        )}
      </td>
      <td className="number">{count(info?.users ?? room.users)}</td>
      <td className="number wide">{info && count(info.sockets)}</td>
      <td className="number wide">{info && count(info.version)}</td>
      <td className="wide">{room.behaviour}</td>
      <td className="wide">{info && <Ago at={info.lastActivityAt} />}</td>
      <td className="wide">
        <Ago at={room.createdAt} />
      </td>
    </tr>
  );
}

export const Badge = ({ kind, children }: { kind: "good" | "warn" | "bad"; children: string }) => (
  <span className="badge" data-kind={kind}>
    {children}
  </span>
);

export function StateBadge({ info }: { info: Pick<RoomInfo, "save"> | null }) {
  if (info?.save.status === "failing") return <Badge kind="bad">Not saving</Badge>;
  if (info?.save.status === "pending") return <Badge kind="warn">Saving</Badge>;
  return <Badge kind="good">Running</Badge>;
}
