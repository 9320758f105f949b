// How tests come into rooms by socket: one interface for clients inside workerd and outside of it.

import { expect } from "vitest";
import type { ErrorCode } from "../../src/protocol/errors.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { address, openSession, type ConnectOptions, type Dial } from "./dial.ts";
import { TestSession } from "./session.ts";

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
    connect: (roomId, user, options = {}) =>
      openSession(dial, new TestSession(String(user["id"]), options), roomId, user, options),

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
