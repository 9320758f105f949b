// A real server process and clients that misbehave: endless bodies, false lengths, slow and broken
// connections. The tests measure how much the client could send, because that is what the server accepted.

import { Agent, request, type IncomingMessage, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { EventEmitter, once } from "node:events";
import { Readable, type Writable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type Server } from "../support/server.ts";

const lines: string[] = [];
const log = new EventEmitter<{ line: [] }>();
let server: Server;
beforeAll(async () => {
  server = await startServer({
    main: "test/fixtures/worker.ts",
    vars: { AUTH_MODE: "open" },
    onLog(line) {
      lines.push(line);
      log.emit("line");
    },
  });
});
afterAll(() => server.stop());

const json = { "content-type": "application/json" };
const mib = 1024 ** 2;
// The fixture accepts bodies of at most 8 MiB. The data in the buffers in between comes on top.
const bounded = 64 * mib;

/** Start a request with exactly this path and these headers, by default on a connection of its own. */
function open(method: string, path: string, options: RequestOptions = {}) {
  const { hostname, port } = new URL(server.url);
  const outgoing = request({ hostname, port, method, path, agent: false, ...options });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("response", resolve).on("error", reject);
  });
  return { outgoing, answered };
}

/** Send a whole request. */
async function send(method: string, path: string, options: RequestOptions = {}, body = "") {
  const { outgoing, answered } = open(method, path, options);
  outgoing.end(body);
  const response = await answered;
  const text = await textOf(response);
  return { status: response.statusCode, text, reused: outgoing.reusedSocket };
}

/**
 * Write a chunk repeatedly, as fast as it is accepted, up to 1 GiB or until a response arrives.
 * @returns the number of bytes written
 */
async function pour(to: Writable, chunk: Buffer, answer: Promise<unknown>): Promise<number> {
  const progress = { answered: false, sent: 0 };
  const stop = (): void => {
    progress.answered = true;
  };
  answer.then(stop, stop);
  while (!progress.answered && progress.sent < 1024 * mib) {
    progress.sent += chunk.length;
    // An error instead of "drain" means that the connection was closed after the response was sent.
    if (!to.write(chunk)) await Promise.race([once(to, "drain").catch(() => answer), answer]);
  }
  return progress.sent;
}

const codeOf = (text: string): unknown => (JSON.parse(text) as { code: unknown }).code;

/** A running room. */
async function room(id: string): Promise<string> {
  const path = `/rooms/${id}`;
  expect((await send("PUT", path)).status).toBe(201);
  return path;
}

describe("a body of 1 GiB", () => {
  test("[S9] in chunks is refused before the client has sent much of it", async () => {
    const path = await room("chunked");
    const { outgoing, answered } = open("PUT", `${path}/state`, { headers: json });
    const chunk = Buffer.alloc(64 * 1024, " ");
    outgoing.on("error", () => {}); // the server closes the connection after its response
    const answer = answered.then(
      async (response) => `${response.statusCode} ${String(codeOf(await textOf(response)))}`,
    );
    // A client who still sends then may lose the response with the connection; about one in a hundred does.
    const outcome = answer.catch(() => "the connection was closed");
    const sent = await pour(outgoing, chunk, outcome);
    expect(["413 too_large", "the connection was closed"]).toContain(await outcome);
    expect(sent).toBeLessThan(bounded);
    outgoing.destroy();
    expect((await send("GET", `${path}/state`)).text).toBe("{}");
  });

  test("[S9] in chunks with a false content-length is refused in the same way", async () => {
    const path = await room("belied");
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    const head = [
      `PUT ${path}/state HTTP/1.1`,
      "host: localhost",
      "content-type: application/json",
      "content-length: 5",
      "transfer-encoding: chunked",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    const chunk = Buffer.concat([
      Buffer.from("10000\r\n"),
      Buffer.alloc(65_536, " "),
      Buffer.from("\r\n"),
    ]);
    socket.on("error", () => {}); // as above
    const answered = once(socket, "data").then(String, () => "the connection was closed");
    const sent = await pour(socket, chunk, answered);
    expect(await answered).toMatch(/^HTTP\/1\.1 413 |^the connection was closed$/);
    expect(sent).toBeLessThan(bounded);
    socket.destroy();
  });

  test("[S9] with its real content-length is refused before any of it is sent", async () => {
    const path = await room("announced");
    const headers = { ...json, "content-length": String(1024 * mib), expect: "100-continue" };
    const { outgoing, answered } = open("PUT", `${path}/state`, { headers });
    outgoing.on("error", () => {}); // as above
    outgoing.flushHeaders();
    const response = await answered;
    expect(response.statusCode).toBe(413);
    outgoing.destroy();
  });
});

describe("an unwanted body", () => {
  const chunk = Buffer.alloc(64 * 1024, " ");

  /** Send a whole body, however long it takes. @returns the answer, or how the connection broke */
  async function ask(
    [method, path]: readonly [string, string],
    bytes: number,
    headers: object,
  ): Promise<string> {
    const length = "transfer-encoding" in headers ? {} : { "content-length": bytes };
    const framing = { ...json, ...length, ...headers };
    const { outgoing, answered } = open(method, path, { headers: framing });
    const chunks = Array.from({ length: bytes / chunk.length }, () => chunk);
    Readable.from(chunks).pipe(outgoing);
    return answered.then(
      async (response) => `${response.statusCode} ${String(codeOf(await textOf(response)))}`,
      String,
    );
  }

  const touch = ["POST", "/rooms/past/touch"] as const;
  const state = ["PUT", "/rooms/past/state"] as const;
  const chunked = { "transfer-encoding": "chunked" };
  const gzip = { "content-encoding": "gzip" };

  // Without `chunked`, the length is declared.
  test.each<[string, string, readonly [string, string], number, object]>([
    ["past a small limit", "413 too_large", touch, 2 * mib, {}],
    ["past a small limit, in chunks", "413 too_large", touch, 2 * mib, chunked],
    ["past a large limit", "413 too_large", state, 9 * mib, {}],
    ["past a large limit, in chunks", "413 too_large", state, 9 * mib, chunked],
    ["for an unknown address", "404 not_found", ["POST", "/nowhere"], 2 * mib, {}],
    ["of a wrong method", "405 method_not_allowed", ["POST", "/rooms/past/state"], 2 * mib, {}],
    ["compressed", "415 unsupported_media_type", state, 2 * mib, gzip],
  ])("[H2] is answered each of 40 times: %s", async (_, answer, target, bytes, headers) => {
    const answers = new Map<string, number>();
    for (let n = 0; n < 40; n++) {
      const got = await ask(target, bytes, headers);
      answers.set(got, (answers.get(got) ?? 0) + 1);
    }
    expect(Object.fromEntries(answers)).toEqual({ [answer]: 40 });
  });
});

describe("a connection", () => {
  test("[S9] is kept alive, and a refused body on another connection does not affect it", async () => {
    const state = `${await room("kept")}/state`;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await send("GET", state, { agent })).toMatchObject({ status: 200, reused: false });
    const { outgoing, answered } = open("PUT", state, { headers: json });
    outgoing.on("error", () => {}); // as above
    await pour(
      outgoing,
      Buffer.alloc(mib, " "),
      answered.catch(() => {}), // as above
    );
    const put = await send("PUT", state, { agent, headers: json }, '{"kept":true}');
    expect(put).toMatchObject({ status: 200, reused: true });
    for (const path of [state, "/rooms/%zz", "/nowhere", state])
      expect(await send("GET", path, { agent })).toMatchObject({ reused: true });
    agent.destroy();
  });

  test("[R1] may be slow: other requests are served while a body arrives byte by byte", async () => {
    const path = await room("slow");
    const { outgoing, answered } = open("PUT", `${path}/state`, { headers: json });
    const pieces = '{"title":"é🦊","slow":true}';
    for (const byte of Buffer.from(pieces)) {
      outgoing.write(Uint8Array.of(byte));
      // Served by the same room while the body is still arriving.
      expect((await send("GET", `${path}/state`)).text).toBe("{}");
    }
    outgoing.end();
    const response = await answered;
    expect(response.statusCode).toBe(200);
    expect(await textOf(response)).toBe('{"version":1}');
    expect((await send("GET", `${path}/state`)).text).toBe(pieces);
  });

  test("[S2] may break in the middle of a body: nothing changes", async () => {
    const path = await room("cut");
    for (const headers of [json, { ...json, "content-length": "100" }]) {
      const { outgoing, answered } = open("PUT", `${path}/state`, { headers });
      outgoing.write('{"title":"cut"');
      expect((await send("GET", `${path}/state`)).status).toBe(200);
      outgoing.destroy();
      await expect(answered).rejects.toThrow();
    }
    const after = await send("PUT", `${path}/state`, { headers: json }, '{"title":"whole"}');
    expect(after).toMatchObject({ status: 200, text: '{"version":1}' });
  });
});

describe("raw addresses", () => {
  test.each([
    "/rooms/%2e%2e/state",
    "/rooms/../state",
    "/rooms/.",
    "/rooms/%2E",
    "/rooms/a\\b",
    "//rooms/a",
    "/rooms/a/",
  ])("[R2] such as %s do not name a room", async (path) => {
    for (const method of ["GET", "PUT"]) {
      const { status, text } = await send(
        method,
        path,
        { headers: json },
        method === "PUT" ? "{}" : "",
      );
      expect({ status, code: codeOf(text) }).toEqual({ status: 404, code: "not_found" });
    }
  });

  test("[R2] with dot segments name the room they resolve to", async () => {
    const path = await room("named");
    expect((await send("GET", "/rooms/other/../named")).text).toBe((await send("GET", path)).text);
  });

  test.each(["/rooms/%zz", "/rooms/%ff", "/rooms/a%00", "/rooms/%", "/rooms/%C3%28"])(
    "[R2] such as %s have an invalid room id",
    async (path) => {
      const { status, text } = await send("PUT", path);
      expect({ status, code: codeOf(text) }).toEqual({ status: 400, code: "invalid_room_id" });
    },
  );
});

describe("the log", () => {
  /** Wait for the log line that contains a text. */
  async function logged(part: string): Promise<unknown> {
    for (;;) {
      const line = lines.find((each) => each.includes(part));
      if (line !== undefined) return JSON.parse(line);
      await once(log, "line");
    }
  }

  /** Call an action that fails. @returns the id of the log line with the cause */
  async function fail(id: string): Promise<string> {
    const { status, text } = await send("POST", `/rooms/${id}/actions/fail`, { headers: json });
    expect(status).toBe(500);
    expect(text).not.toContain("secret");
    const { instance } = JSON.parse(text) as { instance: string };
    return instance.replace("urn:uuid:", "");
  }

  test("[A6] has the cause that a problem does not reveal, under the problem's instance", async () => {
    await send("PUT", "/rooms/logged", { headers: json }, '{"behaviour":"scripted"}');
    expect(await logged(await fail("logged"))).toMatchObject({
      level: "error",
      room: "logged",
      error: expect.stringContaining("secret: the action broke"),
    });
  });

  test("[A2] warns once that every request is served", async () => {
    await send("PUT", "/rooms/open", { headers: json }, '{"behaviour":"scripted"}');
    await send("GET", "/rooms/open");
    await logged(await fail("open")); // earlier lines have arrived by now
    const warnings = lines.filter((line) => line.includes("auth_open"));
    expect(warnings.map((line): unknown => JSON.parse(line))).toEqual([
      { level: "warn", event: "auth_open", text: expect.stringContaining("AUTH_MODE=open") },
    ]);
  });
});

test("[A2] the Worker to deploy refuses all requests by default", async () => {
  const closed = await startServer();
  try {
    for (const [method, path, status] of [
      ["PUT", "/rooms/a", 503],
      ["GET", "/rooms", 503],
      ["GET", "/", 503],
      ["GET", "/healthz", 200],
      ["GET", "/openapi.json", 200],
    ] as const) {
      const response = await fetch(closed.url + path, { method });
      expect(response.status).toBe(status);
      if (status === 503) expect(codeOf(await response.text())).toBe("auth_not_configured");
    }
  } finally {
    await closed.stop();
  }
});
