// The package as applications get it: packed, installed without a network, checked with the tools that publishers use
// and with the compiler, and run.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { measureSizes, sizeText, type PartSize } from "../../scripts/size.ts";
import { wranglerEnv } from "../../scripts/wrangler-env.ts";
import { connectRoom } from "../../src/client/connect.ts";
import type { Room } from "../../src/client/types.ts";
import { errorTable } from "../../src/protocol/errors.ts";
import {
  checkTypes,
  filesIn,
  installExample,
  installPacked,
  linkInstalled,
  modulesIn,
  runTool,
  run,
  snippetsOf,
  writeFiles,
  type PackedApp,
} from "../support/package.ts";
import { startServer } from "../support/server.ts";

const installGuide = join(import.meta.dirname, "../../docs/guides/install.md");

let app: PackedApp;
beforeAll(async () => {
  app = await installPacked();
}, 120_000);
// It is undefined if the package could not be installed. Then that failure is the one to report.
afterAll(() => (app as PackedApp | undefined)?.remove());

/** The entries that need no platform. */
const portable = ["behaviours", "protocol", "client", "react", "testing"];

describe("the packed package", () => {
  test("contains the build, its documents and nothing else", async () => {
    const list = await run("tar", ["tzf", app.tarball], app.folder);
    const paths = list.trim().split("\n");
    expect(paths).toContain("package/dist/index.js");
    expect(paths).toContain("package/dist/client/index.d.ts");
    const others = paths.filter((path) => !/^package\/(dist|docs)\//.test(path));
    expect(others.toSorted()).toEqual([
      "package/CHANGELOG.md",
      "package/LICENSE",
      "package/README.md",
      "package/package.json",
    ]);
  });

  test("passes publint, including its suggestions", async () => {
    await runTool("publint", ["run", app.tarball, "--strict"], app.folder);
  });

  test("has types where modules and bundlers look for them", async () => {
    await runTool("attw", [app.tarball, "--profile", "esm-only"], app.folder);
  });

  test("has no entry that is not checked here", async () => {
    const text = await readFile(join(app.folder, "node_modules/collab-room/package.json"), "utf8");
    const { exports } = JSON.parse(text) as { exports: object };
    expect(Object.keys(exports).toSorted()).toEqual(
      [".", "./package.json", ...portable.map((name) => `./${name}`)].toSorted(),
    );
  });
});

describe("an entry", () => {
  beforeAll(() =>
    writeFile(
      join(app.folder, "stand-in.mjs"),
      `import { registerHooks } from "node:module";
       const url = "data:text/javascript,export class DurableObject {}";
       registerHooks({
         resolve: (name, context, next) =>
           name === "cloudflare:workers" ? { url, shortCircuit: true } : next(name, context),
       });`,
    ),
  );

  test.each(portable)("%s can be imported in Node as it is", async (name) => {
    const code = `console.log(Object.keys(await import("collab-room/${name}")).length)`;
    const printed = await run(process.execPath, ["--input-type=module", "-e", code], app.folder);
    expect(Number(printed)).toBeGreaterThan(0);
  });

  test("for the Worker can be imported in Node with a stub of cloudflare:workers", async () => {
    const code = `console.log(typeof (await import("collab-room")).createCollab)`;
    const options = ["--import", "./stand-in.mjs", "--input-type=module", "-e", code];
    expect(await run(process.execPath, options, app.folder)).toBe("function\n");
  });

  test("shares its classes with the others, so that instanceof works", async () => {
    const code = `
      const { action, defineRoom } = await import("collab-room/behaviours");
      const whole = await import("collab-room");
      console.log(action === whole.action && defineRoom === whole.defineRoom);
      console.log(whole.CollabError === (await import("collab-room/protocol")).CollabError);`;
    const options = ["--import", "./stand-in.mjs", "--input-type=module", "-e", code];
    expect(await run(process.execPath, options, app.folder)).toBe("true\ntrue\n");
  });
});

describe("a strict application that checks declarations", () => {
  const state = "{ notes: { id: string; text: string }[] }";
  const boardWithout = `import { defineRoom } from "collab-room/behaviours";
export const board = defineRoom<${state}>({ initialState: { notes: [] } });`;
  const boardWithZod = `import { defineRoom } from "collab-room/behaviours";
import * as z from "zod";
export const board = defineRoom({
  state: z.object({ notes: z.array(z.object({ id: z.string(), text: z.string() })) }),
  initialState: { notes: [] },
  actions: (action) => ({
    clear: action(z.object({}), (_room, state) => ({ state: { notes: [] }, result: state.notes.length })),
  }),
});`;
  const page = `import { connectRoom, type Room } from "collab-room/client";
import * as react from "collab-room/react";
import { subprotocol, type ClientMessage } from "collab-room/protocol";
import type { board } from "./board.js";
const room: Room<typeof board> = connectRoom<typeof board>({ url: "/", room: "a" });
export const texts: readonly string[] = room.state.notes.map(({ text }) => text);
// @ts-expect-error: a note has no such member
room.state.notes.map(({ color }) => color);
export const leave: ClientMessage = { type: "leave" };
export { react, subprotocol };`;
  const pageWithAction = `${page}
export const cleared: Promise<number> = room.action("clear", {});
// @ts-expect-error: there is no such action
void room.action("burn", {});`;
  const worker = `import { createCollab, type CollabEnv } from "collab-room";
import * as testing from "collab-room/testing";
import { board } from "./board.js";
const collab = createCollab({ behaviours: { board } });
export const { CollabRoom, RoomDirectory } = collab;
export const rooms = (env: CollabEnv) => collab.rooms(env);
export { testing };
export default collab.app;`;

  const tests = `import { createTestRoom, type TestRoom } from "collab-room/testing";
import { board } from "./board.js";
const net: TestRoom<typeof board> = createTestRoom(board);
export const first = async (): Promise<string | undefined> => (await net.room.getState()).notes[0]?.text;
export const shown: readonly string[] = net.join("ada").state.notes.map(({ text }) => text);
// @ts-expect-error: there is no such room
net.rooms;`;

  const resolutions = ["bundler", "nodenext"] as const;

  test.each(resolutions)(
    "gets the types of a page and its tests without DOM and Workers (%s)",
    (moduleResolution) =>
      checkTypes(app.folder, {
        files: { "board.ts": boardWithout, "page.ts": page, "tests.ts": tests },
        moduleResolution,
      }),
  );

  test.each(resolutions)(
    "gets the types of a page and its tests with DOM (%s)",
    (moduleResolution) =>
      checkTypes(app.folder, {
        files: { "board.ts": boardWithZod, "page.ts": pageWithAction, "tests.ts": tests },
        moduleResolution,
        lib: ["DOM"],
      }),
  );

  test.each(resolutions)(
    "gets the types of a page and a Worker in Workers (%s)",
    (moduleResolution) =>
      checkTypes(app.folder, {
        files: { "board.ts": boardWithZod, "page.ts": pageWithAction, "worker.ts": worker },
        moduleResolution,
        types: ["@cloudflare/workers-types"],
      }),
  );

  test("gets errors for wrong code", async () => {
    const files = {
      "board.ts": boardWithout,
      "page.ts": `${page}\nexport const n: number = texts;`,
    };
    await expect(checkTypes(app.folder, { files, moduleResolution: "bundler" })).rejects.toThrow(
      "TS2322",
    );
  });
});

describe("the part for a page", () => {
  let sizes: PartSize[];
  beforeAll(async () => {
    sizes = await measureSizes(join(app.folder, "node_modules/collab-room/dist"));
    for (const size of sizes) console.log(sizeText(size));
  });

  test("stays within its size limit", () => {
    expect(sizes.map(({ name }) => name)).toEqual([
      "connectRoom alone",
      "client",
      "client and react",
    ]);
    expect(sizes.filter(({ bytes, limit }) => bytes > limit).map(sizeText)).toEqual([]);
  });

  test("contains no module of the service", () => {
    const modules = sizes.flatMap((size) => size.modules);
    expect(modules.length).toBeGreaterThan(0);
    expect(modules.filter((path) => !/^(client|react|protocol)\//.test(path))).toEqual([]);
    expect(sizes[0]?.modules.filter((path) => path.startsWith("react/"))).toEqual([]);
  });

  test("contains no text of the error table, because the room sends its errors", () => {
    const texts = Object.values(errorTable).map(({ text }) => text);
    for (const { text } of sizes) expect(texts.filter((each) => text.includes(each))).toEqual([]);
  });
});

describe("the program of docs/HTTP.md", () => {
  test("type-checks in an application, and runs", async () => {
    const [program = "", inWorker = ""] = await snippetsOf("docs/HTTP.md", "ts");
    const own = `async function own(env: CollabEnv): Promise<Response> {
${inWorker}
  return Response.json({ users: await room.getUsers(), state: await room.getState() });
}`;
    const exported = "export default collab.app;";
    expect(program).toContain(exported);
    const worker = `import type { CollabEnv } from "collab-room";
${program.slice(0, program.indexOf(exported))}
${own}
export default {
  fetch: (request: Request, env: CollabEnv, ctx: ExecutionContext) =>
    new URL(request.url).pathname === "/own" ? own(env) : collab.app.fetch(request, env, ctx),
};`;
    await checkTypes(app.folder, {
      files: { "program.ts": worker },
      moduleResolution: "bundler",
      types: ["@cloudflare/workers-types"],
    });
    const main = join(app.folder, "program.ts");
    const server = await startServer({ main, vars: { AUTH_MODE: "open" } });
    try {
      const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
        const response = await fetch(server.url + path, {
          method,
          headers: { "content-type": "application/json" },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        return response.json();
      };
      const start = { behaviour: "doc" };
      expect(await ask("PUT", "/rooms/design", start)).toMatchObject(start);
      expect(await ask("POST", "/rooms/design/actions/rename", { title: "Bridge" })).toMatchObject({
        result: "was Untitled",
      });
      expect(await ask("POST", "/rooms/design/users", { id: "mallory" })).toMatchObject({
        code: "join_refused",
        reason: "banned",
      });
      expect(await ask("GET", "/own")).toMatchObject({
        users: [{ id: "bot", meta: { role: "editor" } }],
        state: { title: "Bridge", checkedBy: "bot" },
      });
    } finally {
      await server.stop();
    }
  });
});

describe("a guide", () => {
  /** Check the types of a Worker and a page, and the configuration, exactly as they are written. */
  async function checkApp(folder: string): Promise<void> {
    await runTool("tsc", [], folder);
    await runTool("tsc", ["--project", "tsconfig.page.json"], folder);
    const built = await runTool("wrangler", ["deploy", "--dry-run"], folder, wranglerEnv);
    expect(built).not.toContain("WARNING");
    expect(built).toContain("--dry-run: exiting now.");
  }

  const asJson = { "content-type": "application/json" };

  test("to installing has files that make a working service", async () => {
    const folder = join(app.folder, "installing");
    await writeFiles(folder, await filesIn("docs/guides/install.md"));
    await checkApp(folder);
    const main = join(folder, "src/worker.ts");
    const server = await startServer({ main, vars: { AUTH_MODE: "open" } });
    try {
      const room = { method: "PUT", headers: asJson, body: '{"behaviour":"doc"}' };
      expect((await fetch(`${server.url}/collab/rooms/design`, room)).status).toBe(201);
      expect(await (await fetch(`${server.url}/titles/design`)).text()).toBe("Untitled");
      const script = await readFile(join(folder, "src/script.ts"), "utf8");
      const local = "http://localhost:8787";
      expect(script).toContain(local);
      await writeFiles(folder, { "src/here.ts": script.replace(local, server.url) });
      expect(await run(process.execPath, ["src/here.ts"], folder)).toBe("From Node\n");
    } finally {
      await server.stop();
    }
  });

  test("to installing has classes for projects with Workers types generated by wrangler", async () => {
    const folder = join(app.folder, "generated");
    const { "src/worker.ts": worker = "", ...files } = await filesIn("docs/guides/install.md");
    const snippets = await snippetsOf("docs/guides/install.md", "ts");
    const classes = snippets.find((code) => code.startsWith("export class")) ?? "";
    const exported = "export const { CollabRoom, RoomDirectory } = collab;\n";
    expect(worker).toContain(exported);
    const config = {
      extends: "./tsconfig.json",
      compilerOptions: { types: [] },
      include: ["src/worker.ts", "worker-configuration.d.ts"],
    };
    await writeFiles(folder, {
      ...files,
      "src/worker.ts": worker
        .replace(exported, classes)
        .replace(", type CollabEnv", "")
        .replace("CollabEnv", "Env"),
      "tsconfig.generated.json": JSON.stringify(config),
    });
    await runTool("wrangler", ["types"], folder, wranglerEnv);
    await runTool("tsc", ["--project", "tsconfig.generated.json"], folder);
  });

  test("to the first room has a page that builds, and a Worker in which two users see the same", async () => {
    const folder = join(app.folder, "first");
    const { "wrangler.toml": config = "" } = await filesIn("docs/guides/install.md");
    const files = await filesIn("docs/guides/first-room.md");
    const lines = await snippetsOf("docs/guides/first-room.md", "toml");
    await writeFiles(folder, { ...files, "wrangler.toml": [config, ...lines].join("\n") });
    await runTool("vite", ["build"], folder);
    const scripts = await readdir(join(folder, "dist/assets"));
    const page = await readFile(join(folder, "dist/assets", scripts[0] ?? ""), "utf8");
    expect(page).not.toContain("~standard"); // from schemas: only the type of the behaviour is imported
    const built = await runTool("wrangler", ["deploy", "--dry-run"], folder, wranglerEnv);
    expect(built).toContain("--dry-run: exiting now.");
    const main = join(folder, "src/worker.ts");
    const server = await startServer({ main, vars: { AUTH_MODE: "open" } });
    const [ada, bob] = (["ada", "bob"] as const).map((id) => {
      const service = { url: `${server.url}/collab`, room: "first", behaviour: "notes" };
      return connectRoom<{ lines: string[] }>({ ...service, user: { id } });
    }) as [Room<{ lines: string[] }>, Room<{ lines: string[] }>];
    try {
      await Promise.all([ada.ready, bob.ready]);
      await ada.update((draft) => void draft.lines.push("milk")).committed;
      await expect.poll(() => bob.state).toEqual({ lines: ["milk"] });
      const refused = bob.update((draft) => void draft.lines.push("x".repeat(201)));
      await expect(refused.committed).rejects.toMatchObject({ code: "invalid_state" });
    } finally {
      ada.leave();
      bob.leave();
      await server.stop();
    }
  });

  test("to installing lists every entry", async () => {
    const [, table = ""] = (await readFile(installGuide, "utf8")).split("## The modules");
    const named = Array.from(table.matchAll(/^\| `collab-room\/?(\w*)`/gm), ([, name]) => name);
    expect(named.toSorted()).toEqual(["", ...portable].toSorted());
  });

  test("to React has a page that type-checks and builds, without a warning or Worker code", async () => {
    const folder = join(app.folder, "react");
    const { "tsconfig.json": tsconfig = "" } = await filesIn("docs/guides/install.md");
    const modules = await modulesIn("docs/guides/react.md");
    const files = {
      "tsconfig.json": tsconfig,
      ...(await filesIn("docs/guides/react.md")),
      ...modules,
    };
    await writeFiles(folder, files);
    await linkInstalled(folder, app);
    await runTool("tsc", ["--project", "tsconfig.page.json"], folder);
    expect(await runTool("vite", ["build"], folder)).not.toMatch(/warn|use client/i);
    const scripts = await readdir(join(folder, "dist/assets"));
    const texts = scripts.map((name) => readFile(join(folder, "dist/assets", name), "utf8"));
    const page = (await Promise.all(texts)).join("");
    expect(page).toContain("Joining …");
    expect(page).not.toContain("~standard");
  });

  test("to deploying has a Worker whose tokens its rooms accept, and lines for wrangler.toml", async () => {
    const folder = join(app.folder, "deploying");
    const files = await filesIn("docs/guides/install.md");
    const lines = await snippetsOf("docs/guides/deploying.md", "toml");
    await writeFiles(folder, {
      ...files,
      ...(await filesIn("docs/guides/deploying.md")),
      "src/sessions.ts": `export const signedIn = async (request: Request) =>
        request.headers.has("cookie") ? { id: "ada", name: "Ada" } : null;`,
      "wrangler.toml": [files["wrangler.toml"], ...lines].join("\n"),
      "dist/index.html": "",
    });
    await checkApp(folder);
    const main = join(folder, "src/worker.ts");
    const server = await startServer({ main, vars: { AUTH_SECRET: "0123456789abcdef".repeat(2) } });
    try {
      const ask = (cookie: Record<string, string>): Promise<Response> =>
        fetch(`${server.url}/token`, { method: "POST", headers: cookie });
      expect((await ask({})).status).toBe(401);
      const token = await (await ask({ cookie: "session=1" })).text();
      const start = async (room: string, authorization: string): Promise<number> => {
        const init = { method: "PUT", headers: { ...asJson, authorization } };
        return (await fetch(`${server.url}/collab/rooms/${room}`, init)).status;
      };
      expect(await start("doc-design", `Bearer ${token}`)).toBe(201);
      expect(await start("other", `Bearer ${token}`)).toBe(403);
      expect(await start("doc-design", "Bearer none")).toBe(401);
    } finally {
      await server.stop();
    }
  });
});

describe("the example of a board", () => {
  const source = join(import.meta.dirname, "../../examples/board");
  let folder: string;
  beforeAll(async () => {
    folder = join(app.folder, "board");
    await installExample(source, folder, app);
  });

  test("has fewer than 150 lines of code", async () => {
    const files = await readdir(join(source, "src"));
    const code = files.filter((name) => /\.tsx?$/.test(name));
    const texts = await Promise.all(
      code.map((name) => readFile(join(source, "src", name), "utf8")),
    );
    expect(texts.join("").split("\n").length - 1).toBeLessThan(150);
  });

  test("type-checks, and its page does so without the types of Workers", async () => {
    await run("npm", ["run", "types"], folder);
  });

  test("builds as it would be deployed, with a page that contains no Worker code", async () => {
    await runTool("wrangler", ["deploy", "--dry-run", "--outdir", "built"], folder, wranglerEnv);
    const [script = ""] = await readdir(join(folder, "dist/assets")).then((names) =>
      names.filter((name) => name.endsWith(".js")),
    );
    const page = await readFile(join(folder, "dist/assets", script), "utf8");
    expect(page).toContain("Add a note");
    expect(page).not.toContain("~standard"); // from schemas
  });

  test("has rooms whose action arranges the notes, and whose schema is enforced", async () => {
    const main = join(folder, "src/worker.ts");
    const server = await startServer({ main, vars: { AUTH_MODE: "open" } });
    const room = `${server.url}/collab/rooms/main`;
    const send = (method: string, path: string, body: unknown): Promise<Response> =>
      fetch(room + path, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    try {
      expect((await send("PUT", "", { behaviour: "board" })).status).toBe(201);
      const note = { text: "", x: 5, y: 5 };
      const notes = [
        { id: "a", ...note },
        { id: "b", ...note },
      ];
      expect((await send("PUT", "/state", { notes })).status).toBe(200);
      expect((await send("PUT", "/state", { notes: [{ id: "c" }] })).status).toBe(422);
      const tidied = await send("POST", "/actions/tidy", { columns: 1 });
      expect(await tidied.json()).toEqual({ result: 2, version: 2 });
      expect(await (await fetch(`${room}/state`)).json()).toEqual({
        notes: [
          { ...notes[0], x: 20, y: 80 },
          { ...notes[1], x: 20, y: 220 },
        ],
      });
    } finally {
      await server.stop();
    }
  });
});
