// The page around the board: an introduction, a second person next to the first, the invitation and the source.

import { useState } from "react";
import { Dialog } from "../shared/dialog.tsx";
import { FaultBoundary } from "../shared/fault-boundary.tsx";
import { Icon } from "../shared/icon.tsx";
import { Invitation } from "./invitation.tsx";
import { openNewBoard } from "./page-address.ts";
import { Pane } from "./pane.tsx";
import { recall, remember } from "./memory.ts";
import { Source } from "./source.tsx";

type Shown = "invitation" | "source" | null;

export function Page({ board, token }: { board: string; token: string | null }) {
  const [isTwo, setTwo] = useState(() => token === null && recall("tab", "two") === board);
  const [isLocked, setLocked] = useState(false);
  const [shown, setShown] = useState<Shown>(null);
  const close = () => setShown(null);
  const showTwo = (two: boolean) => {
    setTwo(two);
    remember("tab", "two", two ? board : null);
  };
  return (
    <>
      <header className="top">
        <a className="brand" href="/">
          <img src="/icon.svg" alt="" width="28" height="28" />
          collab-room
        </a>
        <nav aria-label="Page">
          <button className="quiet" onClick={openNewBoard}>
            New board
          </button>
          <button className="quiet" onClick={() => setShown("source")}>
            View source
          </button>
          <button className="plain-button" onClick={() => setShown("invitation")}>
            <Icon name="link" /> Invite
          </button>
        </nav>
      </header>
      <main>
        <div className="hero">
          <div>
            <h1>Edit together in real time</h1>
            <p>
              This board is live and runs on a single Durable Object. Add a second person, type in
              the same note, pull the plug, and see that nothing gets lost.
            </p>
          </div>
          {isLocked ? null : token === null ? (
            <button className={isTwo ? "plain-button" : "primary"} onClick={() => showTwo(!isTwo)}>
              <Icon name="people" /> {isTwo ? "Back to one person" : "Add a second person"}
            </button>
          ) : (
            <p className="alone">
              You are signed in with a token, so this page shows one person. To join as someone
              else, open a link with their token.
            </p>
          )}
        </div>
        <div className="panes" data-two={isTwo}>
          <FaultBoundary>
            <Pane seat={0} board={board} token={token} onLocked={() => setLocked(true)} />
          </FaultBoundary>
          {isTwo && (
            <FaultBoundary>
              <Pane seat={1} board={board} token={token} onClose={() => showTwo(false)} />
            </FaultBoundary>
          )}
        </div>
        <ol className="steps">
          <li>
            <h2>Two people, one page</h2>
            <p>
              The second pane is a separate client. Its cursor, typing and notes reach you through
              the room.
            </p>
          </li>
          <li>
            <h2>Pull the plug</h2>
            <p>
              Edit on both sides while one is offline. When it reconnects, every edit arrives
              exactly once, in the right place.
            </p>
          </li>
          <li>
            <h2>Undo your own changes</h2>
            <p>
              Undo reverts only what you did. It skips what others have changed since, and tells you
              so.
            </p>
          </li>
        </ol>
      </main>
      <footer className="bottom">
        <a href="/openapi.json">HTTP API</a>
        <a href={`/inspector#/rooms/${encodeURIComponent(board)}/state`}>Inspector</a>
        <span>No sign-up needed. A board is deleted one day after its last visit.</span>
      </footer>
      {shown === "invitation" && (
        <Dialog title="Invite people" onClose={close}>
          <Invitation board={board} hasToken={token !== null} />
        </Dialog>
      )}
      {shown === "source" && (
        <Dialog title="Source code" onClose={close} isWide>
          <Source />
        </Dialog>
      )}
    </>
  );
}
