// What an operation is. One definition serves all doors: HTTP, sockets and the Worker's own code. The room
// checks the scope, decodes the input, runs the operation in a turn and notes activity, in `execute` below
// and nowhere else; the reply waits until what it tells of is committed (room.ts).

import type { Caller } from "../protocol/caller.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import type { Limits } from "../protocol/limits.ts";
import { admit, type Access } from "./access.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { RunningRoom } from "./running-room.ts";

type Awaitable<T> = T | Promise<T>;

type Definition = {
  /** Whether a caller may send it twice when the first answer is lost. */
  readonly repeatable: boolean;
  /**
   * What it sees of the state.
   * - `head`: also what is not committed yet; its reply waits for that commit.
   * - `committed`: only what is committed; its turn waits until nothing is staged.
   * - `snapshot`: the same for a synchronous read: it waits outside the turn, and runs with the commit.
   */
  readonly sees?: "head" | "committed" | "snapshot";
  /** Whether what it has written stands even if that commit fails. */
  readonly standsAlone?: true;
  /** Whether it counts as activity (rule T1). Joins, leaves and held presence write that themselves, with their rows. */
  readonly isActivity?: true;
  /** Whether its user has moved or written by it, and so comes into the sample of a large room (rule N1). */
  readonly isMove?: true;
  /**
   * Whether it runs at once instead of in a turn: it reads, waits for nothing, and tells of a room whose turn hangs.
   */
  readonly besideTurns?: true;
  /** Whether the reply follows the messages that the next flush has for the session. */
  readonly isToldByFlush?: true;
};

/** What is particular about an operation's input. */
type Aspects<Input> = Access<Input> & {
  /** What it waits for before its turn; asked again until it answers `null`. */
  before?(lifecycle: Lifecycle, input: Input): Promise<unknown> | null;
  /** What it waits for after its turn: its caller is answered then. Never rejects. */
  after?(lifecycle: Lifecycle, input: Input): Promise<unknown> | null;
};

/** An operation on a running room; an absent one answers `room_not_running`. */
export type RunningOperation<Input, Output> = Definition &
  Aspects<Input> & {
    readonly on: "running";
    run(room: RunningRoom, input: Input, caller: Caller): Awaitable<Output>;
  };

/** An operation that an absent room takes too. */
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
 * @param definition `decode` checks the input against the room's limits and throws a CollabError for what
 * is wrong with it; `run` then does the work
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

/** Define an operation that an absent room takes too; see `runningOperation`. */
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
 * @returns its output; a promise only where the author's code or another object has to answer
 * @throws CollabError `forbidden`, `kicked`, `room_not_running`, and what the operation throws: nothing has changed
 */
export function execute<Input, Output>(
  lifecycle: Lifecycle,
  operation: Operation<Input, Output>,
  input: Input,
  caller: Caller,
): Awaitable<Output> {
  const asking = admit(lifecycle, operation, input, caller);
  if (operation.on === "room") return operation.run(lifecycle, input, asking);
  const room = lifecycle.running();
  const output = operation.run(room, input, asking);
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

/** JSON as it comes through a door: text over HTTP and RPC, a value on a socket. */
export type JsonSource = { readonly text: string } | { readonly json: JsonValue };

/** @throws CollabError `malformed` */
export const readJson = (source: JsonSource): JsonValue =>
  "text" in source ? parseJson(source.text) : source.json;
