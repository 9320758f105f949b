// The definition of operations. One definition serves all doors: HTTP, sockets and the Worker's own code. Only `execute`
// below checks the scope, decodes the input, runs the operation in a turn and records activity. The reply waits
// until everything that it reveals is committed (room.ts).

import type { Caller } from "../protocol/caller.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import type { Limits } from "../protocol/limits.ts";
import { admit, type Access } from "./access.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { RunningRoom } from "./running-room.ts";

type Awaitable<T> = T | Promise<T>;

type Definition = {
  /** Whether a caller may send it again if the first answer is lost. */
  readonly repeatable: boolean;
  /**
   * Which state it sees.
   * - `head`: including what is not committed yet; its reply waits for that commit.
   * - `committed`: only what is committed; its turn waits until nothing is staged.
   * - `snapshot`: like `committed`, for a synchronous read: it waits outside the turn, and runs at the commit.
   */
  readonly sees?: "head" | "committed" | "snapshot";
  /** Whether its own writes stand even if the commit that its reply waits for fails. */
  readonly standsAlone?: true;
  /**
   * Whether it counts as activity (rule T1). Joins, leaves and held presence record that themselves, with their
   * rows.
   */
  readonly isActivity?: true;
  /** Whether it shows that its user is active, which brings them into the sample of a large room (rule N1). */
  readonly isMove?: true;
  /**
   * Whether it runs at once instead of in a turn: a read that waits for nothing, so it can describe a room whose
   * turn hangs.
   */
  readonly besideTurns?: true;
  /** Whether the reply is sent after the messages that the next flush sends to the session. */
  readonly repliesAfterFlush?: true;
};

/** How an operation treats its input: who may run it, and what it waits for. */
type Aspects<Input> = Access<Input> & {
  /** A promise to await before its turn; called again until it returns `null`. */
  before?(lifecycle: Lifecycle, input: Input): Promise<unknown> | null;
  /** A promise that the caller's answer waits for after the turn. Never rejects. */
  after?(lifecycle: Lifecycle, input: Input): Promise<unknown> | null;
};

/** An operation on a running room. If the room is absent, it fails with `room_not_running`. */
export type RunningOperation<Input, Output> = Definition &
  Aspects<Input> & {
    readonly on: "running";
    run(room: RunningRoom, input: Input, caller: Caller): Awaitable<Output>;
  };

/** An operation that an absent room accepts too. */
export type RoomOperation<Input, Output> = Definition &
  Aspects<Input> & {
    readonly on: "room";
    run(lifecycle: Lifecycle, input: Input, caller: Caller): Awaitable<Output>;
  };

export type Operation<Input, Output> =
  | RunningOperation<Input, Output>
  | RoomOperation<Input, Output>;

/**
 * Define an operation on a running room.
 * @param definition `decode` checks the input against the room's limits and throws a CollabError if it is invalid;
 * `run` then does the work
 */
export function runningOperation<Input, Decoded, Output>(
  definition: Definition &
    Aspects<Input> & {
      decode(input: Input, limits: Limits): Decoded;
      run(room: RunningRoom, input: Decoded, caller: Caller): Awaitable<Output>;
    },
): RunningOperation<Input, Output> {
  return {
    ...definition,
    on: "running",
    run: (room, input, caller) =>
      definition.run(room, definition.decode(input, room.behaviour.limits), caller),
  };
}

/** Define an operation that an absent room accepts too; see `runningOperation`. */
export function roomOperation<Input, Decoded, Output>(
  definition: Definition &
    Aspects<Input> & {
      decode(input: Input): Decoded;
      run(lifecycle: Lifecycle, input: Decoded, caller: Caller): Awaitable<Output>;
    },
): RoomOperation<Input, Output> {
  return {
    ...definition,
    on: "room",
    run: (lifecycle, input, caller) => definition.run(lifecycle, definition.decode(input), caller),
  };
}

/** The `decode` of an operation without input. */
export const noInput = (): void => {};

/**
 * Run an operation, within a turn.
 * @returns its output; a promise only if the author's code or another object has to answer
 * @throws CollabError `forbidden`, `kicked`, `room_not_running`, and what the operation throws; nothing has changed
 * then
 */
export function execute<Input, Output>(
  lifecycle: Lifecycle,
  operation: Operation<Input, Output>,
  input: Input,
  caller: Caller,
): Awaitable<Output> {
  const admitted = admit(lifecycle, operation, input, caller);
  if (operation.on === "room") return operation.run(lifecycle, input, admitted);
  const room = lifecycle.running();
  const output = operation.run(room, input, admitted);
  if (output instanceof Promise)
    return output.then((value: Output) => {
      finish(room, operation, caller);
      return value;
    });
  finish(room, operation, caller);
  return output;
}

function finish(room: RunningRoom, { isActivity, isMove }: Definition, caller: Caller): void {
  if (isActivity) room.markActive();
  if (isMove && caller.user) room.crowd.markMoved(caller.user.id, room.ports.now());
  if (room.isStaged) room.batch.requestFlush("change");
}

/** JSON as it arrives: text over HTTP and RPC, a value on a socket. */
export type JsonSource = { readonly text: string } | { readonly json: JsonValue };

/** @throws CollabError `malformed` */
export const readJson = (source: JsonSource): JsonValue =>
  "text" in source ? parseJson(source.text) : source.json;
