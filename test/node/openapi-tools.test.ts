// Common tools work with the OpenAPI document: a linter, a generator of types, and a client that uses those types.

import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { compile, typesOf } from "../support/openapi-types.ts";

const described = await createApp(defaultLimits).request("/openapi.json");
const source = await described.text();
const types = await typesOf(JSON.parse(source) as object);

/** A program that uses the API. */
const sample = `
import createClient from "openapi-fetch";
import type { paths, components } from "./api.ts";

const api = createClient<paths>({ baseUrl: "http://localhost:8787" });

export async function main(): Promise<components["schemas"]["UserEntry"][]> {
  const path = { id: "design" };
  const started = await api.PUT("/rooms/{id}", { params: { path }, body: { behaviour: "doc" } });
  if (started.error) throw new Error(started.error.code);
  const version: number = started.data.version;
  await api.POST("/rooms/{id}/users", { params: { path }, body: { id: "ada", name: "Ada" } });
  const patch = [{ op: "add" as const, path: "/tags", value: ["draft"] }];
  await api.PATCH("/rooms/{id}/state", {
    params: { path, header: { "If-Match": '"epoch.' + version + '"' } },
    body: patch,
    headers: { "content-type": "application/json-patch+json" },
  });
  const changes = await api.GET("/rooms/{id}/changes", {
    params: { path, query: { epoch: started.data.epoch, since: "0" } },
  });
  // Text is only for clients that request events.
  if (typeof changes.data === "object" && changes.data.changes.some(({ from, to }) => from >= to))
    throw new Error("out of order");
  const { data, error } = await api.GET("/rooms/{id}/users", { params: { path, query: { limit: 10 } } });
  if (error?.code === "a_code_of_a_later_release") return [];
  return data?.users ?? [];
}
`;

/** The linter's findings about the document: rules that the service cannot follow and stay correct. */
const exceptions = [
  // A socket opens with 101, and nothing else.
  "operation-2xx-response #/paths/~1rooms~1{id}~1socket/get/responses",
  // A request to these cannot be invalid.
  "operation-4xx-response #/paths/~1healthz/get/responses",
  "operation-4xx-response #/paths/~1openapi.json/get/responses",
];

/** The linter's findings with its recommended rules. */
async function lint(text: string): Promise<string[]> {
  const config = await createConfig({ extends: ["recommended"] });
  const problems = await lintFromString({ source: text, config, absoluteRef: "openapi.json" });
  return problems.map(({ ruleId, location: [place] }) => `${ruleId} ${place?.pointer}`);
}

test("[H8] a linter with the recommended rules finds no error, and only the expected warnings", async () => {
  expect(await lint(source)).toEqual(exceptions);
});

test("[H8] the linter detects mistakes", async () => {
  const broken = source.replace(/"operationId":"listRooms"/, '"operationId":"getRoom"');
  expect((await lint(broken)).filter((line) => !exceptions.includes(line))).toEqual([
    expect.stringMatching(/^operation-operationId-unique /),
  ]);
});

/** Changes that make the program wrong. */
const mistakes: Readonly<Record<string, readonly [from: string, to: string]>> = {
  address: ['api.GET("/rooms/{id}/users"', 'api.GET("/room/{id}/users"'],
  body: ['body: { id: "ada", name: "Ada" }', "body: { id: 7 }"],
  field: ["started.data.version", "started.data.revision"],
  operation: ['"add" as const', '"append" as const'],
  parameter: ["query: { limit: 10 }", "query: { size: 10 }"],
};

test("[H8] a program written against the generated types compiles, and a wrong one does not", async () => {
  expect(await compile({ api: types, sample })).toEqual([]);
  const wrong = Object.entries(mistakes).map(([name, [good, bad]]): [string, string] => {
    expect(sample).toContain(good);
    return [name, sample.replace(good, bad)];
  });
  const lines = await compile({ api: types, ...Object.fromEntries(wrong) });
  const found = lines.flatMap((line) => /^(\w+)\.ts\(/.exec(line)?.[1] ?? []);
  expect(new Set(found)).toEqual(new Set(Object.keys(mistakes)));
});
