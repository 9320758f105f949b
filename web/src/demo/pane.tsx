// One person's view of the board: who they are, who else is here, the board, and the connection, which can be cut.

import { useEffect, useState } from "react";
import { Avatars } from "./avatars.tsx";
import { BoardView } from "./board-view.tsx";
import { Frames } from "./frames.tsx";
import { Icon } from "../shared/icon.tsx";
import { Line } from "./line.ts";
import { recall, remember } from "./memory.ts";
import { userIn } from "./page-address.ts";
import { identityOf } from "./people.ts";
import { PersonEditor } from "./person-editor.tsx";
import { RoomProvider, useRoom, useStatus } from "./rooms.ts";
import { noticeOf } from "./sentences.ts";
import { Status, TypingText } from "./status.tsx";
import { useLine } from "./use-line.ts";

type Props = {
  /** The index of the person in this tab. */
  readonly seat: number;
  readonly board: string;
  readonly token: string | null;
  onClose?(): void;
  /** Called when the service requires a token and there is none. */
  onLocked?(): void;
};

export function Pane({ seat, board, token, onClose, onLocked }: Props) {
  const [user] = useState(() => identityOf(seat));
  // A line that was cut stays cut across a reload.
  const [line] = useState(() => new Line(recall("tab", plugKey(seat)) === board));
  const userId = token === null ? user.id : userIn(token);
  const options = {
    url: location.origin,
    room: board,
    behaviour: "board",
    environment: { open: line.open },
    // After a reload, the user is already in the room under the name they first joined with.
    presence: { name: user.name, color: user.color },
    // With a token, the service knows who the user is.
    ...(token === null ? { user } : { token: () => token }),
    // Edits survive a reload, even while the line is cut.
    persist: userId ?? false,
  };
  return (
    <RoomProvider options={options}>
      <View
        seat={seat}
        line={line}
        userId={userId ?? ""}
        hasToken={token !== null}
        onPlug={(isCut) => {
          line.cut(isCut);
          remember("tab", plugKey(seat), isCut ? board : null);
        }}
        {...(onClose && { onClose })}
        {...(onLocked && { onLocked })}
      />
    </RoomProvider>
  );
}

const plugKey = (seat: number): string => `cut-${seat}`;

type ViewProps = Pick<Props, "seat" | "onClose" | "onLocked"> & {
  readonly line: Line;
  readonly userId: string;
  readonly hasToken: boolean;
  /** Cut the line, or restore it. */
  onPlug(isCut: boolean): void;
};

function View({ seat, line, userId, hasToken, onPlug, onClose, onLocked }: ViewProps) {
  const room = useRoom();
  const isCut = useLine(line, (view) => view.isCut);
  const isLocked = noticeOf(useStatus(), hasToken)?.kind === "locked";
  useEffect(() => {
    if (isLocked) onLocked?.();
  }, [isLocked, onLocked]);
  const [identity, setIdentity] = useState(() => identityOf(seat));
  const [showsFrames, setShowsFrames] = useState(false);
  const plug = () => {
    onPlug(!isCut);
    // Do not wait for the next scheduled attempt.
    if (isCut) room.reconnect();
  };
  const leave = () => {
    room.leave();
    onClose?.();
  };
  return (
    <section className="pane" aria-label={`Board as seen by ${identity.name || "someone"}`}>
      <header className="pane-head">
        <PersonEditor seat={seat} identity={identity} onChange={setIdentity} />
        <Avatars />
        {onClose && (
          <button className="icon-button" aria-label={`Remove ${identity.name}`} onClick={leave}>
            <Icon name="close" />
          </button>
        )}
      </header>
      <BoardView userId={userId} hasToken={hasToken} {...(isCut && { onMend: plug })} />
      <div className="pane-foot">
        <div className="where">
          <Status line={line} />
          <TypingText />
        </div>
        <button className="switch" role="switch" aria-checked={isCut} onClick={plug}>
          <i aria-hidden="true" /> Pull the plug
        </button>
        <Lag line={line} />
        <button
          className="toggle"
          aria-pressed={showsFrames}
          onClick={() => setShowsFrames(!showsFrames)}
        >
          Show frames
        </button>
      </div>
      {showsFrames && <Frames line={line} />}
    </section>
  );
}

function Lag({ line }: { line: Line }) {
  const lag = useLine(line, (view) => view.lag);
  return (
    <label className="lag">
      Lag
      <input
        type="range"
        min={0}
        max={2000}
        step={50}
        value={lag}
        onChange={({ target }) => line.slow(Number(target.value))}
      />
      <output>{lag} ms</output>
    </label>
  );
}
