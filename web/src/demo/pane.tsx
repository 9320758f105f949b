// One person's view of the board: who they are, who else is here, the board, and the line to the room, which can be cut.

import { useState } from "react";
import { Avatars } from "./avatars.tsx";
import { BoardView } from "./board-view.tsx";
import { Frames } from "./frames.tsx";
import { Icon } from "../shared/icon.tsx";
import { Line } from "./line.ts";
import { identityOf } from "./people.ts";
import { PersonEditor } from "./person-editor.tsx";
import { RoomProvider, useRoom } from "./rooms.ts";
import { Status, TypingText } from "./status.tsx";
import { useLine } from "./use-line.ts";

type Props = {
  /** Which person of this tab. */
  readonly seat: number;
  readonly board: string;
  readonly token: string | null;
  onClose?(): void;
};

export function Pane({ seat, board, token, onClose }: Props) {
  const [user] = useState(() => identityOf(seat));
  const [line] = useState(() => new Line());
  const options = {
    url: location.origin,
    room: board,
    behaviour: "board",
    environment: { open: line.open },
    // Whoever reloads the page is in the room already, under the name with which they came first.
    presence: { name: user.name, color: user.color },
    // With a token, the service says who this is.
    ...(token === null ? { user } : { token: () => token }),
  };
  return (
    <RoomProvider options={options}>
      <View seat={seat} line={line} hasToken={token !== null} {...(onClose && { onClose })} />
    </RoomProvider>
  );
}

function View({
  seat,
  line,
  hasToken,
  onClose,
}: {
  seat: number;
  line: Line;
  hasToken: boolean;
  onClose?: () => void;
}) {
  const room = useRoom();
  const [identity, setIdentity] = useState(() => identityOf(seat));
  const [showsFrames, setShowsFrames] = useState(false);
  const leave = () => {
    room.leave();
    onClose?.();
  };
  return (
    <section className="pane" aria-label={`The board as ${identity.name || "somebody"} sees it`}>
      <header className="pane-head">
        <PersonEditor seat={seat} identity={identity} onChange={setIdentity} />
        <Avatars />
        {onClose && (
          <button className="icon-button" aria-label={`Let ${identity.name} leave`} onClick={leave}>
            <Icon name="close" />
          </button>
        )}
      </header>
      <BoardView hasToken={hasToken} />
      <div className="pane-foot">
        <div className="where">
          <Status line={line} />
          <TypingText />
        </div>
        <Plug line={line} />
        <button
          className="toggle"
          aria-pressed={showsFrames}
          onClick={() => setShowsFrames(!showsFrames)}
        >
          Show the frames
        </button>
      </div>
      {showsFrames && <Frames line={line} />}
    </section>
  );
}

function Plug({ line }: { line: Line }) {
  const room = useRoom();
  const isCut = useLine(line, (view) => view.isCut);
  const lag = useLine(line, (view) => view.lag);
  const pull = () => {
    line.cut(!isCut);
    // Do not wait for the next attempt.
    if (isCut) room.reconnect();
  };
  return (
    <>
      <button className="switch" role="switch" aria-checked={isCut} onClick={pull}>
        <i aria-hidden="true" /> Pull the plug
      </button>
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
    </>
  );
}
