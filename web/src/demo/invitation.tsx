// The invitation: a link to the board, also as a QR code for phones.

import { useState } from "react";
import { encode } from "uqr";
import { Icon } from "../shared/icon.tsx";

type Props = { readonly board: string; readonly hasToken: boolean };

export function Invitation({ board, hasToken }: Props) {
  // Leave out the token, which identifies this user, and everything else in the current address.
  const address = `${location.origin}/?${new URLSearchParams({ board })}`;
  const isLocal = ["localhost", "127.0.0.1"].includes(location.hostname);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(address);
    setCopied(true);
  };
  return (
    <div className="invitation">
      <Code text={address} />
      <div>
        <p>
          Anyone with this link {hasToken && "and a token "}can join this board.{" "}
          {isLocal ? "A localhost link only works on this computer." : "On a phone, scan the code."}
        </p>
        <div className="copy">
          <input
            aria-label="Link to this board"
            readOnly
            dir="ltr"
            value={address}
            onFocus={({ target }) => target.select()}
          />
          {/* The clipboard needs a secure context. */}
          {isSecureContext && (
            <button className="plain-button" onClick={() => void copy()}>
              <Icon name="copy" /> {copied ? "Copied" : "Copy"}
            </button>
          )}
        </div>
      </div>
    </div>
  );
}

function Code({ text }: { text: string }) {
  const { data, size } = encode(text, { ecc: "M", border: 2 });
  const path = data
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join("");
  return (
    <svg
      className="code"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="QR code for the link"
    >
      <path d={path} />
    </svg>
  );
}
