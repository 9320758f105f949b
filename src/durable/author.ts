// Calls of the room author's code: bounded in time, and every way it can fail turned into an error of
// the table. What it threw goes to the log; the caller gets the id of that log line.

import type { Action, HookResult, RoomContext } from "../behaviours/behaviour.ts";
import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import { CollabError, type ErrorCode } from "../protocol/errors.ts";
import { isObject, measure, type JsonValue } from "../protocol/json.ts";
import { freezeState } from "../room/freeze.ts";
import type { User, UserEntry } from "../protocol/users.ts";
import { checkMeta } from "../room/user.ts";
import { callWithin, TimedOut } from "./call-within.ts";
import { describe } from "./log.ts";
import type { RoomPorts } from "./ports.ts";

type Called<T> = { readonly ok: T } | { readonly refused: string };

export class Author {
  readonly #behaviour: ResolvedBehaviour;
  readonly #ports: Pick<RoomPorts, "log" | "newId">;

  constructor(behaviour: ResolvedBehaviour, ports: Pick<RoomPorts, "log" | "newId">) {
    this.#behaviour = behaviour;
    this.#ports = ports;
  }

  get saves(): boolean {
    return this.#behaviour.hooks.saveRoomState !== undefined;
  }

  /**
   * Ask whether a user may join.
   * @returns the `meta` for their entry
   * @throws CollabError `join_refused`, `hook_failed`, `call_timeout`
   */
  async onJoin(room: RoomContext, user: User): Promise<JsonValue> {
    const { hooks } = this.#behaviour;
    if (hooks.onJoin === undefined) return checkMeta();
    const called = await this.#hook("onJoin", () => hooks.onJoin?.(room, freezeState(user)));
    if ("refused" in called) throw new CollabError("join_refused", { reason: called.refused });
    try {
      return checkMeta(called.ok);
    } catch (error) {
      throw this.#failure("hook_failed", "onJoin", error);
    }
  }

  /**
   * Tell that a user has left; a failure is logged and goes no further.
   * @returns false when the hook hung
   */
  async onLeave(room: RoomContext, entry: UserEntry): Promise<boolean> {
    const { hooks, callTimeout } = this.#behaviour;
    if (hooks.onLeave === undefined) return true;
    try {
      await callWithin(callTimeout, "onLeave", () => hooks.onLeave?.(room, entry));
      return true;
    } catch (error) {
      return this.#failure("hook_failed", "onLeave", error).code !== "call_timeout";
    }
  }

  /**
   * Load the state a room starts with (rule R5).
   * @returns what the hook gave; `{}` when it answered an error; `undefined` without a hook
   * @throws CollabError `load_failed`
   */
  async load(room: RoomContext): Promise<unknown> {
    const { hooks } = this.#behaviour;
    if (hooks.loadRoomState === undefined) return undefined;
    let called: Called<unknown>;
    try {
      called = await this.#hook("loadRoomState", () => hooks.loadRoomState?.(room));
    } catch (error) {
      throw loadFailed(error);
    }
    // Giving nothing is no state: it must not pass for having no hook.
    if ("ok" in called) return called.ok ?? null;
    this.#ports.log("warn", "load_refused", { reason: called.refused });
    return {};
  }

  /** Turn what is wrong with a loaded state into the error the caller gets. */
  badLoad(error: unknown): CollabError {
    return loadFailed(this.#failure("hook_failed", "loadRoomState", error));
  }

  /**
   * Save a state.
   * @returns `null` when it is saved, else why not
   */
  async save(room: RoomContext): Promise<"save_failed" | "call_timeout" | null> {
    const { hooks } = this.#behaviour;
    try {
      const called = await this.#hook("saveRoomState", () =>
        hooks.saveRoomState?.(room, room.state),
      );
      if ("ok" in called) return null;
      this.#ports.log("error", "save_refused", { reason: called.refused });
      return "save_failed";
    } catch (error) {
      const late = error instanceof CollabError && error.code === "call_timeout";
      return late ? "call_timeout" : "save_failed";
    }
  }

  /** @throws CollabError `unknown_action` */
  action(name: string): Action<object> {
    const { actions } = this.#behaviour;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action === undefined)
      throw new CollabError("unknown_action", {
        detail: `Actions: ${Object.keys(actions).join(", ") || "none"}.`,
      });
    return action;
  }

  /**
   * Check an action's input and run it.
   * @throws CollabError `invalid_payload`, `action_failed`, `action_refused`, `call_timeout`
   */
  async act(
    name: string,
    action: Action<object>,
    room: RoomContext,
    payload: JsonValue,
  ): Promise<{ state?: object | undefined; result: JsonValue }> {
    const answer = await this.#call("action_failed", name, async () => {
      const checked = await action.schema["~standard"].validate(payload);
      if (checked.issues) return { issues: checked.issues };
      const ran = (await action.run(room, room.state, checked.value)) ?? {};
      if (typeof ran !== "object" || Array.isArray(ran))
        throw new TypeError(`${name} must answer { state, result } or { error }`);
      if ("error" in ran && ran.error !== undefined) return { refused: String(ran.error) };
      return { ran };
    });
    if ("issues" in answer)
      throw new CollabError("invalid_payload", {
        issues: answer.issues.map(({ path = [], message }) => ({
          path: path.map((step) => String(typeof step === "object" ? step.key : step)).join("."),
          message,
        })),
      });
    if ("refused" in answer) throw new CollabError("action_refused", { reason: answer.refused });
    const { state, result } = answer.ran as { state?: object; result?: JsonValue };
    return { state, result: this.#checkResult(name, result) };
  }

  #checkResult(name: string, result: JsonValue = null): JsonValue {
    const { limits } = this.#behaviour;
    try {
      const { bytes } = measure(result, limits.stateDepth);
      if (bytes > limits.frameBytes) throw new RangeError(`the result has ${bytes} bytes`);
      return result;
    } catch (error) {
      throw this.#failure("action_failed", name, error);
    }
  }

  /** Call a hook that answers `{ ok }`, `{ error }` or nothing. */
  #hook(
    name: string,
    call: () => PromiseLike<HookResult<unknown> | void> | HookResult<unknown> | void,
  ): Promise<Called<unknown>> {
    return this.#call("hook_failed", name, async () => {
      const answer: unknown = await call();
      if (answer === undefined) return { ok: undefined };
      if (isObject(answer) && "ok" in answer) return { ok: answer["ok"] };
      if (isObject(answer) && "error" in answer) return { refused: String(answer["error"]) };
      throw new TypeError(`${name} must answer { ok: … } or { error: "…" }`);
    });
  }

  async #call<T>(code: ErrorCode, what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await callWithin(this.#behaviour.callTimeout, what, call);
    } catch (error) {
      throw this.#failure(code, what, error);
    }
  }

  #failure(code: ErrorCode, what: string, error: unknown): CollabError {
    const instance = this.#ports.newId();
    this.#ports.log("error", code, { what, instance, error: describe(error) });
    if (!(error instanceof TimedOut)) return new CollabError(code, { instance });
    return new CollabError("call_timeout", { detail: error.message, instance });
  }
}

const loadFailed = (error: unknown): CollabError => {
  const instance = error instanceof CollabError ? error.info.instance : undefined;
  return new CollabError("load_failed", instance === undefined ? {} : { instance });
};
