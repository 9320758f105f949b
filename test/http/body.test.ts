// Bodies are read as a stream. Bytes beyond a limit are never kept. They are read only so far that a client that is
// still sending gets the response. Compressed bodies are refused.

import { describe, expect, test } from "vitest";
import { at, expectJson, expectProblem, send, type Sent } from "../support/http.ts";
import { newId } from "../support/rooms.ts";

const chunk = new TextEncoder().encode(" ".repeat(64 * 1024));
const gigabyte = 1024 ** 3;

/** A body that supplies white space while it is read, and counts the bytes. */
function endless(total = gigabyte) {
  const given = { bytes: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (given.bytes >= total) return controller.close();
        controller.enqueue(chunk);
        given.bytes += chunk.length;
      },
      cancel() {
        given.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, given };
}

async function room(): Promise<string> {
  const id = newId();
  await expectJson(await send("PUT", at(id)), 201);
  return id;
}

// A body is read before its room is known, so the largest limits of the fixture's behaviours apply.
const mib = 1024 ** 2;
/** The most that is read of an unwanted body. */
const readOn = 16 * mib;
const requests: [string, string, number, string?][] = [
  ["PUT", "", 4096],
  ["POST", "/users", 16_384],
  ["PUT", "/state", 8 * mib],
  ["PATCH", "/state", 8 * mib, "application/json-patch+json"],
  ["PATCH", "/state", 8 * mib, "application/merge-patch+json"],
  ["POST", "/actions/rename", 256 * 1024],
  ["POST", "/broadcast", 256 * 1024],
  ["POST", "/touch", 4096],
];

describe("a body of 1 GiB", () => {
  test.each(requests)("[S9] is refused by %s …%s at its limit of %i bytes", async (...row) => {
    const [method, rest, limit, type = "application/json"] = row;
    const { body, given } = endless();
    const response = await send(method, at(await room(), rest), { body, type });
    await expectProblem(response, 413, "too_large");
    expect(given.bytes).toBeGreaterThan(limit);
    expect(given.bytes).toBeLessThanOrEqual(limit + readOn + 2 * chunk.length);
    expect(given.cancelled).toBe(true);
  });

  test.each(requests)(
    "[S9] is refused unread by %s …%s if its length is declared before it is sent",
    async (...row) => {
      const [method, rest, , type = "application/json"] = row;
      const { body, given } = endless();
      const headers = { "content-length": String(gigabyte), expect: "100-continue" };
      const response = await send(method, at(await room(), rest), { body, type, headers });
      await expectProblem(response, 413, "too_large");
      expect(given).toEqual({ bytes: 0, cancelled: true });
    },
  );

  test.each(["0", "2", "-1", "", "many", "1e1", "1, 2", String(gigabyte)])(
    "[S9] is refused even if its declared length is %j",
    async (length) => {
      const { body, given } = endless();
      const headers = { "content-length": length };
      const sent: Sent = { body, type: "application/json", headers };
      await expectProblem(await send("PUT", at(await room(), "/state"), sent), 413, "too_large");
      expect(given.bytes).toBeLessThanOrEqual(8 * mib + readOn + 2 * chunk.length);
      expect(given.cancelled).toBe(true);
    },
  );
});

describe("an unwanted body", () => {
  const declared = (bytes: number): Record<string, string> => ({ "content-length": String(bytes) });

  test.each(requests)("[H2] is read to its end by %s …%s, past %i bytes", async (...row) => {
    const [method, rest, limit, type = "application/json"] = row;
    const path = at(await room(), rest);
    for (const headers of [{}, declared(limit + mib)]) {
      const { body, given } = endless(limit + mib);
      await expectProblem(await send(method, path, { body, type, headers }), 413, "too_large");
      expect(given).toEqual({
        bytes: Math.ceil((limit + mib) / chunk.length) * chunk.length,
        cancelled: false,
      });
    }
  });

  const refused: [number, string, string, string, Sent][] = [
    [404, "not_found", "POST", "/rooms/a/nothing", {}],
    [405, "method_not_allowed", "POST", "/rooms/a/state", {}],
    [400, "invalid_room_id", "PUT", "/rooms/%00/state", { type: "application/json" }],
    [400, "invalid_request", "DELETE", "/rooms/a?purge=perhaps", {}],
    [415, "unsupported_media_type", "PUT", "/rooms/a/state", { type: "text/plain" }],
    [415, "unsupported_media_type", "POST", "/rooms/a/broadcast", {}],
    [415, "unsupported_media_type", "PUT", "/rooms/a", { headers: { "content-encoding": "br" } }],
    [503, "auth_not_configured", "PUT", "/rooms/a", { env: { AUTH_MODE: undefined } }],
    [503, "auth_not_configured", "POST", "/nowhere", { env: { AUTH_MODE: undefined } }],
  ];

  test.each(refused)("[H2] is read before the response %i %s to %s %s", async (...row) => {
    const [status, code, method, path, sent] = row;
    const { body, given } = endless(mib / 4);
    await expectProblem(await send(method, path, { ...sent, body }), status, code);
    expect(given).toEqual({ bytes: mib / 4, cancelled: false });
  });

  test("[H2] is read before a response that needs no body", async () => {
    const id = await room();
    for (const [method, rest] of [
      ["DELETE", "/users/ada"],
      ["OPTIONS", "/state"],
      ["DELETE", ""],
    ] as const) {
      const { body, given } = endless(mib);
      expect((await send(method, at(id, rest), { body })).status).toBe(204);
      expect(given).toEqual({ bytes: mib, cancelled: false });
    }
  });

  test("[H2] is not awaited if it does not arrive", async () => {
    const given = { cancelled: false };
    const body = new ReadableStream({
      cancel() {
        given.cancelled = true;
      },
    });
    await expectProblem(await send("POST", "/nowhere", { body }), 404, "not_found");
    expect(given.cancelled).toBe(true);
  });

  test("[H2] may break off", async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error("secret: the line was cut"));
      },
    });
    await expectProblem(await send("POST", "/nowhere", { body }), 404, "not_found");
  });
});

describe("a compressed body", () => {
  const text = '{"title":"one"}';
  const gzip = async (): Promise<ArrayBuffer> =>
    new Response(new Response(text).body?.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  const coded = (coding: string): Record<string, string> => ({ "content-encoding": coding });
  const type = "application/json";

  const expectRefused = async (id: string, sent: Sent): Promise<Response> => {
    const response = await send("PUT", at(id, "/state"), { type, ...sent });
    const { detail } = await expectProblem(response, 415, "unsupported_media_type");
    expect(detail).toBe("The body must not be compressed. Send it without Content-Encoding.");
    expect(await (await send("GET", at(id, "/state"))).text()).toBe("{}");
    return response;
  };

  test.each(["gzip", "GZip", "x-gzip", "br", "deflate", "zstd", "identity, gzip", "nonsense"])(
    "[H2] is refused if it is declared as %s, whatever it contains",
    async (coding) => {
      const id = await room();
      for (const body of [text, await gzip()]) {
        const response = await expectRefused(id, { body, headers: coded(coding) });
        expect(response.headers.get("accept-encoding")).toBe("identity");
      }
    },
  );

  test("[H2] is refused if it is gzip without saying so", async () => {
    await expectRefused(await room(), { body: await gzip() });
  });

  test.each(["identity", "Identity", "", " identity "])(
    "[H2] is not assumed for Content-Encoding: %j",
    async (coding) => {
      const sent: Sent = { body: text, type, headers: coded(coding) };
      await expectJson(await send("PUT", at(await room(), "/state"), sent), 200);
    },
  );
});

test("[S9] the problem names the limit", async () => {
  const { body } = endless();
  const sent: Sent = { body, type: "application/json" };
  const response = await send("POST", at(await room(), "/touch"), sent);
  const { detail } = await expectProblem(response, 413, "too_large");
  expect(detail).toBe("The body is larger than its limit of 4096 bytes.");
});

test("[S9] a body may arrive in chunks of any size, even split within a character", async () => {
  const id = await room();
  const text = JSON.stringify({ title: "é日🦊", list: [1, 2, 3] });
  const bytes = new TextEncoder().encode(`\ufeff${text}`);
  for (const size of [1, 2, 3, 5, 1000]) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let from = 0; from < bytes.length; from += size)
          controller.enqueue(bytes.slice(from, from + size));
        controller.close();
      },
    });
    await send("PUT", at(id, "/state"), { json: {} });
    const response = await send("PUT", at(id, "/state"), { body, type: "application/json" });
    await expectJson(response, 200);
    expect(await (await send("GET", at(id, "/state"))).text()).toBe(text);
  }
});

test("[A6] an incomplete body gets a problem and changes nothing", async () => {
  const id = await room();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode('{"title":'));
      controller.error(new Error("secret: the line was cut"));
    },
  });
  const response = await send("PUT", at(id, "/state"), { body, type: "application/json" });
  await expectProblem(response, 400, "malformed");
  expect(await (await send("GET", at(id, "/state"))).text()).toBe("{}");
});
