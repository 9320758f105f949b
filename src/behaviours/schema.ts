// Checks values by the author's schemas (Standard Schema). Only the verdict counts: what a schema makes of a value
// is not used for the state.

import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Issue } from "../protocol/errors.ts";

export const issueOf = ({ path = [], message }: StandardSchemaV1.Issue): Issue => ({
  path: path.map((step) => String(typeof step === "object" ? step.key : step)).join("."),
  message,
});

/**
 * What is wrong with a state, by its schema.
 * @throws TypeError for a schema that answers later: a change cannot wait
 */
export function stateIssues(schema: StandardSchemaV1, state: object): Issue[] {
  const checked = schema["~standard"].validate(state);
  if (checked instanceof Promise)
    throw new TypeError("the schema of the state must not be asynchronous");
  return (checked.issues ?? []).map(issueOf);
}

/** Whether a value is a Standard Schema. Some libraries have schemas that are functions. */
export function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard: unknown = (value as Record<string, unknown>)["~standard"];
  return (
    typeof standard === "object" &&
    standard !== null &&
    typeof (standard as Record<string, unknown>)["validate"] === "function"
  );
}
