// Shown for a room that is not running, with a button to start it.

import { useState } from "react";
import { useApi } from "../common/access.tsx";
import { problemOf, roomPath, type Problem } from "../common/api.ts";
import { Notice, problemText } from "../common/notice.tsx";

type Props = { readonly room: string; onStarted(): void };

export function Stopped({ room, onStarted }: Props) {
  const api = useApi();
  const [problem, setProblem] = useState<Problem | null>(null);
  const start = () =>
    api.done(roomPath(room), { method: "PUT", body: {} }).then(onStarted, (error: unknown) => {
      setProblem(problemOf(error));
    });
  return (
    <Notice
      kind="stopped"
      sentence={
        problem
          ? problemText(problem)
          : "This room is not running. Starting it restores its stored state, if there is one."
      }
    >
      <button className="primary" onClick={() => void start()}>
        Start room
      </button>
    </Notice>
  );
}
