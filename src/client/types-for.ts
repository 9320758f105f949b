// What the types of a room say: those of its state, of its actions, and of what people show. Types alone.

import type { Action, CallOf, TypesIn } from "../behaviours/behaviour.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { KnownPresence, Presence } from "../protocol/presence.ts";

/** The type of the state: that of the behaviour `T`, or `T` itself. */
export type StateFor<T> = TypesIn<T> extends { readonly state: infer State } ? State : T;

type ActionsFor<T> = TypesIn<T> extends { readonly actions: infer Actions } ? Actions : null;

/** Names of the actions of the behaviour `T`; any name where `T` is a state. */
export type ActionNameFor<T> = ActionsFor<T> extends null ? string : keyof ActionsFor<T> & string;

type ActionFor<T, Name extends string> = Name extends keyof ActionsFor<T>
  ? ActionsFor<T>[Name]
  : null;

/** What an action of the behaviour `T` takes. */
export type InputFor<T, Name extends string> =
  ActionFor<T, Name> extends Action<infer _State, infer _Env, infer Input, infer _Result>
    ? Input
    : JsonValue;

/** What an action of the behaviour `T` answers. */
export type ResultFor<T, Name extends string> =
  ActionFor<T, Name> extends Action<infer _State, infer _Env, infer _Input, infer Result>
    ? Result
    : JsonValue;

export type ActionOptions<T> = {
  /** Changes a draft as the action will change the state. It may run many times. */
  readonly optimistic?: (draft: Draft<StateFor<T>>) => void;
};

/** What a call of an action has behind its name. */
export type ActionCall<T, Name extends string> = CallOf<InputFor<T, Name>, ActionOptions<T>>;

/** A value that nobody may change, down to its leaves. */
export type Frozen<T> = JsonValue extends T
  ? T
  : T extends (...args: never[]) => unknown
    ? T
    : T extends object
      ? { readonly [Key in keyof T]: Frozen<T[Key]> }
      : T;

/** A value that a recipe may change, down to its leaves. */
export type Draft<T> = JsonValue extends T
  ? T
  : T extends (...args: never[]) => unknown
    ? T
    : T extends object
      ? { -readonly [Key in keyof T]: Draft<T[Key]> }
      : T;

/** What is seen of a person. `P` names the members of the application, of which each is there once it was set. */
export type PresenceFor<P> = unknown extends P
  ? Presence
  : Omit<KnownPresence, keyof P> & Partial<Frozen<P>>;

/** A change of what one shows: what is `null` is removed. */
export type PresenceInput<P = unknown> = {
  /** Kept up until it is set to false. */
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
