// The published JSON Patch test suite (npm `json-patch-test-suite`): its enabled cases, as cases for states.

import specCases from "json-patch-test-suite/spec_tests.json" with { type: "json" };
import suiteCases from "json-patch-test-suite/tests.json" with { type: "json" };
import { isObject, type JsonObject, type JsonValue } from "../../src/protocol/json.ts";

type PublishedCase = {
  readonly comment?: string;
  readonly doc: JsonValue;
  readonly patch: readonly object[];
  readonly expected?: JsonValue;
  readonly error?: string;
  readonly disabled?: boolean;
};

export type SuiteCase = {
  readonly name: string;
  readonly state: JsonObject;
  readonly patch: readonly object[];
  /** The state after the patch; `null` when the patch must fail. */
  readonly expected: JsonObject | null;
};

const enabled = (cases: readonly PublishedCase[]): readonly PublishedCase[] =>
  cases.filter(({ disabled }) => !disabled);

const published = {
  "tests.json": enabled(suiteCases as PublishedCase[]),
  "spec_tests.json": enabled(specCases as PublishedCase[]),
};

/** How many cases each file has. */
export const suiteSizes = Object.fromEntries(
  Object.entries(published).map(([file, cases]) => [file, cases.length]),
);

const below = (patch: readonly object[]): object[] =>
  patch.map((operation) =>
    Object.fromEntries(
      Object.entries(operation).map(([name, value]) =>
        name === "path" || name === "from" ? [name, `/doc${value}`] : [name, value],
      ),
    ),
  );

const nameOf = ({ comment, error, patch }: PublishedCase): string =>
  comment ?? error ?? JSON.stringify(patch);

const all = Object.values(published).flat();

/** Every case. The suite's documents are of any kind, a state is an object: they are its member `doc`. */
export const casesBelow: readonly SuiteCase[] = all.map((one) => ({
  name: nameOf(one),
  state: { doc: one.doc },
  patch: below(one.patch),
  expected: one.error === undefined ? { doc: one.expected ?? one.doc } : null,
}));

/** The cases whose documents are objects and stay so, as they were published. */
export const casesOfObjects: readonly SuiteCase[] = all.flatMap((one) => {
  const { doc, patch, expected = doc, error } = one;
  if (!isObject(doc) || !isObject(expected)) return [];
  return [
    { name: nameOf(one), state: doc, patch, expected: error === undefined ? expected : null },
  ];
});
