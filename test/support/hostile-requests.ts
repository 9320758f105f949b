// Requests at random for any operation of the OpenAPI document: half of their parts are what the operation takes,
// the others are hostile.

import fc, { type Arbitrary } from "fast-check";
import { json } from "./json-arbitraries.ts";
import type { Operation } from "./openapi.ts";

export type HostileRequest = {
  readonly method: string;
  /** Path and query, as they go out. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Uint8Array<ArrayBuffer> | null;
};

/** Values that requests of the fixture's rooms take, by the name of a parameter; the room's id comes from the test. */
const good: Readonly<Record<string, readonly string[]>> = {
  name: ["rename", "nothing", "refuse", "look"],
  userId: ["ada", "bob"],
  limit: ["1", "10", "1000"],
  prefix: ["", "fuzz"],
  purge: ["true", "false"],
  base: ["0", "1"],
  strict: ["true", "false"],
  since: ["0", "1"],
  epoch: ["e"],
  user: ['{"id":"cyd"}', '{"id":"ada","name":"Ada"}'],
  client: ["client-1"],
  behaviour: ["scripted"],
  "If-Match": ["*", '"e.1"'],
  "If-None-Match": ['"e.1"', 'W/"e.1", "e.2"'],
  "Idempotency-Key": ["key-1", "key-2", "key-3"],
  "Last-Event-ID": ["e.1"],
  Accept: ["application/json", "*/*"],
  Upgrade: ["websocket"],
  "Sec-WebSocket-Protocol": ["collab-room.v2"],
  version: ["1"],
};

/** What an operation needs besides its path, by its id. */
const needs: Readonly<
  Record<string, { query?: string; header?: readonly [string, string]; body?: unknown }>
> = {
  joinRoom: { body: { id: "cyd" } },
  setUserScopes: { body: { scopes: ["room:read"] } },
  callAction: { body: { title: "x" } },
  broadcastEvent: { body: { event: "wave", payload: 1 } },
  holdPresence: { body: { data: {}, ttl: 60_000 } },
  replaceState: { body: { n: 2 } },
  patchState: { body: [{ op: "replace", path: "/n", value: 2 }] },
  listChanges: { header: ["accept", "text/event-stream"] },
  openSocket: { query: "?user=%7B%22id%22%3A%22cyd%22%7D", header: ["upgrade", "websocket"] },
};

/** Parts of addresses: as they are, without encoding. */
const badSegments = [
  "%2e%2e",
  "%00",
  "%ff",
  "%",
  "%E2%80%8B",
  "a%2Fb",
  "__proto__",
  "constructor",
  "%22%3Cscript%3E",
  "%F0%9F%A6%8A",
  "x".repeat(300),
  "%0d%0aset-cookie:a",
  "' OR 1=1 --",
  "${7*7}",
];

const badValues = [
  "",
  " ",
  "-1",
  "1e9",
  "NaN",
  "9".repeat(40),
  "null",
  "[]",
  '{"id":',
  '{"id":"__proto__","__proto__":{"admin":true}}',
  "__proto__",
  "../../etc/passwd",
  "%00",
  "' OR 1=1 --",
  "<script>",
  "é",
  "x".repeat(2000),
];

/** What a header can carry without a warning of the platform. */
const isAscii = (value: string): boolean => /^[ -~]*$/.test(value);

const badHeaders: readonly (readonly [string, string])[] = [
  ["content-encoding", "gzip"],
  ["content-encoding", "br, identity"],
  ["content-length", "-1"],
  ["content-type", "application/json; charset=utf-16"],
  ["content-type", ";;;"],
  ["transfer-encoding", "chunked"],
  ["range", "bytes=0-1"],
  ["expect", "100-continue"],
  ["origin", "null"],
  ["cookie", "session=1; __proto__=2"],
  ["authorization", "Bearer ey.ey.ey"],
  ["authorization", "Basic ="],
  ["x-forwarded-for", "127.0.0.1"],
  ["x-request-id", "' OR 1=1"],
  ["traceparent", "00-zz"],
  ["upgrade", "h2c"],
  ["sec-websocket-version", "12"],
  ["sec-websocket-key", "?"],
  ["if-match", '"'],
  ["if-none-match", "W/"],
  ["last-event-id", "x.y"],
  ["idempotency-key", ""],
  ["idempotency-key", "\t"],
  ["access-control-request-method", "DELETE"],
];

const operations = fc.array(
  fc.oneof(
    fc.record(
      {
        op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "inc", "str_ins"),
        path: fc.constantFrom("", "/n", "/list/0", "/list/-", "/list/7", "/__proto__", "/~2", "x"),
        from: fc.constantFrom("/n", "/list", "/list/0", "", "?"),
        value: json.value,
        by: fc.constantFrom(1, 0.5, "1", null),
        pos: fc.constantFrom(0, 1, -1, 1e9),
        str: fc.constantFrom("x", "", 7),
      },
      { requiredKeys: ["op", "path"] },
    ),
    json.value,
  ),
  { maxLength: 4 },
);

const fields = fc.record(
  {
    id: fc.constantFrom("ada", "", "a".repeat(129), 7, "\u200b", "."),
    event: fc.constantFrom("wave", "", "e".repeat(200), null),
    payload: json.value,
    scopes: fc.constantFrom([], ["room:read"], ["root"], "room:read", null),
    data: fc.oneof(json.object, fc.constantFrom(null, [], { typing: "yes" }, { idleSince: 1 })),
    ttl: fc.constantFrom(1, 60_000, 0, -1, 1e300, "1"),
    title: fc.constantFrom("x", 7),
    behaviour: fc.constantFrom("scripted", "__proto__", "nobody", 1),
    idleTimeout: fc.constantFrom(60_000, 0, 1.5, "1"),
    userId: fc.constantFrom("ada", "nobody", 7),
    kick: fc.boolean(),
  },
  { requiredKeys: [] },
);

const jsonBodies = fc
  .oneof(operations, fields, json.object, json.value)
  .map((value) => JSON.stringify(value));

const bytes = (...values: readonly number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values);

const badBodies = fc.oneof(
  fc.constantFrom<string | Uint8Array<ArrayBuffer>>(
    "",
    "{",
    "nul",
    '{"a":1}{"b":2}',
    "\ufeff{}",
    '{"__proto__":{"admin":true},"constructor":1}',
    `${"[".repeat(5000)}${"]".repeat(5000)}`,
    `${'{"a":'.repeat(300)}1${"}".repeat(300)}`,
    JSON.stringify({ id: "ada", bulk: "x".repeat(20_000) }),
    bytes(0x1f, 0x8b, 8, 0),
    bytes(0x22, 0xff, 0x22),
    bytes(0xed, 0xa0, 0x80),
    bytes(0),
  ),
  jsonBodies.map((text) => text.slice(0, -1)),
);

/** Something good as often as not. */
const mostlyGood = <T, U>(fine: Arbitrary<T>, hostile: Arbitrary<U>): Arbitrary<T | U> =>
  fc.oneof({ weight: 3, arbitrary: fine }, { weight: 2, arbitrary: hostile });

const valueOf = (name: string): Arbitrary<string> =>
  mostlyGood(fc.constantFrom(...(good[name] ?? ["x"])), fc.constantFrom(...badValues));

type Target = {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
};

/** A request that the operation carries out. @param room the id of a running room with the user `ada`, encoded */
export function goodRequestTo({ method, path, operation }: Target, room: string): HostileRequest {
  const { query = "", header, body } = needs[operation.operationId] ?? {};
  const segments = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    name === "id" ? room : (good[name]?.[0] ?? "x"),
  );
  const type = Object.keys(operation.requestBody?.content ?? {})[0];
  return {
    method,
    url: segments + query,
    headers: [
      ...(type === undefined ? [] : [["content-type", type] as const]),
      ...(header === undefined ? [] : [header]),
    ],
    body: body === undefined ? null : JSON.stringify(body),
  };
}

/** @param rooms ids of rooms, encoded */
export function requestsTo(
  { method, path, operation }: Target,
  rooms: readonly string[],
): Arbitrary<HostileRequest> {
  const { parameters, requestBody } = operation;
  const segments = path.split("/").map((segment) => {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined) return fc.constant(segment);
    const fine = name === "id" ? rooms : (good[name] ?? ["x"]);
    return mostlyGood(fc.constantFrom(...fine), fc.constantFrom(...badSegments));
  });
  const named = (place: string) => parameters.filter((each) => each.in === place);
  const some = (names: readonly string[]) =>
    fc.tuple(
      ...names.map((name) =>
        fc.option(
          valueOf(name).map((value) => [name, value] as const),
          { freq: 2 },
        ),
      ),
    );
  const query = fc
    .tuple(
      some(named("query").map(({ name }) => name)),
      fc.option(fc.constantFrom(["x", "1"] as const, ["limit", "%ff"] as const), { freq: 5 }),
    )
    .map(([declared, more]) => [...declared, more].filter((pair) => pair !== null))
    .map((pairs) =>
      pairs.length === 0 ? "" : `?${new URLSearchParams(pairs.map((pair) => [...pair]))}`,
    );
  const types = Object.keys(requestBody?.content ?? {});
  const type = mostlyGood(
    fc.constantFrom(...types, "application/json"),
    fc.constantFrom(...types, "text/plain", "application/json; charset=latin1", "?"),
  );
  const isUpgrade = named("header").some(({ name }) => name === "Upgrade");
  return fc
    .record({
      method: fc.oneof(
        { weight: 9, arbitrary: fc.constant(method) },
        {
          weight: 1,
          arbitrary: fc.constantFrom("HEAD", "OPTIONS", "GET", "POST", "DELETE", "PROPFIND"),
        },
      ),
      path: fc.tuple(...segments).map((parts) => parts.join("/")),
      query,
      declared: some(named("header").map(({ name }) => name)),
      more: fc.array(fc.constantFrom(...badHeaders), { maxLength: 1 }),
      type: fc.option(type, { freq: 8 }),
      body: mostlyGood(jsonBodies, badBodies),
    })
    .map(({ method: verb, path: address, query: search, declared, more, type: media, body }) => ({
      method: verb,
      url: address + search,
      headers: [
        ...(media === null ? [] : [["content-type", media] as const]),
        ...(isUpgrade ? [["upgrade", "websocket"] as const] : []),
        ...declared.flatMap((pair) => (pair !== null && isAscii(pair[1]) ? [pair] : [])),
        ...more,
      ],
      body: verb === "GET" || verb === "HEAD" ? null : body,
    }));
}
