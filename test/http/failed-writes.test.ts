// Changes that cannot be written, over HTTP: the response is a problem that the OpenAPI document describes.

import { expect, test } from "vitest";
import { at, expectJson, expectProblem, send } from "../support/http.ts";
import { breakWrites, mendWrites, newId } from "../support/rooms.ts";

const changes = [
  ["PUT", "/state", { n: 2 }],
  ["PATCH", "/state", [{ op: "replace", path: "/n", value: 2 }]],
  ["POST", "/actions/rename", { title: "x" }],
] as const;

for (const [method, path, json] of changes)
  test(`[S4] ${method} ${path} that cannot be written gets commit_failed and changes nothing`, async () => {
    const id = newId();
    await send("PUT", at(id), { json: { behaviour: "scripted" } });
    await send("PUT", at(id, "/state"), { json: { n: 1 } });
    await breakWrites(id, "changes");
    const type = method === "PATCH" ? "application/json-patch+json" : "application/json";
    await expectProblem(await send(method, at(id, path), { json, type }), 503, "commit_failed");
    await mendWrites(id, "changes");
    expect(await expectJson(await send("GET", at(id, "/state")), 200)).toEqual({ n: 1 });
  });
