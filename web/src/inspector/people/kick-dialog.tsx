// Removes someone from a room, with an optional ban.

import { useState } from "react";
import { useApi } from "../common/access.tsx";
import { userPath } from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";

const choices = [
  { seconds: null, label: "Don’t ban: they can rejoin right away" },
  { seconds: 60, label: "For a minute" },
  { seconds: 600, label: "For ten minutes" },
  { seconds: 3600, label: "For an hour" },
  { seconds: 86_400, label: "For a day" },
  { seconds: 999_999_999, label: "Permanently (31 years)" },
] as const;

type Props = {
  readonly room: string;
  readonly userId: string;
  readonly name: string;
  onClose(): void;
  onDone(): void;
};

export function KickDialog({ room, userId, name, onClose, onDone }: Props) {
  const api = useApi();
  const [seconds, setSeconds] = useState<number | null>(600);
  return (
    <AskDialog
      title={`Remove ${name}`}
      button="Remove"
      isDangerous
      act={async () => {
        const query = seconds === null ? "" : `?kick=true&for=${seconds}`;
        await api.done(userPath(room, userId) + query, { method: "DELETE" });
        onDone();
      }}
      onClose={onClose}
    >
      <p>This closes all of their sessions and removes them from the room.</p>
      <fieldset className="choices">
        <legend>Ban them from the room</legend>
        {choices.map((choice) => (
          <label key={choice.label}>
            <input
              type="radio"
              name="seconds"
              checked={choice.seconds === seconds}
              onChange={() => setSeconds(choice.seconds)}
            />
            {choice.label}
          </label>
        ))}
      </fieldset>
    </AskDialog>
  );
}
