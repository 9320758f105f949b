// JSON Patch as somebody who writes a client would: plain and trusting, for a room sends only patches that
// apply. It shares no code with src, keeps every key, and never changes a document that was handed out.

import type { JsonArray, JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Operation, Patch } from "../../src/protocol/json-patch.ts";
import { canonical } from "./canonical-json.ts";

/**
 * The document after a patch.
 * @throws Error when an operation does not apply
 */
export const plainPatched = (doc: JsonValue, patch: Patch): JsonValue => patch.reduce(step, doc);

function step(doc: JsonValue, operation: Operation): JsonValue {
  const { op } = operation;
  const path = tokensOf(operation.path);
  switch (op) {
    case "add":
      return added(doc, path, operation.value);
    case "remove":
      return removed(doc, path);
    case "replace":
      return at(doc, path, () => operation.value);
    case "copy":
      return added(doc, path, found(doc, tokensOf(operation.from)));
    case "move": {
      const from = tokensOf(operation.from);
      return added(removed(doc, from), path, found(doc, from));
    }
    case "test":
      if (canonical(found(doc, path)) !== canonical(operation.value)) throw wrong(operation.path);
      return doc;
    case "inc":
      return at(doc, path, (value) => Number(value) + operation.by);
    case "str_ins":
      return at(doc, path, (value) => spliced(String(value), operation.pos, 0, operation.str));
    case "str_del":
      return at(doc, path, (value) => spliced(String(value), operation.pos, operation.len, ""));
    default:
      return op satisfies never;
  }
}

const spliced = (text: string, from: number, length: number, inserted: string): string =>
  text.slice(0, from) + inserted + text.slice(from + length);

const tokensOf = (pointer: string): string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));

const wrong = (where: string): Error => new Error(`the patch does not apply at ${where}`);

function found(doc: JsonValue, path: readonly string[]): JsonValue {
  const [token, ...rest] = path;
  if (token === undefined) return doc;
  if (typeof doc !== "object" || doc === null || !Object.hasOwn(doc, token)) throw wrong(token);
  return found((doc as JsonObject)[token] as JsonValue, rest);
}

/** The document with another value at a path that is there. */
function at(
  doc: JsonValue,
  path: readonly string[],
  change: (value: JsonValue) => JsonValue,
): JsonValue {
  const [token, ...rest] = path;
  if (token === undefined) return change(doc);
  const value = at(found(doc, [token]), rest, change);
  return Array.isArray(doc)
    ? (doc as JsonArray).with(Number(token), value)
    : withMember(doc as JsonObject, token, value);
}

function added(doc: JsonValue, path: readonly string[], value: JsonValue): JsonValue {
  const token = path.at(-1);
  if (token === undefined) return value;
  return at(doc, path.slice(0, -1), (parent) => {
    if (typeof parent !== "object" || parent === null) throw wrong(token);
    if (!Array.isArray(parent)) return withMember(parent as JsonObject, token, value);
    const index = token === "-" ? parent.length : Number(token);
    if (!(index <= parent.length)) throw wrong(token);
    return (parent as JsonArray).toSpliced(index, 0, value);
  });
}

function removed(doc: JsonValue, path: readonly string[]): JsonValue {
  const token = path.at(-1);
  if (token === undefined) throw wrong("the whole document");
  return at(doc, path.slice(0, -1), (parent) => {
    found(parent, [token]);
    if (Array.isArray(parent)) return (parent as JsonArray).toSpliced(Number(token), 1);
    return Object.fromEntries(
      Object.entries(parent as JsonObject).filter(([key]) => key !== token),
    );
  });
}

/** A copy, made by defining members: `__proto__` is a key like any other. */
function withMember(parent: JsonObject, key: string, value: JsonValue): JsonObject {
  const copy = { ...parent };
  Object.defineProperty(copy, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return copy;
}
