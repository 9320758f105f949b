// Asks what to do with edits that have waited too long: one sentence, and a button for each answer.

import { useState } from "react";
import type { StaleEdits } from "collab-room/client";
import { useRoomListener } from "./rooms.ts";
import { staleText } from "./sentences.ts";

export function StaleBar() {
  const [questions, setQuestions] = useState<readonly StaleEdits[]>([]);
  useRoomListener("stale", (edits) => setQuestions((asked) => [...without(asked, edits), edits]));
  const [question] = questions;
  if (!question) return null;
  const answer = (act: () => void) => () => {
    act();
    setQuestions((asked) => without(asked, question));
  };
  return (
    <div className="stale">
      <p role="status">{staleText(question)}</p>
      <button className="primary" onClick={answer(question.apply)}>
        Keep
      </button>
      <button className="plain-button" onClick={answer(question.discard)}>
        Discard
      </button>
    </div>
  );
}

/** The client repeats a question on each connection until it is answered; edits of closed tabs are a separate one. */
const without = (asked: readonly StaleEdits[], { why, oldest }: StaleEdits) =>
  asked.filter((each) => each.why !== why || each.oldest !== oldest);
