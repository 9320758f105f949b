// How tests come into rooms by socket: one interface for clients inside workerd and outside of it, which
// differ in how they dial.

import { expect } from "vitest";
import type { ErrorCode } from "../../src/protocol/errors.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { subprotocol } from "../../src/protocol/messages.ts";
import type { Known } from "./replica.ts";
import { TestSession, type Closing, type Line } from "./session.ts";

export type ConnectOptions = {
  readonly behaviour?: string;
  /** What to resume from: another session, or what it had. */
  readonly resume?: Known;
  /** Subprotocols to offer; ours if left out. */
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Parameters of the query as they are; they go before those that follow from the rest. */
  readonly query?: Readonly<Record<string, string>>;
  /** False for a client that never answers a mark. */
  readonly acks?: boolean;
};

export type Call = {
  /** Path and query. */
  readonly path: string;
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  onOpen(line: Line): void;
  /** A frame has come; `null` for a binary one. */
  onFrame(text: string | null): void;
  onClose(closing: Closing): void;
};

/** An answer that is no upgrade. */
export type Refused = { readonly status: number; readonly type: string; readonly text: string };

/** Open a socket; whatever comes on it is told from the first frame on. `null` for an upgrade. */
export type Dial = (call: Call) => Promise<Refused | null>;

export type Refusal = {
  readonly status: number;
  readonly problem: JsonObject & { readonly code: ErrorCode };
};

export type Clients = {
  /** Come into a room, and wait for the welcome. */
  connect(roomId: string, user: JsonObject, options?: ConnectOptions): Promise<TestSession>;
  /** Come to a room that answers with a problem instead; without a user, nobody is said to come. */
  refusal(roomId: string, user?: JsonObject, options?: ConnectOptions): Promise<Refusal>;
};

export function createClients(dial: Dial): Clients {
  return {
    async connect(roomId, user, options = {}) {
      const session = new TestSession(String(user["id"]), options);
      const refused = await dial({
        ...address(roomId, user, options),
        onOpen: (line) => session.open(line),
        onFrame: (text) => session.receive(text),
        onClose: (closing) => session.end(closing),
      });
      if (refused) throw new Error(`${session.name} is refused: ${JSON.stringify(refused)}`);
      await session.begin();
      return session;
    },

    async refusal(roomId, user, options = {}) {
      const refused = await dial({
        ...address(roomId, user, options),
        onOpen: (line) => line.close(),
        onFrame: () => {},
        onClose: () => {},
      });
      if (refused === null) throw new Error("expected a refusal, and the socket has opened");
      const { status, type, text } = refused;
      expect(type).toBe("application/problem+json");
      const problem = JSON.parse(text) as Refusal["problem"];
      expect(problem).toMatchObject({ status, code: expect.any(String) });
      return { status, problem };
    },
  };
}

function address(
  roomId: string,
  user: JsonObject | undefined,
  { behaviour, resume, protocols = [subprotocol], headers = {}, query = {} }: ConnectOptions,
): Pick<Call, "path" | "protocols" | "headers"> {
  const parameters = new URLSearchParams({
    ...(user && { user: JSON.stringify(user) }),
    ...(behaviour !== undefined && { behaviour }),
    ...(resume && { since: String(resume.version), epoch: resume.epoch }),
    ...query,
  });
  return { path: `/rooms/${encodeURIComponent(roomId)}/socket?${parameters}`, protocols, headers };
}
