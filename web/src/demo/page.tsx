// The page around the board: what this is, a second person beside the first, and the ways to share and to look behind it.

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
            <h1>Rooms where people edit together</h1>
            <p>
              This board is live, on one Durable Object. Open it as two people, write into the same
              note, pull the plug, and see that nothing gets lost.
            </p>
          </div>
          {isLocked ? null : token === null ? (
            <button className={isTwo ? "plain-button" : "primary"} onClick={() => showTwo(!isTwo)}>
              <Icon name="people" /> {isTwo ? "Back to one person" : "Add a second person"}
            </button>
          ) : (
            <p className="alone">
              Your token says who you are, so this page is one person. For a second one, open a link
              with another token.
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
              The second pane is a client of its own. Its cursor, its typing and its notes come
              through the room.
            </p>
          </li>
          <li>
            <h2>Pull the plug</h2>
            <p>
              Edit on both sides while one is cut off. When the line is back, each edit arrives
              once, where it was meant.
            </p>
          </li>
          <li>
            <h2>Undo your own</h2>
            <p>
              Undo takes back what you did, and says what it left alone because somebody has changed
              it since.
            </p>
          </li>
        </ol>
      </main>
      <footer className="bottom">
        <a href="/openapi.json">The HTTP API</a>
        <a href={`/inspector#/rooms/${encodeURIComponent(board)}/state`}>The inspector</a>
        <span>No sign-up. A board is deleted a day after its last visit.</span>
      </footer>
      {shown === "invitation" && (
        <Dialog title="Invite somebody" onClose={close}>
          <Invitation board={board} hasToken={token !== null} />
        </Dialog>
      )}
      {shown === "source" && (
        <Dialog title="The application" onClose={close} isWide>
          <Source />
        </Dialog>
      )}
    </>
  );
}
