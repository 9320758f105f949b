// The Worker to deploy: it is short, uses only the public API, and serves rooms.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type Server } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer({ vars: { AUTH_MODE: "open" } });
});
afterAll(() => server.stop());

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(server.url + path, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

test("[R2] its source has fewer than 30 lines and, with its board, imports only the public API", async () => {
  const [worker, board] = await Promise.all(["worker", "board"].map(sourceOf));
  expect(worker?.trimEnd().split("\n").length).toBeLessThan(30);
  expect(localImports(worker)).toEqual(["./board.ts", "./index.ts"]);
  expect(localImports(board)).toEqual(["./behaviours/index.ts"]);
});

const sourceOf = (name: string): Promise<string> =>
  readFile(join(import.meta.dirname, `../../src/${name}.ts`), "utf8");

const localImports = (source = ""): string[] =>
  Array.from(source.matchAll(/from "([^"]+)"/g), ([, name = ""]) => name).filter((name) =>
    name.startsWith("."),
  );

test("[R5, S7, U2] its documents have a title, editors, and an action that renames them", async () => {
  expect(await ask("PUT", "/rooms/notes", { behaviour: "doc" })).toMatchObject({ status: 201 });
  expect(await ask("GET", "/rooms/notes/state")).toEqual({ status: 200, title: "Untitled" });
  expect(await ask("POST", "/rooms/notes/users", { id: "ada" })).toMatchObject({
    status: 201,
    id: "ada",
    meta: { role: "editor" },
  });
  const rename = "/rooms/notes/actions/rename";
  expect(await ask("POST", rename, { title: "Bridge" })).toMatchObject({ result: "renamed" });
  expect(await ask("POST", rename, { title: "" })).toMatchObject({ status: 422 });
  expect(await ask("GET", "/rooms/notes/state")).toEqual({ status: 200, title: "Bridge" });
});

test("[R7, R5] a document keeps its title through a stop", async () => {
  await ask("PUT", "/rooms/kept", { behaviour: "doc" });
  await ask("POST", "/rooms/kept/actions/rename", { title: "Kept" });
  expect((await fetch(`${server.url}/rooms/kept`, { method: "DELETE" })).status).toBe(204);
  await ask("PUT", "/rooms/kept", { behaviour: "doc" });
  expect(await ask("GET", "/rooms/kept/state")).toEqual({ status: 200, title: "Kept" });
});
