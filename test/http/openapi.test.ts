// The OpenAPI document has exactly the routes of the app that serves it. That the document is valid and that
// responses match its schemas is tested in test/node/openapi.test.ts.

import { expect, test } from "vitest";
import { collab } from "../fixtures/worker.ts";
import { at, expectEmpty, expectJson, send } from "../support/http.ts";
import { newId } from "../support/rooms.ts";
import type { Document, Operation } from "../support/openapi.ts";

const described = await collab.app.request("/openapi.json");
const document = await described.clone().json<Document>();

const operations: [string, string, Operation][] = Object.entries(document.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
      method.toUpperCase(),
      path,
      operation,
    ]),
);

test("[A6] the document is served as JSON", async () => {
  expect(await expectJson(described, 200)).toMatchObject({ openapi: "3.1.1" });
  expect(described.headers.get("cache-control")).toBe("no-store");
});

test("[A6] the document and the app have the same routes", () => {
  const served = collab.app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  expect(new Set(served).size).toBe(served.length);
  expect(operations.map(([method, path]) => `${method} ${path}`).toSorted()).toEqual(
    served.toSorted(),
  );
});

test("[A6] the document has every operation of the API", () => {
  expect(operations.map(([method, path]) => `${method} ${path}`).toSorted()).toEqual(
    [
      "DELETE /rooms/{id}",
      "DELETE /rooms/{id}/users/{userId}",
      "GET /healthz",
      "GET /metrics",
      "GET /openapi.json",
      "GET /rooms",
      "GET /rooms/{id}",
      "GET /rooms/{id}/actions",
      "GET /rooms/{id}/changes",
      "GET /rooms/{id}/inspect",
      "GET /rooms/{id}/inspect/users",
      "GET /rooms/{id}/journal",
      "GET /rooms/{id}/journal/{version}",
      "GET /rooms/{id}/kicked",
      "GET /rooms/{id}/presence",
      "GET /rooms/{id}/socket",
      "GET /rooms/{id}/state",
      "GET /rooms/{id}/trace",
      "GET /rooms/{id}/users",
      "GET /rooms/{id}/users/{userId}",
      "PATCH /rooms/{id}/state",
      "PATCH /rooms/{id}/users/{userId}",
      "POST /rooms/{id}/actions/{name}",
      "POST /rooms/{id}/broadcast",
      "POST /rooms/{id}/touch",
      "POST /rooms/{id}/users",
      "PUT /rooms/{id}",
      "PUT /rooms/{id}/presence/{userId}",
      "PUT /rooms/{id}/state",
    ].toSorted(),
  );
});

test("[A6, H8] each operation has a unique id and declares the parameters of its path", () => {
  const names = operations.map(([, , { operationId }]) => operationId);
  expect(new Set(names).size).toBe(names.length);
  for (const [, path, { parameters }] of operations) {
    const inPath = parameters.filter((parameter) => parameter.in === "path");
    const templated = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
    expect(inPath.map(({ name }) => name)).toEqual(templated);
    expect(inPath.every(({ required }) => required)).toBe(true);
  }
});

const bodies = operations.filter(([, , { requestBody }]) => requestBody !== undefined);

test.each(bodies)("[A6] %s %s accepts exactly the media types that it lists", async (...row) => {
  const [method, path, { requestBody }] = row;
  const id = newId();
  await send("PUT", at(id), { json: { behaviour: "scripted" } });
  const url = path.replace("{id}", id).replace("{name}", "nothing").replace("{userId}", "ada");
  const types = Object.keys(requestBody?.content ?? {});
  for (const type of types) {
    const { status } = await send(method, url, { body: "?", type });
    expect(status, type).toBe(400);
  }
  const refused = await send(method, url, { body: "?", type: "text/plain" });
  const { detail } = await expectJsonOf<{ detail: string }>(refused);
  const always = method === "POST" && requestBody?.required === false;
  const more = always ? ", even if there is no body" : "";
  expect(detail).toBe(`The Content-Type must be ${types.join(" or ")} in UTF-8${more}.`);
  const empty = await send(method, url, method === "POST" ? { type: "application/json" } : {});
  expect(empty.ok).toBe(requestBody?.required === false);
});

test("[H4] the document says where a content type is required without a body", () => {
  const told = operations
    .filter(([, , { requestBody }]) =>
      /even if there is no body/.test(requestBody?.description ?? ""),
    )
    .map(([method, path]) => `${method} ${path}`);
  expect(told.toSorted()).toEqual(["POST /rooms/{id}/actions/{name}", "POST /rooms/{id}/touch"]);
});

test("[H1] the document lists the conditions that a route accepts, and 412 for them", () => {
  const told = operations
    .filter(([, , { parameters }]) => {
      const names = parameters.filter((each) => each.in === "header").map(({ name }) => name);
      return names.includes("If-Match") && names.includes("If-None-Match");
    })
    .map(([method, path]) => `${method} ${path}`);
  expect(told.toSorted()).toEqual([
    "DELETE /rooms/{id}",
    "GET /rooms/{id}/state",
    "PATCH /rooms/{id}/state",
    "POST /rooms/{id}/actions/{name}",
    "PUT /rooms/{id}/state",
  ]);
  for (const [method, path, { responses }] of operations)
    expect("412" in responses, `${method} ${path}`).toBe(told.includes(`${method} ${path}`));
});

test("[A6] HEAD of the document returns only its headers", async () => {
  await expectEmpty(await send("HEAD", "/openapi.json"), 200);
});

async function expectJsonOf<T>(response: Response): Promise<T> {
  expect(response.status).toBe(415);
  return response.json<T>();
}
