// The OpenAPI document is valid, and the responses of a running server match its schemas. Every successful
// response in the document is requested at least once.

import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { expectDocumented, findOperation, type Document } from "../support/openapi.ts";
import { startServer, type Server } from "../support/server.ts";

const described = await createApp(defaultLimits).request("/openapi.json");
const document = (await described.json()) as Document;

let server: Server;
beforeAll(async () => {
  server = await startServer({ main: "test/fixtures/worker.ts", vars: { AUTH_MODE: "open" } });
});
afterAll(() => server.stop());

test("[A6] the document is valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
});

test("[A6] the validator detects invalid documents", async () => {
  const parameter = { in: "path", name: "id", required: false };
  for (const paths of [
    { "/rooms": { get: { responses: { 200: {} } } } },
    { rooms: {} },
    { "/rooms/{id}": { parameters: [parameter] } },
  ])
    expect(await new Validator().validate({ ...document, paths })).toMatchObject({ valid: false });
});

test("[A6] a server serves the same document", async () => {
  const response = await fetch(`${server.url}/openapi.json`);
  expect(await response.json()).toEqual(document);
});

const json = "application/json";
const jsonPatch = "application/json-patch+json";
const mergePatch = "application/merge-patch+json";

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": btoa("sixteen bytes ::"),
};
const eve = encodeURIComponent('{"id":"eve","name":"Eve"}');

/** Requests in the order they are sent: method, path, expected status, body, its type, headers. */
type Sent = [
  string,
  string,
  number,
  (string | undefined)?,
  (string | undefined)?,
  Readonly<Record<string, string>>?,
];
const requests: Sent[] = [
  ["GET", "/healthz", 200],
  ["GET", "/metrics", 200],
  ["GET", "/openapi.json", 200],
  ["GET", "/rooms/a", 404],
  ["PUT", "/rooms/a", 201, '{"behaviour":"scripted"}', json],
  ["PUT", "/rooms/a", 200],
  ["PUT", "/rooms/a", 409, '{"behaviour":"saved"}', json],
  ["PUT", "/rooms/%ff", 400],
  ["PUT", "/rooms/b", 400, '{"idleTimeout":0}', json],
  ["PUT", "/rooms/b", 415, "{}", "text/plain"],
  ["GET", "/rooms/a", 200],
  ["POST", "/rooms/a/users", 201, '{"id":"ada","name":"Ada","ttl":60000}', json],
  ["POST", "/rooms/a/users", 200, '{"id":"ada","name":"Ada","ttl":60000}', json],
  ["POST", "/rooms/a/users", 400, '{"name":"Ada"}', json],
  ["GET", "/rooms/a/users", 200],
  ["GET", "/rooms/a/users?limit=0", 400],
  ["GET", "/rooms/a/users/ada", 200],
  ["GET", "/rooms/a/users/bob", 404],
  ["PATCH", "/rooms/a/users/ada", 200, '{"scopes":["room:read","room:write"]}', json],
  ["PATCH", "/rooms/a/users/ada", 400, '{"scopes":["everything"]}', json],
  ["PATCH", "/rooms/a/users/bob", 404, '{"scopes":[]}', json],
  ["GET", "/rooms/a/presence", 200],
  ["GET", "/rooms/b/presence", 404],
  ["PUT", "/rooms/a/presence/ada", 204, '{"data":{"status":"idle","avatarUrl":"a.png"}}', json],
  ["PUT", "/rooms/a/presence/ada", 400, '{"data":{"typing":1}}', json],
  ["PUT", "/rooms/a/presence/ada", 400, '{"ttl":1}', json],
  ["PUT", "/rooms/a/presence/bob", 404, '{"data":{}}', json],
  ["GET", "/rooms/a/presence", 200],
  ["GET", "/rooms/a/socket", 426],
  ["GET", "/rooms/a/socket", 400, undefined, undefined, upgrade],
  ["GET", `/rooms/a/socket?user=${eve}`, 101, undefined, undefined, upgrade],
  ["GET", "/rooms/a/presence", 200],
  ["GET", "/rooms/a", 200],
  ["GET", "/rooms", 200],
  ["GET", "/rooms?limit=1&prefix=a", 200],
  ["GET", "/rooms?limit=0", 400],
  ["GET", "/rooms/a/state", 200],
  ["PUT", "/rooms/a/state", 200, '{"title":"one"}', json],
  ["PUT", "/rooms/a/state", 412, "{}", json, { "if-match": '"7"' }],
  ["GET", "/rooms/a/changes", 400],
  ["GET", "/rooms/a/changes?epoch=none&since=0", 410],
  ["GET", "/rooms/a/changes", 200, undefined, undefined, { "last-event-id": "EPOCH.0" }],
  ["GET", "/rooms/a/state", 412, undefined, undefined, { "if-match": '"7"' }],
  ["GET", "/rooms/a/state", 304, undefined, undefined, { "if-none-match": "*" }],
  ["PATCH", "/rooms/a/state", 200, '[{"op":"remove","path":"/title"}]', jsonPatch],
  ["PATCH", "/rooms/a/state", 409, '[{"op":"remove","path":"/title"}]', jsonPatch],
  ["PATCH", "/rooms/a/state", 422, '[{"op":"replace","path":"","value":1}]', jsonPatch],
  ["PATCH", "/rooms/a/state", 400, "[1]", jsonPatch],
  ["PATCH", "/rooms/a/state", 200, '{"title":"two"}', mergePatch],
  ["PATCH", "/rooms/a/state", 415, "{}", json],
  ["POST", "/rooms/a/actions/rename", 200, '{"title":"three"}', json],
  ["POST", "/rooms/a/actions/rename", 422, "{}", json],
  ["POST", "/rooms/a/actions/nothing", 415],
  ["POST", "/rooms/a/actions/nothing", 200, undefined, json],
  ["POST", "/rooms/a/actions/nothing", 412, undefined, json, { "if-none-match": "*" }],
  ["POST", "/rooms/a/actions/look", 200, undefined, json],
  ["POST", "/rooms/a/actions/unknown", 404, undefined, json],
  ["POST", "/rooms/a/actions/refuse", 409, undefined, json],
  ["POST", "/rooms/a/actions/fail", 500, undefined, json],
  ["POST", "/rooms/a/actions/hang", 504, undefined, json],
  ["POST", "/rooms/a/broadcast", 202, '{"event":"wave"}', json],
  ["POST", "/rooms/a/broadcast", 400, '{"event":""}', json],
  ["POST", "/rooms/a/touch", 204, '{"userId":"ada"}', json],
  ["POST", "/rooms/a/touch", 404, '{"userId":"bob"}', json],
  ["GET", "/rooms/a/inspect", 200],
  ["GET", "/rooms/b/inspect", 404],
  ["GET", "/rooms/a/inspect/users", 200],
  ["GET", "/rooms/a/inspect/users?user=bob", 404],
  ["GET", "/rooms/a/actions", 200],
  ["GET", "/rooms/a/journal", 200],
  ["GET", "/rooms/a/journal?limit=2", 200],
  ["GET", "/rooms/a/journal?limit=0", 400],
  ["GET", "/rooms/a/journal/1", 200],
  ["GET", "/rooms/a/journal/99", 410],
  ["GET", "/rooms/a/journal/x", 400],
  ["GET", "/rooms/a/trace", 200],
  ["GET", "/rooms/b/trace", 404],
  ["GET", "/rooms/a/kicked", 200],
  ["DELETE", "/rooms/a/users/eve?kick=true&for=60", 204],
  ["GET", "/rooms/a/kicked", 200],
  ["DELETE", "/rooms/a/users/ada", 204],
  ["DELETE", "/rooms/a/users/ada", 400, undefined, undefined, { "if-match": "*" }],
  ["DELETE", "/rooms/a?purge=perhaps", 400],
  ["DELETE", "/rooms/a?purge=true", 412, undefined, undefined, { "if-match": '"7"' }],
  ["PUT", "/rooms/c", 201, '{"behaviour":"saved"}', json],
  ["GET", "/rooms/c", 200],
  ["DELETE", "/rooms/c", 204],
  ["DELETE", "/rooms/a?purge=true", 204],
  ["DELETE", "/rooms/a", 404],
];

/** A body as text, or the beginning of an event stream, which does not end. */
async function readText(response: IncomingMessage): Promise<string> {
  if (response.headers["content-type"] !== "text/event-stream") return textOf(response);
  const [first] = (await once(response, "data")) as [Uint8Array];
  response.destroy();
  return new TextDecoder().decode(first);
}

/** Send a request. `fetch` cannot send upgrade requests. */
async function ask(
  target: string,
  init: { readonly method: string; readonly headers: Readonly<Record<string, string>> },
  body?: string,
): Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }> {
  const outgoing = request(server.url + target, { ...init, agent: false });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.on("response", resolve).on("error", reject);
  outgoing.on("upgrade", (response, line) => {
    line.destroy();
    resolve(response);
  });
  outgoing.end(body);
  const response = await promise;
  const { statusCode = 0, headers } = response;
  return {
    status: statusCode,
    headers: new Headers(headers as Record<string, string>),
    text: statusCode === 101 ? "" : await readText(response),
  };
}

const mapValues = (
  record: Readonly<Record<string, string>>,
  map: (value: string) => string,
): Record<string, string> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

test("[A6] real responses match the schemas of the document", async () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, "api");
  const seen = new Set<string>();
  /** The epoch in the last response that had one. */
  let epoch = "";

  for (const [method, target, status, body, type, headers = {}] of requests) {
    const init = {
      method,
      headers: {
        ...mapValues(headers, (value) => value.replace("EPOCH", epoch)),
        ...(type && { "content-type": type }),
      },
    };
    const response = await ask(target, init, body);
    const { text } = response;
    epoch = /^"(.*)\.\d+"$/.exec(response.headers.get("etag") ?? "")?.[1] ?? epoch;
    const sent = `${method} ${target}: ${response.status} ${text}`;
    expect(response.status, sent).toBe(status);

    const { pathname } = new URL(target, server.url);
    expectDocumented(document, { method, pathname, status, headers: response.headers, text });
    const found = findOperation(document, method, pathname);
    if (found === null) throw new Error(`${sent} is not an operation of the document`);
    seen.add(`${found.operation.operationId} ${status}`);
    const media = Object.keys(found.operation.responses[status]?.content ?? {})[0];
    if (media === undefined) {
      expect(text, sent).toBe("");
      continue;
    }
    const pointer = [
      "paths",
      found.path,
      found.method,
      "responses",
      status,
      "content",
      media,
      "schema",
    ]
      .map((token) => encodeURIComponent(String(token).replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    const fits = ajv.compile({ $ref: `api#/${pointer}` });
    fits(media.startsWith("text/") ? text : JSON.parse(text));
    expect(fits.errors, sent).toBeNull();
  }

  const documented = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ operationId, responses }) =>
      Object.keys(responses)
        .filter((status) => Number(status) < 400)
        .map((status) => `${operationId} ${status}`),
    );
  expect(documented.filter((response) => !seen.has(response))).toEqual([]);
});
