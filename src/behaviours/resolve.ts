// Checks behaviours once, when the Worker loads, and fills in every default. It calls no hook.

import { describeValue, isObject } from "../protocol/json.ts";
import { resolveLimits, type Limits } from "../protocol/limits.ts";
import { defaultIdleTimeout, maxDuration } from "../model/duration.ts";
import type { Behaviours, RoomBehaviour } from "./behaviour.ts";

export type ResolvedBehaviour = {
  readonly name: string;
  /** The author's hooks and actions. */
  readonly hooks: Pick<RoomBehaviour, "onJoin" | "onLeave" | "loadRoomState" | "saveRoomState">;
  readonly actions: NonNullable<RoomBehaviour["actions"]>;
  readonly idleTimeout: number;
  readonly callTimeout: number;
  readonly maxUsers: number;
  readonly maxSockets: number;
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
  const { retention = "keep", save = {} } = behaviour;
  const debounce = wholeNumber("save.debounce", save.debounce ?? 0, 0);
  if (retention !== "keep" && retention !== "drop")
    throw new TypeError(
      `behaviour "${name}": retention must be "keep" or "drop", got ${describeValue(retention)}`,
    );
  return {
    name,
    hooks: behaviour,
    actions: behaviour.actions ?? {},
    idleTimeout: wholeNumber("idleTimeout", behaviour.idleTimeout ?? defaultIdleTimeout, 1),
    callTimeout: wholeNumber("callTimeout", behaviour.callTimeout ?? 5000, 1, 25_000),
    maxUsers: wholeNumber("maxUsers", behaviour.maxUsers ?? 10_000, 1, 100_000),
    maxSockets: wholeNumber("maxSockets", behaviour.maxSockets ?? 5000, 1, 32_000),
    reconnectGrace: wholeNumber("reconnectGrace", behaviour.reconnectGrace ?? 10_000, 0),
    retention,
    save: {
      debounce,
      maxWait: wholeNumber("save.maxWait", save.maxWait ?? Math.min(10 * debounce, maxDuration), 0),
    },
    limits: limitsOf(name, behaviour),
  };
}

const hooks = ["onJoin", "onLeave", "loadRoomState", "saveRoomState"] as const;
const settings = new Set<string>([
  ...hooks,
  "actions",
  "idleTimeout",
  "callTimeout",
  "maxUsers",
  "maxSockets",
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
  for (const [key, value] of Object.entries<unknown>(actions))
    check(isAction(value), `actions.${key}`, "made by action(schema, run)", value);
}

/** Unknown names are refused, because a hook with a misspelt name would silently never be called. */
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

/** Whether a value is `{ schema, run }`. Some libraries have schemas that are functions. */
function isAction(value: unknown): boolean {
  if (!isObject(value) || typeof value["run"] !== "function") return false;
  const schema: unknown = value["schema"];
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null) return false;
  const standard: unknown = (schema as Record<string, unknown>)["~standard"];
  return isObject(standard) && typeof standard["validate"] === "function";
}

function limitsOf(name: string, { limits }: RoomBehaviour): Limits {
  try {
    return resolveLimits(limits);
  } catch (error) {
    throw new RangeError(`behaviour "${name}": ${error instanceof Error ? error.message : ""}`);
  }
}
