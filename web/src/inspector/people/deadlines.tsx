// What ends by itself for somebody: the time to come back, the time without a sign of life, presence that is held.

import type { UserInspection } from "../common/api.ts";
import { Until } from "../common/words.tsx";

export function Deadlines({ person }: { person: UserInspection }) {
  const { graceUntil, leaseUntil, presenceUntil, sessions } = person;
  if (!graceUntil && !leaseUntil && !presenceUntil) return null;
  return (
    <ul className="deadlines">
      {graceUntil && (
        <li data-kind="grace">
          The line is gone: they leave <Until at={graceUntil} />, unless they are back by then.
        </li>
      )}
      {leaseUntil && sessions.length === 0 && (
        <li>
          They leave <Until at={leaseUntil} /> without a sign of life.
        </li>
      )}
      {presenceUntil && (
        <li>
          A server holds their presence; it ends <Until at={presenceUntil} />.
        </li>
      )}
    </ul>
  );
}
