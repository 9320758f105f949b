// A client's end of a socket, for tests: what breaks the protocol fails the test in the end, at the latest.
// Sessions belong to the test that opens them; they are closed when it is over.

import { expect, onTestFinished } from "vitest";
import type { ErrorCode } from "../../src/protocol/errors.ts";
import { ClientSession, type Reply, type SessionOptions } from "./client-session.ts";
import type { RoomMessageOf } from "./replica.ts";

export type { Closing, Line, Reply } from "./client-session.ts";

export class TestSession extends ClientSession {
  constructor(name: string, options: SessionOptions) {
    super(name, options);
    onTestFinished(() => {
      this.hangUp();
      expect(this.problems).toEqual([]);
    });
  }

  /**
   * Wait until all has come, to this session and these others, that the room had to tell them by now: what
   * has not come, will not. It takes an event to everybody (and `room:write`), for events go behind the rest.
   */
  async fence(...others: readonly TestSession[]): Promise<void> {
    const payload = crypto.randomUUID();
    expectOk(await this.broadcast("fence", payload, { echo: true }));
    const isIt = (message: RoomMessageOf<"event">): boolean => message.payload === payload;
    await Promise.all([this, ...others].map((session) => session.next("event", isIt)));
  }
}

/** Hold a reply to being ok. */
export function expectOk(reply: Reply): Extract<Reply, { ok: true }> {
  expect(reply).toMatchObject({ ok: true });
  return reply as Extract<Reply, { ok: true }>;
}

/** Hold a reply to having failed like this. */
export function expectFailed(reply: Reply, code: ErrorCode): Extract<Reply, { ok: false }> {
  expect(reply).toMatchObject({ ok: false, code });
  return reply as Extract<Reply, { ok: false }>;
}
