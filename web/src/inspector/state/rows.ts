// The state as the visible rows of a tree. Nothing here renders.

import type { JsonObject, JsonValue } from "collab-room/protocol";
import { childPointer, parsePointer } from "../../../../src/protocol/pointer.ts";

export type Row = {
  readonly pointer: string;
  /** The pointer of the container. */
  readonly parent: string;
  readonly name: string;
  /** 1 for the top-level members of the state. */
  readonly level: number;
  /** The position in the container, from 0. */
  readonly index: number;
  readonly siblings: number;
  /** `null` if there is nothing to open. */
  readonly isOpen: boolean | null;
};

/** Which containers are open: all except `but`, or only `but`. */
export type Opened = { readonly all: boolean; readonly but: ReadonlySet<string> };

export const isOpen = ({ all, but }: Opened, pointer: string): boolean => all !== but.has(pointer);

export function toggled({ all, but }: Opened, pointer: string): Opened {
  const next = new Set(but);
  if (!next.delete(pointer)) next.add(pointer);
  return { all, but: next };
}

/** Open all containers above a pointer. */
export function withOpen(opened: Opened, pointer: string): Opened {
  const tokens = parsePointer(pointer) ?? [];
  let above = "";
  let result = opened;
  for (const token of tokens.slice(0, -1)) {
    above = childPointer(above, token);
    if (!isOpen(result, above)) result = toggled(result, above);
  }
  return result;
}

export const isContainer = (value: JsonValue): value is JsonObject | readonly JsonValue[] =>
  typeof value === "object" && value !== null;

/** The rows, without values, which change far more often. */
export function rowsOf(state: JsonObject, opened: Opened): readonly Row[] {
  const rows: Row[] = [];
  const visit = (container: JsonValue, parent: string, level: number): void => {
    const names = Object.keys(container as object);
    for (const [index, name] of names.entries()) {
      const value = (container as JsonObject)[name] as JsonValue;
      const pointer = childPointer(parent, name);
      const hasMembers = isContainer(value) && sizeOf(value) > 0;
      const open = hasMembers ? isOpen(opened, pointer) : null;
      const siblings = names.length;
      rows.push({ pointer, parent, name, level, index, siblings, isOpen: open });
      if (open === true) visit(value, pointer, level + 1);
    }
  };
  visit(state, "", 1);
  return rows;
}

export const sizeOf = (value: JsonValue): number =>
  Array.isArray(value) ? value.length : Object.keys(value as object).length;

/** The value at a pointer; `undefined` if there is none. */
export function valueAt(state: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = state;
  for (const token of parsePointer(pointer) ?? []) {
    // `length` is an own property of arrays, but not part of the state.
    if (value === undefined || !isContainer(value)) return undefined;
    if (!Object.prototype.propertyIsEnumerable.call(value, token)) return undefined;
    value = (value as JsonObject)[token];
  }
  return value;
}

/** The number of values, including containers. */
export function nodesIn(value: JsonValue): number {
  if (!isContainer(value)) return 1;
  let nodes = 1;
  for (const member of Object.values(value)) nodes += nodesIn(member as JsonValue);
  return nodes;
}

/** Pointers of the values whose name or text contains `text`, in tree order, at most `limit`. */
export function find(state: JsonObject, text: string, limit: number): readonly string[] {
  const wanted = text.toLowerCase();
  const found: string[] = [];
  const visit = (container: JsonValue, parent: string): void => {
    for (const [name, value] of Object.entries(container as JsonObject)) {
      if (found.length >= limit) return;
      const pointer = childPointer(parent, name);
      const isNamed = !Array.isArray(container) && name.toLowerCase().includes(wanted);
      const isSaid = !isContainer(value) && String(value).toLowerCase().includes(wanted);
      if (isNamed || isSaid) found.push(pointer);
      if (isContainer(value)) visit(value, pointer);
    }
  };
  visit(state, "");
  return found;
}

/** A value on one line; for an open container, only its size. */
export function preview(value: JsonValue, isUnfolded: boolean): string {
  if (isContainer(value)) {
    const names = Object.keys(value);
    const size = names.length;
    if (Array.isArray(value)) return size === 0 ? "[]" : items(size, "item");
    if (size === 0) return "{}";
    if (isUnfolded) return items(size, "member");
    return `{ ${names.slice(0, 4).join(", ")}${size > 4 ? `, … ${size} in all` : ""} }`;
  }
  const text = visible(JSON.stringify(value));
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** Shows characters that change the text direction as escapes. */
const visible = (text: string): string =>
  text.replace(
    /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );

/** A name for display: in quotes if it is empty or has white space around it. */
export const nameText = (name: string): string =>
  name === "" || name !== name.trim() ? JSON.stringify(name) : visible(name);

const items = (size: number, one: string): string => `${size} ${one}${size === 1 ? "" : "s"}`;

export function kindOf(value: JsonValue): "text" | "number" | "word" | "container" {
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  return isContainer(value) ? "container" : "word";
}
