// Checks behaviours once, when the Worker loads, and fills in the defaults. It calls no hooks.

import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  describeValue,
  isObject,
  isPlainObject,
  measure,
  type JsonObject,
} from "../protocol/json.ts";
import { resolveLimits, type Limits } from "../protocol/limits.ts";
import { defaultIdleTimeout, maxDuration } from "../model/duration.ts";
import type { Behaviours, RoomBehaviour } from "./behaviour.ts";
import { isSchema, stateIssues } from "./schema.ts";

export type ResolvedBehaviour = {
  readonly name: string;
  /** The author's hooks and actions. */
  readonly hooks: Pick<
    RoomBehaviour,
    "onJoin" | "onLeave" | "authorize" | "loadRoomState" | "saveRoomState"
  >;
  /** The schema of the state; `null` if any JSON object is allowed. */
  readonly state: StandardSchemaV1 | null;
  /** The state with which a new room starts; `null` for `{}`. */
  readonly initialState: JsonObject | null;
  readonly writes: "all" | "actions";
  readonly actions: NonNullable<RoomBehaviour["actions"]>;
  readonly idleTimeout: number;
  readonly callTimeout: number;
  readonly maxUsers: number;
  readonly maxSockets: number;
  readonly presenceLimit: number;
  readonly reconnectGrace: number;
  readonly retention: "keep" | "drop";
  readonly save: { readonly debounce: number; readonly maxWait: number };
  readonly limits: Limits;
};

/**
 * Check behaviours and fill in what they leave out. A behaviour named `default` always exists.
 * @throws TypeError or RangeError that names the behaviour and the setting
 */
export function resolveBehaviours(behaviours: Behaviours): ReadonlyMap<string, ResolvedBehaviour> {
  const resolved = new Map([["default", resolveBehaviour("default", {})]]);
  for (const [name, behaviour] of Object.entries(behaviours)) {
    if (!/^[\w.-]{1,64}$/.test(name))
      throw new TypeError(
        `behaviour "${name}": the name must have 1 to 64 letters, digits, ".", "_" or "-"`,
      );
    resolved.set(name, resolveBehaviour(name, behaviour));
  }
  return resolved;
}

/** Check one behaviour and fill in what it leaves out; see `resolveBehaviours`. */
export function resolveBehaviour(name: string, behaviour: RoomBehaviour): ResolvedBehaviour {
  const wholeNumber = (setting: string, value: number, min: number, max = maxDuration): number => {
    if (!Number.isSafeInteger(value) || value < min || value > max)
      throw new RangeError(
        `behaviour "${name}": ${setting} must be a whole number from ${min} to ${max}, got ${String(value)}`,
      );
    return value;
  };
  checkSettings(name, behaviour);
  const { retention = "keep", writes = "all", save = {} } = behaviour;
  const debounce = wholeNumber("save.debounce", save.debounce ?? 0, 0);
  if (retention !== "keep" && retention !== "drop")
    throw new TypeError(
      `behaviour "${name}": retention must be "keep" or "drop", got ${describeValue(retention)}`,
    );
  if (writes !== "all" && writes !== "actions")
    throw new TypeError(
      `behaviour "${name}": writes must be "all" or "actions", got ${describeValue(writes)}`,
    );
  const limits = limitsOf(name, behaviour);
  return {
    name,
    hooks: behaviour,
    state: behaviour.state ?? null,
    initialState: initialStateOf(name, behaviour, limits),
    writes,
    actions: behaviour.actions ?? {},
    idleTimeout: wholeNumber("idleTimeout", behaviour.idleTimeout ?? defaultIdleTimeout, 1),
    callTimeout: wholeNumber("callTimeout", behaviour.callTimeout ?? 5000, 1, 25_000),
    maxUsers: wholeNumber("maxUsers", behaviour.maxUsers ?? 10_000, 1, 100_000),
    maxSockets: wholeNumber("maxSockets", behaviour.maxSockets ?? 5000, 1, 32_000),
    presenceLimit: wholeNumber("presenceLimit", behaviour.presenceLimit ?? 200, 1, 100_000),
    reconnectGrace: wholeNumber("reconnectGrace", behaviour.reconnectGrace ?? 10_000, 0),
    retention,
    save: {
      debounce,
      maxWait: wholeNumber("save.maxWait", save.maxWait ?? Math.min(10 * debounce, maxDuration), 0),
    },
    limits,
  };
}

const hooks = ["onJoin", "onLeave", "authorize", "loadRoomState", "saveRoomState"] as const;
const settings = new Set<string>([
  ...hooks,
  "state",
  "initialState",
  "writes",
  "actions",
  "idleTimeout",
  "callTimeout",
  "maxUsers",
  "maxSockets",
  "presenceLimit",
  "reconnectGrace",
  "retention",
  "save",
  "limits",
] satisfies (keyof RoomBehaviour)[]);

const saveSettings = new Set<string>([
  "debounce",
  "maxWait",
] satisfies (keyof ResolvedBehaviour["save"])[]);

function checkSettings(name: string, behaviour: RoomBehaviour): void {
  const given: unknown = behaviour;
  if (!isObject(given))
    throw new TypeError(`behaviour "${name}" must be an object, got ${describeValue(given)}`);
  const check = (isRight: boolean, setting: string, expected: string, value: unknown): void => {
    if (isRight) return;
    throw new TypeError(
      `behaviour "${name}": ${setting} must be ${expected}, got ${describeValue(value)}`,
    );
  };
  checkNames(name, "", behaviour, settings);
  for (const hook of hooks) {
    const value: unknown = behaviour[hook];
    check(value === undefined || typeof value === "function", hook, "a function", value);
  }
  const { actions = {}, save = {}, limits = {} } = behaviour;
  for (const [setting, value] of Object.entries({ actions, save, limits }))
    check(isObject(value), setting, "an object", value);
  checkNames(name, "save.", save, saveSettings);
  const { state } = behaviour;
  check(state === undefined || isSchema(state), "state", "a Standard Schema", state);
  for (const [key, value] of Object.entries<unknown>(actions))
    check(isAction(value), `actions.${key}`, "made by action(schema, run)", value);
}

/** Refuse unknown names, because a hook with a misspelt name would silently never be called. */
function checkNames(
  name: string,
  prefix: string,
  object: object,
  known: ReadonlySet<string>,
): void {
  for (const key of Object.keys(object))
    if (!known.has(key))
      throw new TypeError(
        `behaviour "${name}": "${prefix}${key}" is not a setting, use ${[...known].map((each) => prefix + each).join(", ")}`,
      );
}

/** Whether a value is `{ schema, run }`. */
const isAction = (value: unknown): boolean =>
  isObject(value) && typeof value["run"] === "function" && isSchema(value["schema"]);

/** The state with which a new room starts. Without `loadRoomState`, it must match the schema. */
function initialStateOf(
  name: string,
  { state: schema, initialState, loadRoomState }: RoomBehaviour,
  { stateDepth, stateBytes }: Limits,
): JsonObject | null {
  const fails = (why: string): never => {
    throw new TypeError(`behaviour "${name}": initialState ${why}`);
  };
  const state: unknown = initialState;
  if (state !== undefined) {
    if (!isPlainObject(state)) fails(`must be a JSON object, got ${describeValue(state)}`);
    try {
      const { bytes } = measure(state, stateDepth);
      if (bytes > stateBytes) fails(`has ${bytes} bytes; the limit is ${stateBytes}`);
    } catch (error) {
      if (error instanceof TypeError) throw error;
      fails("must contain only JSON values, within the limits of the room");
    }
  }
  if (schema !== undefined) {
    const issues = stateIssues(schema, initialState ?? {});
    if (issues.length > 0 && loadRoomState === undefined)
      fails(
        `must match the schema of the state: ${issues.map(({ path, message }) => `${path}: ${message}`).join("; ")}`,
      );
  }
  return initialState ?? null;
}

function limitsOf(name: string, { limits }: RoomBehaviour): Limits {
  try {
    return resolveLimits(limits);
  } catch (error) {
    throw new RangeError(`behaviour "${name}": ${error instanceof Error ? error.message : ""}`);
  }
}
