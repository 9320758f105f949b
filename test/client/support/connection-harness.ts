// A connection in a fake environment, with a listener that records what it is told.

import {
  Connection,
  type ConnectionListener,
  type ConnectionOptions,
} from "../../../src/client/connection/connection.ts";
import type { RoomStatus } from "../../../src/client/types.ts";
import type { RoomMessage } from "../../../src/protocol/messages.ts";
import { FakeEnvironment, type FakeSocket } from "./fake-environment.ts";
import { welcome, type Welcome } from "./welcome.ts";

export type Harness = {
  readonly environment: FakeEnvironment;
  readonly connection: Connection;
  readonly statuses: RoomStatus[];
  readonly lines: boolean[];
  readonly frames: (readonly RoomMessage[])[];
  /** What was reported, in order: `frame`, `up`, `down`, `replaced` and states. */
  readonly told: string[];
  /** The position from which attempts resume. */
  resume: ReturnType<ConnectionListener["resumeFrom"]>;
  /** Called with each frame. */
  onFrame: (messages: readonly RoomMessage[]) => void;
  /** Called with each status. */
  onStatus: (status: RoomStatus) => void;
  /** The states since the last call. */
  takeStates(): readonly string[];
};

/** A connection that has not been started. */
export function createHarness(options: Partial<ConnectionOptions> = {}): Harness {
  const environment = new FakeEnvironment();
  const harness: Harness = {
    environment,
    statuses: [],
    lines: [],
    frames: [],
    told: [],
    resume: { client: "tab-1" },
    onFrame: () => {},
    onStatus: () => {},
    takeStates: () => harness.statuses.splice(0).map(({ state }) => state),
    connection: new Connection(
      { url: "https://rooms.example.com", room: "design", environment, ...options },
      {
        resumeFrom: () => harness.resume,
        frame: (messages) => {
          harness.told.push("frame");
          harness.frames.push(messages);
          harness.onFrame(messages);
        },
        statusChanged: () => {
          const { status } = harness.connection;
          harness.told.push(status.state);
          harness.statuses.push(status);
          harness.onStatus(status);
        },
        lineChanged: (isUp) => {
          harness.told.push(isUp ? "up" : "down");
          harness.lines.push(isUp);
        },
        replaced: () => harness.told.push("replaced"),
      },
    ),
  };
  return harness;
}

/** Let the room accept the latest socket. */
export function accept({ environment }: Harness, more: Partial<Welcome> = {}): FakeSocket {
  const { socket } = environment;
  socket.open();
  socket.receive(welcome(more));
  return socket;
}

/** A connection that the room has welcomed. */
export function connect(options: Partial<ConnectionOptions> = {}): Harness {
  const harness = createHarness(options);
  harness.connection.reconnect();
  accept(harness);
  harness.takeStates();
  return harness;
}

/** Let the room refuse the latest socket. */
export function refuse({ environment }: Harness, closeCode: number, error: object): void {
  const { socket } = environment;
  socket.open();
  socket.receive({ type: "error", detail: "No.", ...error });
  socket.closeByRoom(closeCode, "code" in error ? String(error.code) : "");
}
