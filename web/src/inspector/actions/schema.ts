// Reads a JSON Schema for a form: its fields and their initial values. Anything it does not understand becomes a JSON
// field. Nothing here renders.

import type { JsonObject, JsonValue } from "collab-room/protocol";

export type Field = {
  readonly name: string;
  readonly isNeeded: boolean;
  readonly schema: Shape;
};

export type Shape = {
  readonly title: string;
  readonly description: string;
  readonly kind:
    | { readonly is: "text"; readonly most: number | undefined; readonly isLong: boolean }
    | {
        readonly is: "number";
        readonly isWhole: boolean;
        readonly min?: number;
        readonly max?: number;
      }
    | { readonly is: "flag" }
    | { readonly is: "choice"; readonly of: readonly JsonValue[] }
    | { readonly is: "fields"; readonly fields: readonly Field[] }
    | { readonly is: "json" };
  readonly first: JsonValue;
};

export function shapeOf(schema: JsonValue | undefined): Shape {
  const object = isObject(schema) ? schema : {};
  const kind = kindOf(object);
  return {
    title: textOf(object["title"]),
    description: textOf(object["description"]),
    kind,
    first: object["default"] ?? firstOf(kind),
  };
}

function kindOf(schema: JsonObject): Shape["kind"] {
  const choices = schema["enum"];
  if (Array.isArray(choices)) return { is: "choice", of: choices as readonly JsonValue[] };
  if (schema["const"] !== undefined) return { is: "choice", of: [schema["const"]] };
  switch (schema["type"]) {
    case "string": {
      const most = numberOf(schema["maxLength"]);
      return { is: "text", most, isLong: most === undefined || most > 200 };
    }
    case "integer":
    case "number": {
      const [min, max] = [numberOf(schema["minimum"]), numberOf(schema["maximum"])];
      return {
        is: "number",
        isWhole: schema["type"] === "integer",
        // Bounds such as the largest safe integer mean no bound: leave them out of the form.
        ...(min !== undefined && min > -1e15 && { min }),
        ...(max !== undefined && max < 1e15 && { max }),
      };
    }
    case "boolean":
      return { is: "flag" };
    case "object":
      return isObject(schema["properties"])
        ? { is: "fields", fields: fieldsOf(schema["properties"], schema["required"]) }
        : { is: "json" };
    default:
      return { is: "json" };
  }
}

const fieldsOf = (properties: JsonObject, required: JsonValue | undefined): Field[] =>
  Object.entries(properties).map(([name, schema]) => ({
    name,
    isNeeded: Array.isArray(required) && required.includes(name),
    schema: shapeOf(schema),
  }));

function firstOf(kind: Shape["kind"]): JsonValue {
  switch (kind.is) {
    case "text":
      return "";
    case "number":
      return kind.min ?? 0;
    case "flag":
      return false;
    case "choice":
      return kind.of[0] ?? null;
    case "fields":
      return Object.fromEntries(
        kind.fields
          .filter(({ isNeeded }) => isNeeded)
          .map(({ name, schema }) => [name, schema.first]),
      );
    case "json":
      return {};
    default:
      return kind satisfies never;
  }
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: JsonValue | undefined): string => (typeof value === "string" ? value : "");
const numberOf = (value: JsonValue | undefined): number | undefined =>
  typeof value === "number" ? value : undefined;
