// Addresses and methods: the responses to unknown addresses, and the methods that an address supports.

import { describe, expect, test } from "vitest";
import { collab } from "../fixtures/worker.ts";
import { expectEmpty, expectProblem, send } from "../support/http.ts";
import { newId, nothingStored, stored } from "../support/rooms.ts";

describe("unknown addresses", () => {
  test.each([
    "/",
    "/room",
    "/Rooms",
    "/rooms/",
    "//rooms",
    "/rooms/a/",
    "/rooms/a/b",
    "/rooms/a/state/",
    "/rooms/a/state/title",
    "/rooms/a/users/b/c",
    "/rooms/a/action",
    "/rooms/a/actions/",
    "/rooms/a/presence/",
    "/rooms/a/presence/b/c",
    "/rooms/a/socket/",
    "/rooms/a/sockets",
    "/healthz/",
    "/openapi.yaml",
    "/%72ooms/",
  ])("[A6] such as %s get 404 with a problem", async (path) => {
    await expectProblem(await send("GET", path), 404, "not_found");
    await expectProblem(await send("POST", path, { json: {} }), 404, "not_found");
    await expectEmpty(await send("HEAD", path), 404);
  });

  test("[A6] include a room id with an unescaped slash", async () => {
    const id = newId("a/b");
    await expectProblem(await send("PUT", `/rooms/${id}`), 404, "not_found");
    expect(await stored(id)).toEqual(nothingStored);
  });
});

describe("methods", () => {
  const supported: [string, string[]][] = [
    ["/rooms", ["GET", "HEAD"]],
    ["/rooms/:id", ["PUT", "GET", "HEAD", "DELETE"]],
    ["/rooms/:id/users", ["POST", "GET", "HEAD"]],
    ["/rooms/:id/users/:userId", ["GET", "HEAD", "PATCH", "DELETE"]],
    ["/rooms/:id/changes", ["GET", "HEAD"]],
    ["/rooms/:id/presence", ["GET", "HEAD"]],
    ["/rooms/:id/presence/:userId", ["PUT"]],
    ["/rooms/:id/socket", ["GET", "HEAD"]],
    ["/rooms/:id/state", ["GET", "HEAD", "PUT", "PATCH"]],
    ["/rooms/:id/actions", ["GET", "HEAD"]],
    ["/rooms/:id/actions/:name", ["POST"]],
    ["/rooms/:id/inspect", ["GET", "HEAD"]],
    ["/rooms/:id/inspect/users", ["GET", "HEAD"]],
    ["/rooms/:id/journal", ["GET", "HEAD"]],
    ["/rooms/:id/journal/:version", ["GET", "HEAD"]],
    ["/rooms/:id/kicked", ["GET", "HEAD"]],
    ["/rooms/:id/trace", ["GET", "HEAD"]],
    ["/rooms/:id/broadcast", ["POST"]],
    ["/rooms/:id/touch", ["POST"]],
    ["/healthz", ["GET", "HEAD"]],
    ["/metrics", ["GET", "HEAD"]],
    ["/openapi.json", ["GET", "HEAD"]],
  ];
  const all = ["GET", "PUT", "POST", "PATCH", "DELETE", "TRACE", "PROPFIND"];
  /** What an address lists in Allow. */
  const allowOf = (response: Response): string[] =>
    (response.headers.get("allow")?.split(", ") ?? []).toSorted();

  test.each(supported)(
    "[A6] that %s does not support get 405, and Allow lists the others",
    async (...row) => {
      const [pattern, methods] = row;
      const path = pattern.replaceAll(/:\w+/g, "some");
      for (const method of all.filter((other) => !methods.includes(other))) {
        const response = await send(method, path);
        expect(allowOf(response)).toEqual([...methods, "OPTIONS"].toSorted());
        await expectProblem(response, 405, "method_not_allowed");
      }
      if (!methods.includes("HEAD")) await expectEmpty(await send("HEAD", path), 405);
    },
  );

  test.each(supported)("[H3] of %s are the answer to OPTIONS", async (pattern, methods) => {
    const response = await send("OPTIONS", pattern.replaceAll(/:\w+/g, "some"));
    expect(allowOf(response)).toEqual([...methods, "OPTIONS"].toSorted());
    await expectEmpty(response, 204);
  });

  test("[H3] of an unknown address do not exist", async () => {
    await expectProblem(await send("OPTIONS", "/rooms/a/b"), 404, "not_found");
  });

  const patchTypes: [string, string, string][] = [
    [
      "/state",
      "application/json-patch+json, application/merge-patch+json, application/vnd.collab-room.patch+json",
      "application/json",
    ],
    ["/users/ada", "application/json", "application/merge-patch+json"],
  ];

  test.each(patchTypes)("[H3] of rooms…%s: Accept-Patch lists %s", async (rest, types, other) => {
    const path = `/rooms/some${rest}`;
    expect((await send("OPTIONS", path)).headers.get("accept-patch")).toBe(types);
    for (const type of [other, "text/plain"]) {
      const response = await send("PATCH", path, { body: "{}", type });
      expect(response.headers.get("accept-patch")).toBe(types);
      await expectProblem(response, 415, "unsupported_media_type");
    }
    const missing = await send("PATCH", path, { body: Uint8Array.of(0x7b, 0x7d) });
    expect(missing.headers.get("accept-patch")).toBe(types);
    await expectProblem(missing, 415, "unsupported_media_type");
  });

  test("[H3] without PATCH have no Accept-Patch", async () => {
    for (const path of ["/rooms/some", "/rooms/some/touch", "/rooms"])
      expect((await send("OPTIONS", path)).headers.has("accept-patch")).toBe(false);
    const put = await send("PUT", "/rooms/some/state", { body: "{}", type: "text/plain" });
    expect(put.headers.has("accept-patch")).toBe(false);
    expect(put.headers.get("accept")).toBe("application/json");
    await expectProblem(put, 415, "unsupported_media_type");
  });

  test("[A6] are tested for every address of the app", () => {
    const paths = new Set(collab.app.routes.map(({ path }) => path));
    paths.delete("/*"); // whatever is not found
    expect([...paths].toSorted()).toEqual(supported.map(([path]) => path).toSorted());
  });
});
