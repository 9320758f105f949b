// Calls the room author's code, with a time limit. Every failure becomes an error from the error table. The error
// that the code threw is logged, and the caller gets the id of that log line.

import type { Action, ActionContext, HookResult, RoomContext } from "../../behaviours/behaviour.ts";
import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import { roomCaller, type Caller } from "../../protocol/caller.ts";
import { CollabError, type Issue } from "../../protocol/errors.ts";
import { checkScopes, type Scope } from "../../protocol/scopes.ts";
import { issueOf, stateIssues } from "../../behaviours/schema.ts";
import type { StateCheck } from "../../model/change.ts";
import { describeValue, isObject, measure, type JsonValue } from "../../protocol/json.ts";
import { freezeState } from "../../model/freeze.ts";
import type { Members } from "../../model/members.ts";
import type { User, UserEntry } from "../../protocol/users.ts";
import { checkMeta } from "../../model/user.ts";
import type { JsonDocument } from "../document/json-document.ts";
import { callWithin, TimedOut, type RunningCall } from "./call-within.ts";
import { ActionRequests, type ActionEvent, type ActionView } from "./action-context.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { createContext } from "./room-context.ts";
import { askedBy, describe } from "../log.ts";
import type { RoomPorts } from "../ports.ts";

type ActionOutcome = { readonly issues: Issue[] } | { readonly refused: string } | ActionSuccess;

/** The result and the requests of an action. */
export type ActionSuccess = {
  readonly state: object | undefined;
  /** JSON text. */
  readonly result: string;
  readonly events: readonly ActionEvent[];
};

/** The error code for a failure of the author's code. */
type FailureCode = "hook_failed" | "action_failed";

type Called<T> = { readonly ok: T; readonly scopes?: unknown } | { readonly refused: string };

/** What `onJoin` has returned for a user. */
export type Admission = { readonly meta: JsonValue; readonly scopes: readonly Scope[] | undefined };

export type SaveFailure = "save_failed" | "call_timeout";

/** Why a save has failed: the error that the hook returned, or the id of the log line with what it threw. */
export type SaveProblem = { readonly reason: string } | { readonly instance: string };

export type HookRunnerParts = {
  readonly ports: Pick<RoomPorts, "id" | "env" | "log" | "now" | "newId" | "later" | "insideHook">;
  readonly behaviour: ResolvedBehaviour;
  readonly epoch: string;
  readonly document: JsonDocument;
  readonly members: Members;
};

export class HookRunner {
  readonly #parts: HookRunnerParts;
  readonly #behaviour: ResolvedBehaviour;
  readonly #ports: HookRunnerParts["ports"];
  /** By what is called: `onJoin`, `authorize`, and each action. */
  readonly #breakers = new Map<string, CircuitBreaker>();
  readonly #running = new Set<RunningCall>();
  /** Why the last failed save failed, as far as that is known. */
  saveProblem: SaveProblem | null = null;

  constructor(parts: HookRunnerParts) {
    this.#parts = parts;
    this.#behaviour = parts.behaviour;
    this.#ports = parts.ports;
  }

  get hasOnLeave(): boolean {
    return this.#behaviour.hooks.onLeave !== undefined;
  }

  /** Whether the behaviour saves the state in an external store. */
  get saves(): boolean {
    return this.#behaviour.hooks.saveRoomState !== undefined;
  }

  /** The calls that the room is waiting for; `onLeave` is not among them. */
  get running(): Iterable<RunningCall> {
    return this.#running;
  }

  #context(caller: Caller, isConcurrent = false): RoomContext {
    return createContext(this.#parts, caller, isConcurrent);
  }

  /**
   * Ask whether a user may join.
   * @returns the `meta` for their entry, and the scopes of their sessions if the hook decides them
   * @throws CollabError `join_refused`, `hook_failed`, `call_timeout`
   */
  async onJoin(user: User, caller: Caller): Promise<Admission> {
    const { hooks } = this.#behaviour;
    if (hooks.onJoin === undefined) return { meta: checkMeta(), scopes: undefined };
    const room = this.#context(caller);
    const called = await this.#unlessHanging("onJoin", () =>
      this.#hook("onJoin", caller, () => hooks.onJoin?.(room, freezeState(user))),
    );
    if ("refused" in called) throw new CollabError("join_refused", { reason: called.refused });
    try {
      return { meta: checkMeta(called.ok), scopes: scopesIn(called.scopes) };
    } catch (error) {
      throw this.#failure("hook_failed", "onJoin", error, caller);
    }
  }

  /**
   * Ask what a user may do, before they join or open another session (rule B2).
   * @returns `undefined` if the behaviour does not decide
   * @throws CollabError `not_authorized`, `hook_failed`, `call_timeout`, `hook_unavailable`
   */
  async authorize(user: User, caller: Caller): Promise<readonly Scope[] | undefined> {
    const { hooks } = this.#behaviour;
    if (hooks.authorize === undefined) return undefined;
    const room = this.#context(caller);
    const called = await this.#unlessHanging("authorize", () =>
      this.#hook("authorize", caller, () => hooks.authorize?.(room, freezeState(user))),
    );
    if ("refused" in called) throw new CollabError("not_authorized", { reason: called.refused });
    try {
      return scopesIn(isObject(called.ok) ? called.ok["scopes"] : undefined);
    } catch (error) {
      throw this.#failure("hook_failed", "authorize", error, caller);
    }
  }

  /** Checks a state against the behaviour's schema (rule B3); `null` if it has none. */
  get checkState(): StateCheck | null {
    const { state: schema } = this.#behaviour;
    if (schema === null) return null;
    return (state) => {
      let issues: Issue[];
      try {
        issues = stateIssues(schema, state);
      } catch (error) {
        throw this.#failure("hook_failed", "the schema of the state", error, null);
      }
      if (issues.length > 0) throw new CollabError("invalid_state", { issues });
    };
  }

  /** Report that a user has left. Never throws: a failure is only logged. */
  async onLeave(entry: UserEntry, caller: Caller): Promise<void> {
    const { hooks, callTimeout } = this.#behaviour;
    const room = this.#context(caller, true);
    try {
      await callWithin(this.#ports, callTimeout, "onLeave", () => hooks.onLeave?.(room, entry));
    } catch (error) {
      this.#failure("hook_failed", "onLeave", error, caller);
    }
  }

  /**
   * Load the state that a room starts with (rule R5).
   * @returns what the hook returned, or the initial state if it returned an error; `null` without a hook
   * @throws CollabError `load_failed`
   */
  async load(caller: Caller): Promise<{ readonly state: unknown } | null> {
    const { hooks } = this.#behaviour;
    if (hooks.loadRoomState === undefined) return null;
    const room = this.#context(caller);
    let called: Called<unknown>;
    try {
      called = await this.#hook("loadRoomState", caller, () => hooks.loadRoomState?.(room));
    } catch (error) {
      throw loadFailed(error);
    }
    // In an object, because a promise inspects the value that it resolves with, which may throw.
    if ("ok" in called) return { state: called.ok };
    this.#ports.log("load_refused", { reason: called.refused, ...askedBy(caller) });
    return { state: this.#behaviour.initialState ?? {} };
  }

  /** Turn an error in a loaded state into the error for the caller. */
  badLoad(error: unknown, caller: Caller): CollabError {
    return loadFailed(this.#failure("hook_failed", "loadRoomState", error, caller));
  }

  /**
   * Save the state.
   * @returns `null` if it is saved, otherwise why not
   */
  async save(): Promise<SaveFailure | null> {
    const { hooks } = this.#behaviour;
    const room = this.#context(roomCaller);
    try {
      const called = await this.#hook("saveRoomState", roomCaller, () =>
        hooks.saveRoomState?.(room, room.state),
      );
      if ("ok" in called) return null;
      this.#ports.log("save_refused", { reason: called.refused });
      this.saveProblem = { reason: called.refused };
      return "save_failed";
    } catch (error) {
      const { instance } = error instanceof CollabError ? error.info : {};
      this.saveProblem = instance === undefined ? null : { instance };
      const late = error instanceof CollabError && error.code === "call_timeout";
      return late ? "call_timeout" : "save_failed";
    }
  }

  /** @throws CollabError `unknown_action` */
  #action(name: string): Action<object> {
    const { actions } = this.#behaviour;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action === undefined)
      throw new CollabError("unknown_action", {
        detail: `The room's actions are: ${Object.keys(actions).join(", ") || "none"}.`,
      });
    return action;
  }

  /**
   * Check an action's input and run it.
   * @throws CollabError `unknown_action`, `invalid_payload`, `action_failed`, `action_refused`,
   * `call_timeout`, `hook_unavailable`
   */
  async act(
    name: string,
    payload: JsonValue,
    caller: Caller,
    view: ActionView,
  ): Promise<ActionSuccess> {
    const action = this.#action(name);
    const requests = new ActionRequests(this.#behaviour.limits);
    const room = requests.context(this.#context(caller), view);
    const run = (): Promise<ActionOutcome> =>
      this.#runAction(name, action, room, payload, requests).finally(() => requests.end());
    const outcome = await this.#unlessHanging(`action ${name}`, run);
    if ("issues" in outcome) throw new CollabError("invalid_payload", { issues: outcome.issues });
    if ("refused" in outcome) throw new CollabError("action_refused", { reason: outcome.refused });
    return outcome;
  }

  #runAction(
    name: string,
    action: Action<object>,
    room: ActionContext,
    payload: JsonValue,
    requests: ActionRequests,
  ): Promise<ActionOutcome> {
    return this.#call("action_failed", name, room.caller, async () => {
      const checked = await action.schema["~standard"].validate(payload);
      if (checked.issues) return { issues: checked.issues.map(issueOf) };
      const ran = (await action.run(room, room.state, checked.value)) ?? {};
      if (typeof ran !== "object" || Array.isArray(ran))
        throw new TypeError(
          `${name} must return { state, result } or { error }, got ${describeValue(ran)}`,
        );
      if ("error" in ran && ran.error !== undefined) return { refused: String(ran.error) };
      // The author's answer is read here, because a getter may throw.
      const { state, result } = ran as { state?: object; result?: JsonValue };
      return { state, result: this.#resultText(result), events: requests.events };
    });
  }

  #resultText(result: JsonValue = null): string {
    const { limits } = this.#behaviour;
    const { bytes } = measure(result, limits.stateDepth);
    if (bytes > limits.frameBytes)
      throw new RangeError(`the result has ${bytes} bytes; the limit is ${limits.frameBytes}`);
    return JSON.stringify(result);
  }

  /** Turn an error in a state that an action returned into the error for its caller. */
  badState(name: string, error: unknown, caller: Caller): CollabError {
    return error instanceof CollabError
      ? error
      : this.#failure("action_failed", name, error, caller);
  }

  /**
   * Make a call that blocks the room's turn, unless such calls keep timing out.
   * @throws CollabError `hook_unavailable`
   */
  async #unlessHanging<T>(what: string, call: () => Promise<T>): Promise<T> {
    const breaker = this.#breakers.get(what) ?? new CircuitBreaker();
    this.#breakers.set(what, breaker);
    if (!breaker.allow(this.#ports.now())) throw new CollabError("hook_unavailable");
    try {
      const outcome = await call();
      breaker.answered();
      return outcome;
    } catch (error) {
      const isTimeout = error instanceof CollabError && error.code === "call_timeout";
      if (isTimeout) breaker.timedOut(this.#ports.now(), this.#behaviour.callTimeout);
      else breaker.answered();
      throw error;
    }
  }

  /** Call a hook that returns `{ ok }`, `{ error }` or nothing. */
  #hook(
    name: string,
    caller: Caller,
    call: () => PromiseLike<HookResult<unknown> | void> | HookResult<unknown> | void,
  ): Promise<Called<unknown>> {
    return this.#call("hook_failed", name, caller, async () => {
      const answer: unknown = await call();
      if (answer === undefined) return { ok: undefined };
      if (isObject(answer) && "ok" in answer) return { ok: answer["ok"], scopes: answer["scopes"] };
      if (isObject(answer) && "error" in answer) return { refused: String(answer["error"]) };
      throw new TypeError(
        `${name} must return { ok: … } or { error: "…" }, got ${describeValue(answer)}`,
      );
    });
  }

  async #call<T>(
    code: FailureCode,
    what: string,
    caller: Caller,
    call: () => Promise<T>,
  ): Promise<T> {
    const running = { what, since: this.#ports.now() };
    this.#running.add(running);
    try {
      return await callWithin(this.#ports, this.#behaviour.callTimeout, what, () =>
        this.#ports.insideHook(call),
      );
    } catch (error) {
      throw this.#failure(code, what, error, caller);
    } finally {
      this.#running.delete(running);
    }
  }

  /** @param caller whose turn failed, if known */
  #failure(code: FailureCode, what: string, error: unknown, caller: Caller | null): CollabError {
    const instance = this.#ports.newId();
    const asked = caller && askedBy(caller);
    this.#ports.log(code, { what, instance, ...asked, error: describe(error) });
    if (error instanceof CollabError && error.code === "reentrant_call")
      return new CollabError("reentrant_call", { instance });
    if (!(error instanceof TimedOut)) return new CollabError(code, { instance });
    return new CollabError("call_timeout", { detail: error.message, instance });
  }
}

/** @throws CollabError if it is not a list of scopes */
const scopesIn = (scopes: unknown): readonly Scope[] | undefined =>
  scopes === undefined ? undefined : checkScopes(scopes);

const loadFailed = (error: unknown): CollabError => {
  const instance = error instanceof CollabError ? error.info.instance : undefined;
  return new CollabError("load_failed", instance === undefined ? {} : { instance });
};
