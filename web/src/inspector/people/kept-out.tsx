// Who is kept out of the room, for how much longer, and the way to let them in again.

import { useState } from "react";
import { useApi } from "../common/access.tsx";
import { userPath, type KickInfo } from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";
import { Until } from "../common/words.tsx";

type Props = { readonly room: string; readonly kicked: readonly KickInfo[]; onChanged(): void };

export function KeptOut({ room, kicked, onChanged }: Props) {
  const api = useApi();
  const [asked, setAsked] = useState<string | null>(null);
  return (
    <>
      <h2 className="section">Kept out</h2>
      <ul className="people" aria-label="Kept out">
        {kicked.map(({ userId, until }) => (
          <li key={userId} className="person-head">
            <code dir="ltr">{userId}</code>
            <span className="soft">
              may come back <Until at={until} />
            </span>
            <button className="toggle" onClick={() => setAsked(userId)}>
              Let in again…
            </button>
          </li>
        ))}
      </ul>
      {asked !== null && (
        <AskDialog
          title={`Let ${asked} in again`}
          button="Let in"
          act={async () => {
            const query = "?kick=true&for=0";
            await api.done(userPath(room, asked) + query, { method: "DELETE" });
            onChanged();
          }}
          onClose={() => setAsked(null)}
        >
          <p>They may join at once, as far as their token and the room let them.</p>
        </AskDialog>
      )}
    </>
  );
}
