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
    "/rooms/a/actions",
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
    ["/rooms/:id/users/:userId", ["PATCH", "DELETE"]],
    ["/rooms/:id/presence", ["GET", "HEAD"]],
    ["/rooms/:id/presence/:userId", ["PUT"]],
    ["/rooms/:id/socket", ["GET", "HEAD"]],
    ["/rooms/:id/state", ["GET", "HEAD", "PUT", "PATCH"]],
    ["/rooms/:id/actions/:name", ["POST"]],
    ["/rooms/:id/broadcast", ["POST"]],
    ["/rooms/:id/touch", ["POST"]],
    ["/healthz", ["GET", "HEAD"]],
    ["/openapi.json", ["GET", "HEAD"]],
  ];
  const all = ["GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

  test.each(supported)(
    "[A6] that %s does not support get 405, and Allow lists the others",
    async (...row) => {
      const [pattern, methods] = row;
      const path = pattern.replaceAll(/:\w+/g, "some");
      for (const method of all.filter((other) => !methods.includes(other))) {
        const response = await send(method, path);
        const allow = response.headers.get("allow")?.split(", ") ?? [];
        expect(allow.toSorted()).toEqual(methods.toSorted());
        await expectProblem(response, 405, "method_not_allowed");
      }
      if (!methods.includes("HEAD")) await expectEmpty(await send("HEAD", path), 405);
    },
  );

  test("[A6] are tested for every address of the app", () => {
    const paths = new Set(collab.app.routes.map(({ path }) => path));
    expect([...paths].toSorted()).toEqual(supported.map(([path]) => path).toSorted());
  });
});
