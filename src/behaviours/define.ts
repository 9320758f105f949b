// The two functions with which an author writes a behaviour. They only add types: checks are in resolve.ts.

import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonObject } from "../protocol/json.ts";
import type { Action, ActionAnswer, RoomBehaviour, RoomContext } from "./behaviour.ts";

/**
 * Define a kind of room.
 * @param behaviour hooks, actions and settings, all optional; `createCollab` checks them
 * @returns the same object, without the types of its state and its bindings
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
  // Only the author knows the types of the state and of the bindings.
  return behaviour as RoomBehaviour;
}

/**
 * Define an action: a function that clients call by name and that runs in the room's turn.
 * @param schema any Standard Schema (zod, valibot, arktype …). Input that does not match it is refused with
 * `invalid_payload` and does not reach `run`.
 * @param run gets the room, the state and the input. It returns `{ state?, result? }`, or
 * `{ error: reason }` to refuse with `action_refused`. It must return a new state instead of changing the
 * one it gets, which is frozen. If it throws, the caller gets `action_failed`; after `callTimeout` ms
 * `call_timeout`. In both cases the state is unchanged.
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
  // NoInfer, because the record of actions around it would infer `object` as the state.
): Action<NoInfer<State>, NoInfer<Env>> {
  return {
    schema,
    run: (room, state, input) => run(room, state, input as StandardSchemaV1.InferOutput<Schema>),
  };
}
