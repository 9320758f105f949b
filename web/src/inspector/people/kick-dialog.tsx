// Removes somebody from a room, and keeps them out for as long as is chosen.

import { useState } from "react";
import { useApi } from "../common/access.tsx";
import { userPath } from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";

const choices = [
  { seconds: null, label: "Not at all: they may come back at once" },
  { seconds: 60, label: "For a minute" },
  { seconds: 600, label: "For ten minutes" },
  { seconds: 3600, label: "For an hour" },
  { seconds: 86_400, label: "For a day" },
  { seconds: 999_999_999, label: "For good (31 years)" },
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
      <p>All of their sessions are closed, and they leave the room.</p>
      <fieldset className="choices">
        <legend>Keep them out</legend>
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
