// The status line: the connection, whether everything is saved, and who is typing.

import { useEffect, useState } from "react";
import type { Line } from "./line.ts";
import { nameOf, typingText } from "./people.ts";
import { useOthers, useSaved, useStatus } from "./rooms.ts";
import { lineText, savedText } from "./sentences.ts";
import { useLine } from "./use-line.ts";

export function Status({ line }: { line: Line }) {
  const status = useStatus();
  const saved = useSaved();
  const isCut = useLine(line, (view) => view.isCut);
  const roundTrip = useLine(line, (view) => view.roundTrip);
  // Edits are usually saved within a few milliseconds: showing each would only flicker.
  const isSlow = useLasting(saved.state === "saving", 400);
  const isLive = status.state === "connected" && !isCut;
  return (
    <p className="status" data-live={isLive} data-saved={saved.state}>
      <i aria-hidden="true" />
      <span role="status">
        {lineText(status, isCut)}
        {(status.state === "connected" || saved.state === "unsaved") &&
          `, ${saved.state === "saving" && !isSlow ? "all saved" : savedText(saved)}`}
      </span>
      {isLive && roundTrip !== null && <small title="Round trip to the room">{roundTrip} ms</small>}
    </p>
  );
}

export function TypingText() {
  const typing = useOthers((others) =>
    others.filter(({ presence }) => presence?.typing).map((person) => nameOf(person)),
  );
  return (
    <p className="typing" role="status">
      {typingText(typing)}
    </p>
  );
}

/** Whether `isTrue` has held for `ms`. */
function useLasting(isTrue: boolean, ms: number): boolean {
  const [hasLasted, setLasted] = useState(false);
  useEffect(() => {
    if (!isTrue) return setLasted(false);
    const timer = setTimeout(() => setLasted(true), ms);
    return () => clearTimeout(timer);
  }, [isTrue, ms]);
  return hasLasted;
}
