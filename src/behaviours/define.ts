// How an author writes a behaviour: two functions that only carry types.

import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonObject } from "../protocol/json.ts";
import type { Action, ActionAnswer, RoomBehaviour, RoomContext } from "./behaviour.ts";

/**
 * Define a kind of room.
 * @example
 * ```ts
 * const poll = defineRoom({
 *   maxUsers: 500,
 *   async onJoin(room, user) {
 *     return user.id.startsWith("guest-") ? { error: "members_only" } : { ok: { role: "voter" } };
 *   },
 * });
 * ```
 */
export function defineRoom<State extends object = JsonObject, Env = unknown>(
  behaviour: RoomBehaviour<State, Env>,
): RoomBehaviour {
  // The state is JSON and the bindings are the Worker's own: only the author knows their types.
  return behaviour as RoomBehaviour;
}

/**
 * Define an action: a function that clients call by name, which runs in the room's turn.
 * @param schema any Standard Schema (zod, valibot, arktype …); input that does not fit it gets
 * `invalid_payload` and never reaches `run`
 * @param run answers `{ state?, result? }`, or `{ error: reason }` to refuse. It must not change the
 * state it is given (it is frozen) but return another one.
 * @example
 * ```ts
 * type Doc = { title: string };
 * const rename = action(z.object({ title: z.string() }), (room: RoomContext<Doc, Env>, state, input) => ({
 *   state: { ...state, title: input.title },
 *   result: `was ${state.title} in ${room.id}`,
 * }));
 * ```
 */
export function action<
  Schema extends StandardSchemaV1,
  State extends object = JsonObject,
  Env = unknown,
>(
  schema: Schema,
  run: (
    room: RoomContext<State, Env>,
    state: State,
    input: StandardSchemaV1.InferOutput<Schema>,
  ) => ActionAnswer<State> | void | Promise<ActionAnswer<State> | void>,
  // Else the table of actions it stands in would make `object` of the state.
): Action<NoInfer<State>, NoInfer<Env>> {
  return {
    schema,
    run: (room, state, input) => run(room, state, input as StandardSchemaV1.InferOutput<Schema>),
  };
}
