// Deadlines of a user: the end of their grace period, of their lease, and of presence set by a server.

import type { UserInspection } from "../common/api.ts";
import { Until } from "../common/words.tsx";

export function Deadlines({ person }: { person: UserInspection }) {
  const { graceUntil, leaseUntil, presenceUntil, sessions } = person;
  if (!graceUntil && !leaseUntil && !presenceUntil) return null;
  return (
    <ul className="deadlines">
      {graceUntil && (
        <li data-kind="grace">
          Disconnected. They leave <Until at={graceUntil} /> unless they reconnect.
        </li>
      )}
      {leaseUntil && sessions.length === 0 && (
        <li>
          They leave <Until at={leaseUntil} /> unless their lease is renewed.
        </li>
      )}
      {presenceUntil && (
        <li>
          Their presence was set by a server and ends <Until at={presenceUntil} />.
        </li>
      )}
    </ul>
  );
}
