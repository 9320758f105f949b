// Checks values against the author's schemas (Standard Schema). Schemas only validate the state: their output is not
// used for it.

import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Issue } from "../protocol/errors.ts";

export const issueOf = ({ path = [], message }: StandardSchemaV1.Issue): Issue => ({
  path: path.map((step) => String(typeof step === "object" ? step.key : step)).join("."),
  message,
});

/**
 * The issues that a schema finds in a state.
 * @throws TypeError for an asynchronous schema: a change cannot wait
 */
export function stateIssues(schema: StandardSchemaV1, state: object): Issue[] {
  const checked = schema["~standard"].validate(state);
  if (checked instanceof Promise)
    throw new TypeError("the schema of the state must not be asynchronous");
  return (checked.issues ?? []).map(issueOf);
}

/** Whether a value is a Standard Schema. In some libraries, schemas are functions. */
export function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard: unknown = (value as Record<string, unknown>)["~standard"];
  return (
    typeof standard === "object" &&
    standard !== null &&
    typeof (standard as Record<string, unknown>)["validate"] === "function"
  );
}
