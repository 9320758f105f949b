// How clients come into rooms by socket, inside workerd and outside of it: they differ in how they dial.

import type { ErrorCode } from "../../src/protocol/errors.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { subprotocol } from "../../src/protocol/messages.ts";
import type { ClientSession, Closing, Line } from "./client-session.ts";
import type { Known } from "./replica.ts";

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

/** A room that has answered with a problem, and opened no socket. */
export class RefusedError extends Error {
  /** The code of the problem; `undefined` if the answer was none. */
  readonly code: ErrorCode | undefined;

  constructor(name: string, refused: Refused) {
    super(`${name} is refused: ${JSON.stringify(refused)}`);
    if (refused.type === "application/problem+json")
      this.code = (JSON.parse(refused.text) as { code: ErrorCode }).code;
  }
}

/**
 * Come into a room by a session that has no line yet, and wait for the welcome.
 * @throws RefusedError
 */
export async function openSession<Session extends ClientSession>(
  dial: Dial,
  session: Session,
  roomId: string,
  user: JsonObject,
  options: ConnectOptions,
): Promise<Session> {
  const refused = await dial({
    ...address(roomId, user, options),
    onOpen: (line) => session.open(line),
    onFrame: (text) => session.receive(text),
    onClose: (closing) => session.end(closing),
  });
  if (refused) throw new RefusedError(session.name, refused);
  await session.begin();
  return session;
}

/** Where a client comes to, and what it says there. */
export function address(
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
