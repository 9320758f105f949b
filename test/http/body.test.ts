// Bodies are read as a stream up to the limit: nothing beyond it is read, whatever length the client
// declares.

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
    expect(given.bytes).toBeLessThanOrEqual(limit + 2 * chunk.length);
    expect(given.cancelled).toBe(true);
  });

  test.each(requests)(
    "[S9] is refused unread by %s …%s if its length is declared",
    async (...row) => {
      const [method, rest, , type = "application/json"] = row;
      const { body, given } = endless();
      const headers = { "content-length": String(gigabyte) };
      const response = await send(method, at(await room(), rest), { body, type, headers });
      await expectProblem(response, 413, "too_large");
      expect(given).toEqual({ bytes: 0, cancelled: true });
    },
  );

  test.each(["0", "2", "-1", "", "many", "1e1", "1, 2"])(
    "[S9] is refused even if its declared length is %j",
    async (length) => {
      const { body, given } = endless();
      const headers = { "content-length": length };
      const sent: Sent = { body, type: "application/json", headers };
      await expectProblem(await send("PUT", at(await room(), "/state"), sent), 413, "too_large");
      expect(given.bytes).toBeLessThanOrEqual(8 * mib + 2 * chunk.length);
      expect(given.cancelled).toBe(true);
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
