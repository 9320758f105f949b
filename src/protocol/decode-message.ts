// Decodes JSON to a client's message. The checks are written by hand because this is a hot path. The contents of
// patches, payloads and presence are checked by the code that uses them.

import { CollabError } from "./errors.ts";
import { isIdText } from "./id-text.ts";
import { describeValue, isObject, member, type JsonObject, type JsonValue } from "./json.ts";
import { maxUserIdLength } from "./limits.ts";
import type { ClientMessage, Ref } from "./messages.ts";

const maxRefLength = 64;

/**
 * Decode one message. Unknown members are dropped.
 * @throws CollabError `bad_message` with what was expected and what was found
 */
export function decodeMessage(json: JsonValue): ClientMessage {
  if (!isObject(json)) throw badMessage("A message must be a JSON object", json);
  const type = member(json, "type");
  switch (type) {
    case "update":
      return update(json);
    case "action": {
      const payload = member(json, "payload");
      for (const name of ["ifVersion", "base", "strict"])
        if (member(json, name) !== undefined)
          throw badMessage(
            `An action does not support "${name}", because it sees the current state. Leave it out`,
            member(json, name),
          );
      return {
        type,
        ref: ref(json),
        name: text(json, "name"),
        ...(payload !== undefined && { payload }),
        ...seq(json),
      };
    }
    case "presence":
      return { type, data: object(json, "data"), ...optionalRef(json) };
    case "broadcast": {
      const payload = member(json, "payload");
      const echo = member(json, "echo");
      if (echo !== undefined && typeof echo !== "boolean")
        throw badMessage(`"echo" must be true or false`, echo);
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
    case "watch":
      return { type, users: userIds(json, "users"), ...optionalRef(json) };
    case "auth":
      return { type, token: text(json, "token"), ...optionalRef(json) };
    case "leave":
      return { type };
    case "ack":
      return { type, n: count(json, "n") };
    default:
      throw badMessage(
        `"type" must be update, action, presence, broadcast, touch, watch, auth, leave or ack`,
        type,
      );
  }
}

function update(json: JsonObject): ClientMessage {
  const [patch, merge] = [member(json, "patch"), member(json, "merge")];
  const rest = {
    type: "update",
    ref: ref(json),
    ...(member(json, "ifVersion") !== undefined && { ifVersion: count(json, "ifVersion") }),
    ...seq(json),
  } as const;
  const based = base(json);
  if (Array.isArray(patch) && merge === undefined) return { ...rest, patch, ...based };
  if (isObject(merge) && patch === undefined) {
    if (based.base === undefined) return { ...rest, merge };
    throw new CollabError("bad_message", {
      detail: `"merge" does not support "base", because it has no positions. Leave "base" out.`,
    });
  }
  throw new CollabError("bad_message", {
    detail: `An update must have either "patch", an array, or "merge", an object.`,
  });
}

function base(json: JsonObject): { base?: number; strict?: boolean } {
  const strict = member(json, "strict");
  if (strict !== undefined && typeof strict !== "boolean")
    throw badMessage(`"strict" must be true or false`, strict);
  if (member(json, "base") !== undefined)
    return { base: count(json, "base"), ...(strict !== undefined && { strict }) };
  if (strict === undefined) return {};
  throw badMessage(`"strict" requires "base", the version that the patch is based on`, undefined);
}

function seq(json: JsonObject): { seq?: number } {
  const value = member(json, "seq");
  if (value === undefined) return {};
  if (Number.isSafeInteger(value) && Number(value) > 0) return { seq: Number(value) };
  throw badMessage(`"seq" must be a whole number from 1`, value);
}

/** The ref of a message that could not be decoded, if it has a valid one, because the client waits for a reply. */
export function refOf(json: JsonValue): Ref | undefined {
  const value = isObject(json) ? member(json, "ref") : undefined;
  return isRef(value) ? value : undefined;
}

function ref(json: JsonObject): Ref {
  const value = member(json, "ref");
  if (!isRef(value))
    throw badMessage(
      `"ref" must be a string of 1 to ${maxRefLength} characters or an integer`,
      value,
    );
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
  if (typeof value !== "string") throw badMessage(`"${name}" must be a string`, value);
  return value;
}

function object(json: JsonObject, name: string): JsonObject {
  const value = member(json, name);
  if (!isObject(value)) throw badMessage(`"${name}" must be an object`, value);
  return value;
}

function userIds(json: JsonObject, name: string): readonly string[] {
  const value = member(json, name);
  if (!Array.isArray(value)) throw badMessage(`"${name}" must be an array of user ids`, value);
  return value.map((id: JsonValue) => {
    if (typeof id === "string" && id !== "" && id.length <= maxUserIdLength && isIdText(id))
      return id;
    throw badMessage(
      `"${name}" must have user ids, strings of 1 to ${maxUserIdLength} characters`,
      id,
    );
  });
}

function count(json: JsonObject, name: string): number {
  const value = member(json, name);
  if (!Number.isSafeInteger(value) || Number(value) < 0)
    throw badMessage(`"${name}" must be a whole number from 0`, value);
  return Number(value);
}

const badMessage = (expected: string, found: JsonValue | undefined): CollabError =>
  new CollabError("bad_message", { detail: `${expected}, got ${describeValue(found)}.` });
