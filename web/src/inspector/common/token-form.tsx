// Asks for a token over the whole page, and says where one comes from.

import { useEffect, useRef, useState } from "react";
import { cleanToken } from "./clean-token.ts";

type Props = { readonly sentence: string; onToken(token: string): void };

export function TokenForm({ sentence, onToken }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const token = cleanToken(text);
  // A dialog may be open already, for something that is to be done: this one comes over it.
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="gate"
      aria-label="Token"
      // A browser closes it at the second Escape, whatever the page says.
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
            Token with the scope <code>room:admin</code>
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
          It stays in this tab, and goes with it.{" "}
          <code dir="ltr" className="command">
            npm run -s token -- --help
          </code>{" "}
          says how to make one for development.
        </p>
      </form>
    </dialog>
  );
}
