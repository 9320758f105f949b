// The people banned from the room, until when, and a button to unban them.

import { useState } from "react";
import { useApi } from "../common/access.tsx";
import { userPath, type KickInfo } from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";
import { Until } from "../common/words.tsx";

type Props = { readonly room: string; readonly kicked: readonly KickInfo[]; onChanged(): void };

export function Bans({ room, kicked, onChanged }: Props) {
  const api = useApi();
  const [asked, setAsked] = useState<string | null>(null);
  return (
    <>
      <h2 className="section">Banned</h2>
      <ul className="people" aria-label="Banned">
        {kicked.map(({ userId, until }) => (
          <li key={userId} className="person-head">
            <code dir="ltr">{userId}</code>
            <span className="soft">
              can rejoin <Until at={until} />
            </span>
            <button className="toggle" onClick={() => setAsked(userId)}>
              Unban…
            </button>
          </li>
        ))}
      </ul>
      {asked !== null && (
        <AskDialog
          title={`Unban ${asked}`}
          button="Unban"
          act={async () => {
            const query = "?kick=true&for=0";
            await api.done(userPath(room, asked) + query, { method: "DELETE" });
            onChanged();
          }}
          onClose={() => setAsked(null)}
        >
          <p>They can rejoin right away if their token and the room allow it.</p>
        </AskDialog>
      )}
    </>
  );
}
