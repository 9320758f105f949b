// Asks for a token over the whole page, and says how to get one.

import { useEffect, useRef, useState } from "react";
import { cleanToken } from "./clean-token.ts";

type Props = { readonly sentence: string; onToken(token: string): void };

export function TokenForm({ sentence, onToken }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const token = cleanToken(text);
  // Another dialog may be open already, waiting for its action: this one opens on top of it.
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="gate"
      aria-label="Token"
      // The browser closes it on the second Escape even so; `onClose` reopens it.
      onCancel={(event) => event.preventDefault()}
      onClose={() => dialog.current?.showModal()}
    >
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          if (token !== "") onToken(token);
        }}
      >
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>Inspector</h1>
        <p role="status">{sentence}</p>
        <label>
          <span>
            Token with the <code>room:admin</code> scope
          </span>
          <textarea
            dir="ltr"
            rows={4}
            required
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={({ target }) => setText(target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }}
          />
        </label>
        <button className="primary">Open the inspector</button>
        <p className="small">
          It is kept in this tab only, and forgotten when you close it. To create a token for
          development, see{" "}
          <code dir="ltr" className="command">
            npm run -s token -- --help
          </code>
          .
        </p>
      </form>
    </dialog>
  );
}
