// The id of a request, in its response and in the log (rule O2).

import { describe, expect, test } from "vitest";
import { env } from "cloudflare:workers";
import { collab } from "../fixtures/worker.ts";
import { setScript } from "../fixtures/scripts.ts";
import { at, expectProblem, send } from "../support/http.ts";
import { newId } from "../support/rooms.ts";
import { watchLog } from "../support/watch-log.ts";

const idOf = (response: Response): string => response.headers.get("x-request-id") ?? "none";
const uuid = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

describe("every response has the id of its request", () => {
  test.each([
    ["GET", "/healthz", 200],
    ["HEAD", "/healthz", 200],
    ["GET", "/rooms", 200],
    ["OPTIONS", "/rooms", 204],
    ["GET", at("unknown"), 404],
    ["GET", "/nowhere", 404],
    ["DELETE", "/rooms", 405],
    ["POST", at("some", "/users"), 415],
    ["GET", at("some", "/socket"), 426],
  ])("[O2] %s %s", async (method, path, status) => {
    const [one, other] = [await send(method, path), await send(method, path)];
    expect(one.status).toBe(status);
    expect(idOf(one)).toMatch(uuid);
    expect(idOf(other)).not.toBe(idOf(one));
  });

  test("[O2] even if it opens a socket", async () => {
    const path = at(newId(), `/socket?user=${encodeURIComponent('{"id":"ada"}')}`);
    const response = await collab.app.request(path, { headers: { upgrade: "websocket" } }, env);
    expect(response.status).toBe(101);
    expect(idOf(response)).toMatch(uuid);
    response.webSocket?.accept();
    response.webSocket?.close();
  });

  test("[O2] which is the id given by Cloudflare", async () => {
    const response = await send("GET", "/healthz", {
      headers: { "cf-ray": "8f2a1b3c4d5e6f70-FRA" },
    });
    expect(idOf(response)).toBe("8f2a1b3c4d5e6f70-FRA");
  });

  test.each(["", " ", "a b", "a\tb", 'a"b', "a,b", "x".repeat(65)])(
    "[O2] unless Cloudflare's id is invalid: %j",
    async (ray) => {
      const response = await send("GET", "/healthz", { headers: { "cf-ray": ray } });
      expect(idOf(response)).toMatch(uuid);
    },
  );
});

test("[O2, A6] which is also in the room's log", async () => {
  const id = newId();
  const lines = watchLog({ room: id });
  setScript(id, {
    play: () => {
      throw new Error("secret");
    },
  });
  await send("PUT", at(id), { json: { behaviour: "scripted" } });
  const response = await send("POST", at(id, "/actions/play"), { json: {} });
  const { instance } = await expectProblem(response, 500, "action_failed");
  expect(lines()).toContainEqual(
    expect.objectContaining({
      event: "action_failed",
      request: idOf(response),
      instance: instance?.replace("urn:uuid:", ""),
      door: "http",
    }),
  );
});

test("[O2] which is also in the Worker's log", async () => {
  const lines = watchLog({ event: "internal" });
  const response = await send("GET", "/rooms", { env: { DIRECTORY_SHARDS: "none" } });
  await expectProblem(response, 500, "internal");
  expect(lines()).toContainEqual(
    expect.objectContaining({ event: "internal", request: idOf(response) }),
  );
});
