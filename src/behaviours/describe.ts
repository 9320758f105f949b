// What an author's schemas say of themselves, as JSON Schema: for people who try a room out. Schemas tell it by
// Standard JSON Schema, whatever library they are of: zod does from 4.2 on. For one that does not, or cannot, it is `null`.

import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { isObject, type JsonObject } from "../protocol/json.ts";

/** The JSON Schema of what a schema takes; of a state that is all there is, because only the verdict counts. */
export function toJsonSchema(schema: StandardSchemaV1): JsonObject | null {
  const { jsonSchema } = schema["~standard"] as {
    readonly jsonSchema?: Partial<StandardJSONSchemaV1.Converter>;
  };
  try {
    const described: unknown = jsonSchema?.input?.({
      target: "draft-2020-12",
      // To zod: what has no counterpart, such as a Date, is anything, so that the rest can be told.
      libraryOptions: { unrepresentable: "any" },
    });
    const json: unknown = JSON.parse(JSON.stringify(described ?? null));
    return isObject(json) ? (json as JsonObject) : null;
  } catch {
    return null;
  }
}

/** The JSON Schema of what an action takes, and the description that it has. */
export function describeInput(schema: StandardSchemaV1): {
  readonly description?: string;
  readonly input: JsonObject | null;
} {
  const input = toJsonSchema(schema);
  const description = input?.["description"];
  return { ...(typeof description === "string" && { description }), input };
}
