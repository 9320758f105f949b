// The error that the client throws, and rejects promises with, when something is refused.

import type { ErrorCode } from "../protocol/errors.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { Problem, RoomStatus } from "./types.ts";

type Closed = Extract<RoomStatus, { state: "closed" }>;

/**
 * The room, the service or the client has refused something; `message` says why, for developers.
 * @example
 * ```ts
 * try {
 *   await room.action("rename", { title: "Pier" });
 * } catch (error) {
 *   if (error instanceof RoomError && error.code === "action_refused") show(error.problem.reason);
 *   else throw error;
 * }
 * ```
 */
export class RoomError extends Error {
  override readonly name = "RoomError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    const { detail, reason } = problem;
    super(reason === undefined ? detail : `${detail} The reason: ${reason}`);
    this.problem = problem;
  }

  get code(): ErrorCode {
    return this.problem.code;
  }
}

/** The problem in a message of the room. */
export function problemOf({
  code,
  detail,
  reason,
  issues,
  instance,
}: Problem & { readonly [name: string]: unknown }): Problem {
  return {
    code,
    detail,
    ...(reason !== undefined && { reason }),
    ...(issues !== undefined && { issues }),
    ...(instance !== undefined && { instance }),
  };
}

export const forbidden = (scope: Scope, own: readonly Scope[]): RoomError =>
  new RoomError({
    code: "forbidden",
    detail: `This needs the scope ${scope}; you have ${own.join(", ") || "none"}.`,
  });

/** Why nothing is answered any more. */
export const closedBy = ({ reason, problem }: Closed): RoomError => {
  const detail = `The connection to the room is closed: ${reason}.`;
  return new RoomError(problem ?? { code: "room_unavailable", detail });
};

export const notReady = (): Error =>
  new Error("The room has not answered yet. Await `room.ready` first.");

/** The message of a caught value. */
export const textOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);
