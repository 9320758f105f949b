// An edit of the state: its base, its effect, and the request that sends it. The request names the base version and
// tests what it replaces, so that it never overwrites what someone else has changed in the meantime.

import {
  applyPatch,
  diff,
  measure,
  type JsonObject,
  type JsonValue,
  type Operation,
  type Patch,
} from "collab-room/protocol";
import { roomPath, type Api } from "../common/api.ts";
import { valueAt } from "./rows.ts";

export type Edit =
  | { readonly kind: "change"; readonly pointer: string; readonly value: JsonValue }
  | { readonly kind: "remove"; readonly pointer: string }
  | { readonly kind: "add"; readonly pointer: string; readonly value: JsonValue };

/** The state that an edit is based on. */
export type Base = {
  readonly epoch: string;
  readonly version: number;
  readonly state: JsonObject;
};

/** One entry in the difference that an edit makes. */
export type Difference = {
  readonly pointer: string;
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
};

const unlimited = { stateBytes: Infinity, stateDepth: Infinity, patchOperations: Infinity };

type Steps = { readonly patch: Patch; readonly differences: readonly Difference[] };

/** The operations of an edit, each preceded by a test of what it replaces, and the differences. */
export function stepsOf(edit: Edit, state: JsonObject): Steps {
  const { kind, pointer } = edit;
  const before = valueAt(state, pointer);
  switch (kind) {
    case "add":
      return {
        patch: [{ op: "add", path: pointer, value: edit.value }],
        differences: [{ pointer, before: undefined, after: edit.value }],
      };
    case "remove":
      if (before === undefined) return { patch: [], differences: [] };
      return {
        patch: [
          { op: "test", path: pointer, value: before },
          { op: "remove", path: pointer },
        ],
        differences: [{ pointer, before, after: undefined }],
      };
    case "change":
      return before === undefined
        ? { patch: [], differences: [] }
        : changeSteps(pointer, before, edit.value);
    default:
      return kind satisfies never;
  }
}

/** Works on the value alone, as the member `it`, to avoid copying the rest of the state. */
function changeSteps(pointer: string, before: JsonValue, after: JsonValue): Steps {
  const patch: Operation[] = [];
  const differences: Difference[] = [];
  const place = (path: string): string => pointer + path.slice("/it".length);
  const value = structuredClone({ it: before });
  let copy = { value: value as JsonObject, bytes: measure(value, Infinity).bytes };
  for (const operation of diff({ it: before }, { it: after })) {
    const { op, path } = operation;
    const from = op === "move" ? operation.from : path;
    const old = op === "add" ? undefined : structuredClone(valueAt(copy.value, from));
    if (old !== undefined) patch.push({ op: "test", path: place(from), value: old });
    patch.push({
      ...operation,
      path: place(path),
      ...("from" in operation && { from: place(operation.from) }),
    });
    copy = applyPatch(copy, [structuredClone(operation)], unlimited);
    const next = op === "remove" ? undefined : structuredClone(valueAt(copy.value, path));
    if (op === "move") differences.push({ pointer: place(from), before: old, after: undefined });
    differences.push({
      pointer: place(path),
      before: op === "move" ? undefined : old,
      after: next,
    });
  }
  return { patch, differences };
}

/** @throws Problem */
export async function send(api: Api, room: string, base: Base, patch: Patch): Promise<void> {
  const query = new URLSearchParams({ base: `${base.epoch}.${base.version}`, strict: "true" });
  await api.done(roomPath(room, `/state?${query}`), {
    method: "PATCH",
    headers: { "content-type": "application/vnd.collab-room.patch+json" },
    body: patch,
  });
}
