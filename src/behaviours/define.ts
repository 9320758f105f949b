// The two functions for writing a behaviour. They only add types: the checks are in resolve.ts.

import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type {
  Action,
  ActionAnswer,
  ActionContext,
  DefinedRoom,
  RoomBehaviour,
} from "./behaviour.ts";

/** The argument of `defineRoom`: `actions` may be a function that gets an `action` with the room's types. */
export type RoomDefinition<State extends object, Env, Actions> = Omit<
  RoomBehaviour<State, Env>,
  "actions"
> & {
  readonly actions?: Actions | ((action: DefineAction<State, Env>) => Actions);
};

/** `action`, typed for a room with this state and these bindings. */
export type DefineAction<State extends object, Env> = <
  Schema extends StandardSchemaV1,
  Result extends JsonValue = null,
>(
  schema: Schema,
  run: (
    room: ActionContext<State, Env>,
    state: State,
    input: StandardSchemaV1.InferOutput<Schema>,
  ) => ActionAnswer<State, Result> | void | Promise<ActionAnswer<State, Result> | void>,
) => Action<State, Env, StandardSchemaV1.InferInput<Schema>, NoInfer<Result>>;

/**
 * Define a kind of room. The type of its state comes from the schema `state`; without a schema, specify it:
 * `defineRoom<Doc>({ … })`.
 * @param behaviour hooks, actions and settings, all optional; `createCollab` checks them
 * @returns the behaviour, with the types of its state and actions: see `StateOf` and `ActionsOf`
 * @example
 * ```ts
 * const board = defineRoom({
 *   state: z.object({ notes: z.array(z.object({ id: z.string(), text: z.string() })) }),
 *   initialState: { notes: [] },
 *   actions: (action) => ({
 *     clear: action(z.object({}), (room, state) => ({
 *       state: { ...state, notes: [] },
 *       result: state.notes.length,
 *     })),
 *   }),
 * });
 * ```
 */
export function defineRoom<
  State extends object = JsonObject,
  Env = unknown,
  // Any state, because an action defined outside the room cannot know the room's type.
  // oxlint-disable-next-line typescript/no-explicit-any
  Actions extends Readonly<Record<string, Action<any, any, any, any>>> = {},
>(behaviour: RoomDefinition<State, Env, Actions>): DefinedRoom<State, Actions> {
  const { actions } = behaviour;
  // The casts are safe: the types of the state and the bindings are whatever the author says.
  if (typeof actions !== "function") return behaviour as DefinedRoom<State, Actions>;
  return { ...behaviour, actions: actions(action as DefineAction<State, Env>) } as DefinedRoom<
    State,
    Actions
  >;
}

/**
 * Define an action: a function that clients call by name and that runs in the room's turn. Write
 * `actions: (action) => ({ … })` in `defineRoom` to get an `action` that knows the room's types.
 * @param schema any Standard Schema (zod, valibot, arktype …). Input that does not match it is refused with
 * `invalid_payload` and does not reach `run`.
 * @param run receives the room, the state and the input. It returns `{ state?, result? }`, or
 * `{ error: reason }` to refuse with `action_refused`. The state is frozen: return a new one instead of
 * changing it. If `run` throws, the caller gets `action_failed`; if it takes longer than `callTimeout`,
 * `call_timeout`. In both cases the state is unchanged.
 * @example
 * ```ts
 * type Doc = { title: string };
 * const rename = action(z.object({ title: z.string() }), (room: ActionContext<Doc, Env>, state, input) => ({
 *   state: { ...state, title: input.title },
 *   result: `was ${state.title} in ${room.id}`,
 * }));
 * ```
 */
export function action<
  Schema extends StandardSchemaV1,
  State extends object = JsonObject,
  Env = unknown,
  Result extends JsonValue = null,
>(
  schema: Schema,
  run: (
    room: ActionContext<State, Env>,
    state: State,
    input: StandardSchemaV1.InferOutput<Schema>,
  ) => ActionAnswer<State, Result> | void | Promise<ActionAnswer<State, Result> | void>,
  // Without NoInfer, the surrounding record of actions would infer `object` as the state.
): Action<NoInfer<State>, NoInfer<Env>, StandardSchemaV1.InferInput<Schema>, NoInfer<Result>> {
  return {
    schema: schema as StandardSchemaV1<StandardSchemaV1.InferInput<Schema>>,
    run: (room, state, input) => run(room, state, input as StandardSchemaV1.InferOutput<Schema>),
  };
}
