// How others get here: the address, and the same as a QR code for a phone.

import { useState } from "react";
import { encode } from "uqr";
import { Icon } from "../shared/icon.tsx";

type Props = { readonly board: string; readonly hasToken: boolean };

export function Invitation({ board, hasToken }: Props) {
  // Without the token, which says who oneself is, and whatever else the link that led here had.
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
          Whoever opens this address is on the board with you{hasToken && ", if they have a token"}.{" "}
          {isLocal
            ? "It works on this computer; a phone needs an address that it can reach."
            : "Point a phone at the code."}
        </p>
        <div className="copy">
          <input
            aria-label="Address of this board"
            readOnly
            dir="ltr"
            value={address}
            onFocus={({ target }) => target.select()}
          />
          {/* Only secure pages may write to the clipboard. */}
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
      aria-label="QR code of the address"
    >
      <path d={path} />
    </svg>
  );
}
