// Random requests to every operation of the OpenAPI document, with hostile parameters, headers and bodies. No response
// has a 5xx status, is missing in the document, or reveals internals, and a refused request changes nothing.
// `VITE_FUZZ_SEED` repeats a run, and `VITE_FUZZ_REQUESTS` sends more requests.

import fc from "fast-check";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { collab } from "../fixtures/worker.ts";
import { goodRequestTo, requestsTo, type HostileRequest } from "../support/hostile-requests.ts";
import { at, expectProblem } from "../support/http.ts";
import { expectDocumented, type Document } from "../support/openapi.ts";
import { newId, nothingStored, rooms, stored } from "../support/rooms.ts";

const seed = Number(process.env["VITE_FUZZ_SEED"] ?? Date.now() % 2 ** 31);
const requests = Number(process.env["VITE_FUZZ_REQUESTS"] ?? 40);

const document = await (await collab.app.request("/openapi.json")).json<Document>();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
    name: operation.operationId,
  })),
);

/** Everything visible of a room, including its last activity, or `null` if it does not run. */
async function view(room: RoomHandle): Promise<unknown> {
  if (!(await room.alive())) return null;
  return Promise.all([room.info(), room.getState(), room.getUsers(), room.getPresence()]);
}

async function prepare(room: RoomHandle): Promise<void> {
  await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
  await room.updateState(() => ({ n: 1, list: ["a", "b"], text: "abc" }));
  await room.join({ id: "ada" });
}

/** Send the request as it is. @returns `null` if nobody can send it */
async function fire({
  method,
  url,
  headers: fields,
  body,
}: HostileRequest): Promise<Response | null> {
  const headers = new Headers();
  try {
    for (const [name, value] of fields) headers.append(name, value);
  } catch {
    return null;
  }
  // As bytes, because text adds its own content type.
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const request = new Request(`https://rooms.test${url}`, { method, headers, body: bytes });
  // Any page may send requests. Otherwise most hostile headers would fail the origin check.
  return collab.app.fetch(request, { ...env, ALLOWED_ORIGINS: "*" });
}

/** Check that a response does not reveal internals. */
const secrets = /secret|\bat \S+ \(|\.[cm]?[jt]s:\d|node_modules|\/(home|tmp|work|usr)\/|SQLITE/i;

async function check(request: HostileRequest, response: Response): Promise<void> {
  const { status, headers, webSocket } = response;
  expect(status).toBeLessThan(500);
  expect([...headers].flat().join("\n")).not.toMatch(secrets);
  if (webSocket) {
    webSocket.accept();
    return webSocket.close();
  }
  if (headers.get("content-type")?.startsWith("text/event-stream")) return response.body?.cancel();
  const text = await response.clone().text();
  const { pathname } = new URL(`https://rooms.test${request.url}`);
  if (request.method !== "HEAD" && request.method !== "OPTIONS")
    expectDocumented(document, { method: request.method, pathname, status, headers, text });
  if (status < 400) return undefined;
  expect(text).not.toMatch(secrets);
  if (request.method === "HEAD") return undefined;
  const { code } = JSON.parse(text) as { code: string };
  await expectProblem(response, status, code);
}

describe(`random requests, VITE_FUZZ_SEED=${seed}`, () => {
  test.for(operations)(
    "[A6, H1, H7] $name gives only documented responses, and a refused request changes nothing",
    async (operation) => {
      const room = rooms.room(newId("fuzz"));
      const absent = newId("absent");
      await prepare(room);
      const statuses = new Set<number>();
      const ids = [at(room.id), at(room.id), at(absent)].map((address) => address.slice(7));
      await fc.assert(
        fc.asyncProperty(requestsTo(operation, ids), async (request) => {
          let before = await view(room);
          if (before === null) {
            await prepare(room);
            before = await view(room);
          }
          const absentBefore = await stored(absent);
          const response = await fire(request);
          if (response === null) return;
          await check(request, response);
          statuses.add(response.status);
          if (response.status < 400) return;
          expect(await view(room)).toEqual(before);
          if (absentBefore.alarm === null)
            expect((await stored(absent)).tables).toEqual(nothingStored.tables);
        }),
        {
          numRuns: requests,
          seed,
          endOnFailure: true,
          // An operation that was only refused would have proved little.
          examples: [[goodRequestTo(operation, ids[0] ?? "")]],
        },
      );
      expect([...statuses][0], "the good request").toBeLessThan(400);
    },
  );
});
