// From JSON to a client's message: checked member by member, by hand, for this is the hot path. What a
// message carries for others to judge (a patch, a payload, presence) is checked by them.

import { CollabError } from "./errors.ts";
import { isObject, member, type JsonObject, type JsonValue } from "./json.ts";
import type { ClientMessage, Ref } from "./messages.ts";

const maxRefLength = 64;

/**
 * Decode one message.
 * @throws CollabError `bad_message`, saying what was expected
 */
export function decodeMessage(json: JsonValue): ClientMessage {
  if (!isObject(json)) throw bad("A message is a JSON object");
  const type = member(json, "type");
  switch (type) {
    case "update":
      return update(json);
    case "action": {
      const payload = member(json, "payload");
      return {
        type,
        ref: ref(json),
        name: text(json, "name"),
        ...(payload !== undefined && { payload }),
      };
    }
    case "presence":
      return { type, data: object(json, "data"), ...optionalRef(json) };
    case "broadcast": {
      const payload = member(json, "payload");
      const echo = member(json, "echo");
      if (echo !== undefined && typeof echo !== "boolean") throw bad(`"echo" is true or false`);
      return {
        type,
        event: text(json, "event"),
        ...(payload !== undefined && { payload }),
        ...(echo !== undefined && { echo }),
        ...optionalRef(json),
      };
    }
    case "touch":
      return { type, ...optionalRef(json) };
    case "leave":
      return { type };
    case "ack":
      return { type, n: count(json, "n") };
    default:
      throw bad(`"type" must be update, action, presence, broadcast, touch, leave or ack`);
  }
}

function update(json: JsonObject): ClientMessage {
  const [patch, merge] = [member(json, "patch"), member(json, "merge")];
  const rest = {
    type: "update",
    ref: ref(json),
    ...(member(json, "ifVersion") !== undefined && { ifVersion: count(json, "ifVersion") }),
  } as const;
  if (Array.isArray(patch) && merge === undefined) return { ...rest, patch };
  if (isObject(merge) && patch === undefined) return { ...rest, merge };
  throw bad(`An update has either "patch", an array, or "merge", an object`);
}

/** The ref of a message that could not be decoded, if it has one: the client waits for its reply. */
export function refOf(json: JsonValue): Ref | undefined {
  const value = isObject(json) ? member(json, "ref") : undefined;
  return isRef(value) ? value : undefined;
}

function ref(json: JsonObject): Ref {
  const value = member(json, "ref");
  if (!isRef(value))
    throw bad(`"ref" must be a string of 1 to ${maxRefLength} characters or an integer`);
  return value;
}

function optionalRef(json: JsonObject): { ref?: Ref } {
  return member(json, "ref") === undefined ? {} : { ref: ref(json) };
}

const isRef = (value: JsonValue | undefined): value is Ref =>
  (typeof value === "string" && value !== "" && value.length <= maxRefLength) ||
  Number.isSafeInteger(value);

function text(json: JsonObject, name: string): string {
  const value = member(json, name);
  if (typeof value !== "string") throw bad(`"${name}" must be a string`);
  return value;
}

function object(json: JsonObject, name: string): JsonObject {
  const value = member(json, name);
  if (!isObject(value)) throw bad(`"${name}" must be an object`);
  return value;
}

function count(json: JsonObject, name: string): number {
  const value = member(json, name);
  if (!Number.isSafeInteger(value) || Number(value) < 0)
    throw bad(`"${name}" must be a whole number`);
  return Number(value);
}

const bad = (expected: string): CollabError =>
  new CollabError("bad_message", { detail: `${expected}.` });
