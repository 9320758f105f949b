// Describes an author's schemas as JSON Schema, for people who try out a room. It uses Standard JSON Schema, which any
// schema library may implement (zod does since 4.2). A schema that does not implement it, or cannot be described,
// yields `null`.

import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { isObject, type JsonObject } from "../protocol/json.ts";

/** The JSON Schema of a schema's input. That is right for the state, too, because its schema only validates. */
export function toJsonSchema(schema: StandardSchemaV1): JsonObject | null {
  const { jsonSchema } = schema["~standard"] as {
    readonly jsonSchema?: Partial<StandardJSONSchemaV1.Converter>;
  };
  try {
    const described: unknown = jsonSchema?.input?.({
      target: "draft-2020-12",
      // For zod: describe a type that JSON Schema lacks, such as Date, as "any" instead of throwing.
      libraryOptions: { unrepresentable: "any" },
    });
    const json: unknown = JSON.parse(JSON.stringify(described ?? null));
    return isObject(json) ? (json as JsonObject) : null;
  } catch {
    return null;
  }
}

/** The JSON Schema of an action's input, and its description if it has one. */
export function describeInput(schema: StandardSchemaV1): {
  readonly description?: string;
  readonly input: JsonObject | null;
} {
  const input = toJsonSchema(schema);
  const description = input?.["description"];
  return { ...(typeof description === "string" && { description }), input };
}
