// Types derived from a room's type: of its state, its actions, and its presence. Only types.

import type { Action, CallOf, TypesIn } from "../behaviours/behaviour.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { KnownPresence, Presence } from "../protocol/presence.ts";

/** The type of the state: that of the behaviour `T`, or `T` itself. */
export type StateFor<T> = TypesIn<T> extends { readonly state: infer State } ? State : T;

type ActionsFor<T> = TypesIn<T> extends { readonly actions: infer Actions } ? Actions : null;

/** Names of the actions of the behaviour `T`; any name if `T` is a state. */
export type ActionNameFor<T> = ActionsFor<T> extends null ? string : keyof ActionsFor<T> & string;

type ActionFor<T, Name extends string> = Name extends keyof ActionsFor<T>
  ? ActionsFor<T>[Name]
  : null;

/** The input of an action of the behaviour `T`. */
export type InputFor<T, Name extends string> =
  ActionFor<T, Name> extends Action<infer _State, infer _Env, infer Input, infer _Result>
    ? Input
    : JsonValue;

/** The result of an action of the behaviour `T`. */
export type ResultFor<T, Name extends string> =
  ActionFor<T, Name> extends Action<infer _State, infer _Env, infer _Input, infer Result>
    ? Result
    : JsonValue;

export type ActionOptions<T> = {
  /** Makes the change that the action is expected to make, on a draft. It may run many times. */
  readonly optimistic?: (draft: Draft<StateFor<T>>) => void;
};

/** The arguments of an action call after the action's name. */
export type ActionCall<T, Name extends string> = CallOf<InputFor<T, Name>, ActionOptions<T>>;

/** A deeply readonly value. */
export type Frozen<T> = JsonValue extends T
  ? T
  : T extends (...args: never[]) => unknown
    ? T
    : T extends object
      ? { readonly [Key in keyof T]: Frozen<T[Key]> }
      : T;

/** A deeply mutable value, for recipes. */
export type Draft<T> = JsonValue extends T
  ? T
  : T extends (...args: never[]) => unknown
    ? T
    : T extends object
      ? { -readonly [Key in keyof T]: Draft<T[Key]> }
      : T;

/** A person's presence. `P` has the application's own members; each is present once it has been set. */
export type PresenceFor<P> = unknown extends P
  ? Presence
  : Omit<KnownPresence, keyof P> & Partial<Frozen<P>>;

/** A change of the user's own presence: members that are `null` are removed. */
export type PresenceInput<P = unknown> = {
  /** Renewed by the client until it is set to false. */
  readonly typing?: boolean;
  readonly status?: "online" | "idle";
} & (unknown extends P
  ? { readonly cursor?: JsonValue; readonly [name: string]: JsonValue | undefined }
  : Omit<Settable, keyof P> & { readonly [Key in keyof P]?: P[Key] | null });

type Settable = {
  readonly cursor?: JsonValue;
  // The room takes these from the user until they are set.
  readonly name?: string | null;
  readonly color?: string | null;
  readonly avatarUrl?: string | null;
};
