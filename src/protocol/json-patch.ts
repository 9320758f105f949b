// JSON Patch (RFC 6902) with three more operations (rule E5): its types and its decoder. apply-patch.ts applies patches.

import { CollabError } from "./errors.ts";
import { describeValue, isObject, member, type JsonObject, type JsonValue } from "./json.ts";
import type { Limits } from "./limits.ts";
import { parsePointer } from "./pointer.ts";

export type Operation =
  | { readonly op: "add"; readonly path: string; readonly value: JsonValue }
  | { readonly op: "replace"; readonly path: string; readonly value: JsonValue }
  | { readonly op: "test"; readonly path: string; readonly value: JsonValue }
  | { readonly op: "move"; readonly path: string; readonly from: string }
  | { readonly op: "copy"; readonly path: string; readonly from: string }
  | { readonly op: "remove"; readonly path: string }
  /** Adds to a number, so that concurrent additions add up. */
  | { readonly op: "inc"; readonly path: string; readonly by: number }
  /** Inserts into a text. Positions count UTF-16 code units, and never lie inside a surrogate pair. */
  | { readonly op: "str_ins"; readonly path: string; readonly pos: number; readonly str: string }
  /** Deletes `len` code units of a text, from `pos` on. */
  | { readonly op: "str_del"; readonly path: string; readonly pos: number; readonly len: number };

export type OperationOf<Op extends Operation["op"]> = Extract<Operation, { op: Op }>;

/** Only the operations of RFC 6902, or all of them. */
export type Dialect = "rfc6902" | "extended";

const operationNames: Readonly<Record<Dialect, string>> = {
  rfc6902: "add, remove, replace, move, copy or test",
  extended: "add, remove, replace, move, copy, test, inc, str_ins or str_del",
};

export type Patch = readonly Operation[];

/** The patch that replaces the whole state. */
export const replaceAll = (value: JsonObject): Patch => [{ op: "replace", path: "", value }];

/** The error for an operation that does not apply. The reason is shortened, because a path may be as long as the patch. */
export const patchFailed = (index: number, reason: string): CollabError => {
  const shown = reason.length > 200 ? `${reason.slice(0, 200)}…` : reason;
  return new CollabError("patch_failed", { detail: `Operation ${index}: ${shown}.` });
};

/** A state and its size in bytes as compact JSON. */
export type Sized = { readonly value: JsonObject; readonly bytes: number };

export type PatchLimits = Pick<Limits, "stateBytes" | "stateDepth" | "patchOperations">;

/**
 * Decode a JSON Patch. Unknown members of an operation are dropped.
 * @throws CollabError `malformed` with the index of the invalid operation; `too_large` for too many operations
 */
export function parsePatch(
  input: unknown,
  limits: Pick<Limits, "patchOperations">,
  dialect: Dialect = "extended",
): Patch {
  if (!Array.isArray(input))
    throw new CollabError("malformed", {
      detail: `A JSON Patch must be an array of operations, got ${describeValue(input)}.`,
    });
  if (input.length > limits.patchOperations)
    throw new CollabError("too_large", {
      detail: `The patch has ${input.length} operations; the limit is ${limits.patchOperations}. Split it.`,
    });
  // Not `map`, which skips the holes of a sparse array.
  return Array.from(input, (item, index) => parseOperation(item, index, dialect));
}

function parseOperation(input: unknown, index: number, dialect: Dialect): Operation {
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
      if (value === undefined) throw malformed(`"${op}" requires a "value"`);
      return { op, path, value };
    }
    case "remove":
      return { op, path: pointer("path") };
    case "move":
    case "copy":
      return { op, path: pointer("path"), from: pointer("from") };
    case "inc":
    case "str_ins":
    case "str_del":
      if (dialect === "extended") return parseExtended(op, input, pointer("path"), malformed);
      throw malformed(
        `"op" must be an operation of RFC 6902; to use "${op}", send the content type application/vnd.collab-room.patch+json`,
      );
    default:
      throw malformed(`"op" must be ${operationNames[dialect]}, got ${describeValue(op)}`);
  }
}

function parseExtended(
  op: "inc" | "str_ins" | "str_del",
  input: JsonObject,
  path: string,
  malformed: (expected: string) => CollabError,
): Operation {
  if (op === "inc") {
    const by = member(input, "by");
    if (typeof by !== "number") throw malformed(`"by" must be a number, got ${describeValue(by)}`);
    return { op, path, by };
  }
  const count = (name: "pos" | "len", min: number): number => {
    const value = member(input, name);
    if (!Number.isSafeInteger(value) || Number(value) < min)
      throw malformed(`"${name}" must be a whole number from ${min}, got ${describeValue(value)}`);
    return Number(value);
  };
  if (op === "str_del") return { op, path, pos: count("pos", 0), len: count("len", 1) };
  const str = member(input, "str");
  if (typeof str !== "string" || !str.isWellFormed())
    throw malformed(`"str" must be a string without lone surrogates, got ${describeValue(str)}`);
  return { op, path, pos: count("pos", 0), str };
}
