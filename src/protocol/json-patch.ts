// JSON Patch (RFC 6902) as data: the operations and their decoder. apply-patch.ts applies them.

import { CollabError } from "./errors.ts";
import { describeValue, isObject, member, type JsonObject, type JsonValue } from "./json.ts";
import type { Limits } from "./limits.ts";
import { parsePointer } from "./pointer.ts";

export type Operation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: JsonValue }
  | { readonly op: "move" | "copy"; readonly path: string; readonly from: string }
  | { readonly op: "remove"; readonly path: string };

export type Patch = readonly Operation[];

/** The patch that replaces the whole state. */
export const replaceAll = (value: JsonObject): Patch => [{ op: "replace", path: "", value }];

/** A state and its size in bytes as compact JSON. */
export type Sized = { readonly value: JsonObject; readonly bytes: number };

export type PatchLimits = Pick<Limits, "stateBytes" | "stateDepth" | "patchOperations">;

/**
 * Decode a JSON Patch. Members that RFC 6902 does not define are dropped.
 * @throws CollabError `malformed` with the index of the invalid operation; `too_large` for too many
 * operations
 */
export function parsePatch(input: unknown, limits: Pick<Limits, "patchOperations">): Patch {
  if (!Array.isArray(input))
    throw new CollabError("malformed", {
      detail: `A JSON Patch must be an array of operations, got ${describeValue(input)}.`,
    });
  if (input.length > limits.patchOperations)
    throw new CollabError("too_large", {
      detail: `The patch has ${input.length} operations; the limit is ${limits.patchOperations}. Split it.`,
    });
  // Not `map`, which skips the holes of a sparse array.
  return Array.from(input, parseOperation);
}

function parseOperation(input: unknown, index: number): Operation {
  const malformed = (expected: string): CollabError =>
    new CollabError("malformed", { detail: `Operation ${index}: ${expected}.` });
  if (!isObject(input))
    throw malformed(`an operation must be an object, got ${describeValue(input)}`);
  const op = member(input, "op");
  const pointer = (name: "path" | "from"): string => {
    const text = member(input, name);
    if (typeof text !== "string" || parsePointer(text) === null)
      throw malformed(`"${name}" must be a JSON Pointer such as "/list/0"`);
    return text;
  };
  switch (op) {
    case "add":
    case "replace":
    case "test": {
      const path = pointer("path");
      const value = member(input, "value");
      if (value === undefined) throw malformed(`"${op}" needs a "value"`);
      return { op, path, value };
    }
    case "remove":
      return { op, path: pointer("path") };
    case "move":
    case "copy":
      return { op, path: pointer("path"), from: pointer("from") };
    default:
      throw malformed(
        `"op" must be add, remove, replace, move, copy or test, got ${describeValue(op)}`,
      );
  }
}
