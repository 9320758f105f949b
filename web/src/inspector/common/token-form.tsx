// Asks for a token, and says where one comes from.

import { useState } from "react";

type Props = { readonly sentence: string; onToken(token: string): void };

export function TokenForm({ sentence, onToken }: Props) {
  const [token, setToken] = useState("");
  // What is pasted may have line breaks in it, and what stands before a token in a header.
  const clean = token.replace(/\s|^\s*bearer\s+/gi, "");
  return (
    <main className="gate">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          if (clean !== "") onToken(clean);
        }}
      >
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>Inspector</h1>
        <p role="status">{sentence}</p>
        <label>
          Token with the scope <code>room:admin</code>
          <textarea
            dir="ltr"
            rows={4}
            required
            autoFocus
            autoComplete="off"
            spellCheck={false}
            value={token}
            onChange={({ target }) => setToken(target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }}
          />
        </label>
        <button className="primary">Open the inspector</button>
        <p className="small">
          It stays in this tab, and goes with it. <code dir="ltr">npm run -s token -- --help</code>{" "}
          says how to make one for development.
        </p>
      </form>
    </main>
  );
}
