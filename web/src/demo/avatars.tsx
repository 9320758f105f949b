// The people on the board: the first few, and how many more there are.

import { colorOf, initialOf, inkOn, nameOf } from "./people.ts";
import { useCounts, usePeople, useSelf, useStatus } from "./rooms.ts";

const shown = 4;
const words = { online: "online", idle: "idle", away: "away" } as const;

export function Avatars() {
  const ownId = useSelf((self) => self.id);
  const people = usePeople(
    (all) =>
      all.map((person) => ({
        id: person.id,
        name: nameOf(person),
        color: colorOf(person),
        status: person.presence?.status ?? "away",
      })),
    (a, b) => JSON.stringify(a) === JSON.stringify(b),
  );
  const { users } = useCounts();
  // Without a connection, this shows who was here last.
  const isLive = useStatus().state === "connected";
  // The user comes first, to be visible in a full stack.
  const first = people.toSorted((a, b) => Number(b.id === ownId) - Number(a.id === ownId));
  const more = Math.max(users, people.length) - Math.min(shown, people.length);
  return (
    <ul className="avatars" data-live={isLive} aria-label="People on this board">
      {first.slice(0, shown).map(({ id, name, color, status }) => {
        const label = `${name}${id === ownId ? " (You)" : ""}, ${words[status]}`;
        return (
          <li key={id} title={label} data-status={status}>
            <b style={{ background: color, color: inkOn(color) }} aria-hidden="true">
              {initialOf(name)}
            </b>
            <i aria-hidden="true" />
            <span className="hidden">{label}</span>
          </li>
        );
      })}
      {more > 0 && (
        <li className="more">
          +{more}
          <span className="hidden"> more</span>
        </li>
      )}
    </ul>
  );
}
