// A real server process and clients that behave badly: bodies without end, lengths that lie, lines that
// are slow or cut. What is measured is what the client could send, for that is what the server took.

import { Agent, request, type IncomingMessage, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { EventEmitter, once } from "node:events";
import type { Writable } from "node:stream";
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
// The fixture takes bodies of 8 MiB at most; what lies in the buffers between here and there comes on top.
const bounded = 64 * mib;

/** Begin a request whose path and headers go out as they are, on a line of its own if not said otherwise. */
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
 * Write a chunk again and again, as fast as it is taken, to 1 GiB or until there is an answer.
 * @returns how many bytes were written
 */
async function pour(to: Writable, chunk: Buffer, answer: Promise<unknown>): Promise<number> {
  const progress = { answered: false, sent: 0 };
  const note = (): void => {
    progress.answered = true;
  };
  answer.then(note, note);
  while (!progress.answered && progress.sent < 1024 * mib) {
    progress.sent += chunk.length;
    // An error that comes instead is the line being closed: the answer has been sent by then.
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
  test("[S9] in chunks, it is refused while the client has sent but little of it", async () => {
    const path = await room("chunked");
    const { outgoing, answered } = open("PUT", `${path}/state`, { headers: json });
    const chunk = Buffer.alloc(64 * 1024, " ");
    outgoing.on("error", () => {}); // the server closes the line once it has answered
    const sent = await pour(outgoing, chunk, answered);
    const response = await answered;
    expect(response.statusCode).toBe(413);
    expect(codeOf(await textOf(response))).toBe("too_large");
    expect(sent).toBeLessThan(bounded);
    outgoing.destroy();
    expect((await send("GET", `${path}/state`)).text).toBe("{}");
  });

  test("[S9] with a content-length that belies its chunks, it is refused just so", async () => {
    const path = await room("belied");
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    const head = [
      `PUT ${path}/state HTTP/1.1`,
      "host: rooms.test",
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
    const answered = once(socket, "data");
    const sent = await pour(socket, chunk, answered);
    const [answer] = await answered;
    expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
    expect(sent).toBeLessThan(bounded);
    socket.destroy();
  });

  test("[S9] announced, it is refused before any of it is sent", async () => {
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

describe("the line", () => {
  test("[S9] is kept, and another one's refused body does not harm it", async () => {
    const state = `${await room("kept")}/state`;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await send("GET", state, { agent })).toMatchObject({ status: 200, reused: false });
    const { outgoing, answered } = open("PUT", state, { headers: json });
    outgoing.on("error", () => {}); // as above
    await pour(outgoing, Buffer.alloc(mib, " "), answered);
    expect((await answered).statusCode).toBe(413);
    const put = await send("PUT", state, { agent, headers: json }, '{"kept":true}');
    expect(put).toMatchObject({ status: 200, reused: true });
    for (const path of [state, "/rooms/%zz", "/nowhere", state])
      expect(await send("GET", path, { agent })).toMatchObject({ reused: true });
    agent.destroy();
  });

  test("[R1] may be slow: others are served while a body comes in piece by piece", async () => {
    const path = await room("slow");
    const { outgoing, answered } = open("PUT", `${path}/state`, { headers: json });
    const pieces = '{"title":"é🦊","slow":true}';
    for (const byte of Buffer.from(pieces)) {
      outgoing.write(Uint8Array.of(byte));
      // Answered by the same room while that body is on its way.
      expect((await send("GET", `${path}/state`)).text).toBe("{}");
    }
    outgoing.end();
    const response = await answered;
    expect(response.statusCode).toBe(200);
    expect(await textOf(response)).toBe('{"version":1}');
    expect((await send("GET", `${path}/state`)).text).toBe(pieces);
  });

  test("[S2] may be cut in the middle of a body: nothing has changed", async () => {
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

describe("addresses as they come", () => {
  test.each([
    "/rooms/%2e%2e/state",
    "/rooms/../state",
    "/rooms/.",
    "/rooms/%2E",
    "/rooms/a\\b",
    "//rooms/a",
    "/rooms/a/",
  ])("[R2] %s names no room", async (path) => {
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

  test("[R2] what a path leads back to is the room it names", async () => {
    const path = await room("named");
    expect((await send("GET", "/rooms/other/../named")).text).toBe((await send("GET", path)).text);
  });

  test.each(["/rooms/%zz", "/rooms/%ff", "/rooms/a%00", "/rooms/%", "/rooms/%C3%28"])(
    "[R2] %s is no room id",
    async (path) => {
      const { status, text } = await send("PUT", path);
      expect({ status, code: codeOf(text) }).toEqual({ status: 400, code: "invalid_room_id" });
    },
  );
});

describe("the log", () => {
  /** The line that holds a text, once it has come. */
  async function logged(part: string): Promise<unknown> {
    for (;;) {
      const line = lines.find((each) => each.includes(part));
      if (line !== undefined) return JSON.parse(line);
      await once(log, "line");
    }
  }

  /** Call an action that fails; the id of the line that tells why. */
  async function fail(id: string): Promise<string> {
    const { status, text } = await send("POST", `/rooms/${id}/actions/fail`);
    expect(status).toBe(500);
    expect(text).not.toContain("secret");
    const { instance } = JSON.parse(text) as { instance: string };
    return instance.replace("urn:uuid:", "");
  }

  test("[A6] has what a problem keeps to itself, under the problem's instance", async () => {
    await send("PUT", "/rooms/logged", { headers: json }, '{"behaviour":"scripted"}');
    expect(await logged(await fail("logged"))).toMatchObject({
      level: "error",
      room: "logged",
      error: expect.stringContaining("secret: the action broke"),
    });
  });

  test("[A2] tells once that everybody is served", async () => {
    await send("PUT", "/rooms/open", { headers: json }, '{"behaviour":"scripted"}');
    await send("GET", "/rooms/open");
    await logged(await fail("open")); // whatever was told before has come by now
    const warnings = lines.filter((line) => line.includes("auth_open"));
    expect(warnings.map((line): unknown => JSON.parse(line))).toEqual([
      { level: "warn", event: "auth_open", text: expect.stringContaining("AUTH_MODE=open") },
    ]);
  });
});

test("[A2] the deployable app serves nobody unless it is told to", async () => {
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
