// docs/PERMISSIONS.md is made from the table of operations, and from what routes say that they offer. Here each route
// is held to that: it asks for these operations and no others, and they refuse whoever lacks the scope (rule A3).

import { describe, expect, test } from "vitest";
import { createApp } from "../../src/http/app.ts";
import type { Route } from "../../src/http/route.ts";
import { readUpgrade } from "../../src/cloudflare/upgrade.ts";
import type { Identity } from "../../src/protocol/identity.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { allScopes, allows, type Scope } from "../../src/protocol/scopes.ts";
import { offeredOperations } from "../../src/room/sessions/message-operations.ts";
import { allOperations, allRoutes } from "../../scripts/permissions.ts";
import { env, newId, rooms } from "../support/core/rooms.ts";

/** What a route needs besides its path, by `operationId`; nothing for those that are not here. */
const inputs: Readonly<Record<string, { json?: unknown; type?: string; query?: string }>> = {
  broadcastEvent: { json: { event: "wave" } },
  callAction: { json: {} },
  holdPresence: { json: { data: {} } },
  joinRoom: { json: { id: "ada" } },
  listChanges: { query: "since=0&epoch=some" },
  patchState: { json: [], type: "application/json-patch+json" },
  replaceState: { json: {} },
  setUserScopes: { json: { scopes: [] } },
  touchRoom: { json: { userId: "ada" } },
};

/** Whoever asks is this. */
const appFor = (identity: Identity) =>
  createApp(defaultLimits, {
    identify: async () => identity,
    identifyToken: async () => identity,
  });

const ada = (scopes: readonly Scope[]): Identity => ({ user: { id: "ada" }, scopes });

/** A request of a route, for the user Ada. */
function requestOf(route: Route, id: string, accept = "*/*"): Request {
  const { json, type = "application/json", query = "" } = inputs[route.operationId] ?? {};
  const names: Readonly<Record<string, string>> = { id, userId: "ada", name: "play", version: "0" };
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => names[name] ?? "");
  const isBodied = json !== undefined || route.method === "post";
  return new Request(`https://rooms.test${path}?${query}`, {
    method: route.method.toUpperCase(),
    headers: {
      accept,
      ...(isBodied && { "content-type": type }),
      ...(route.upgrade && { upgrade: "websocket" }),
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
}

const titleOf = (route: Route): string => `${route.method.toUpperCase()} ${route.path}`;
const ofRooms = allRoutes.flatMap((route) =>
  (route.operations ?? []).map((name) => ({ title: titleOf(route), route, name })),
);
const acceptOf = (name: string): string =>
  name === "observeChanges" ? "text/event-stream" : "*/*";
const openedBy = {
  session: "connectSession",
  observer: "observeChanges",
  trace: "traceFrames",
} as const;

describe("a route of a room", () => {
  test.each(ofRooms)("[A3] $title offers $name, and nothing else", async ({ route, name }) => {
    const asked: string[] = [];
    const ROOMS = {
      getByName: () => ({
        async call(operation: string) {
          asked.push(operation);
          return { error: { code: "room_busy" } };
        },
        async fetch(upgrade: Request) {
          const { kind } = readUpgrade(upgrade).request;
          asked.push(openedBy[kind]);
          return Response.json({ error: { code: "room_busy" } });
        },
      }),
    };
    const request = requestOf(route, "some", acceptOf(name));
    const response = await appFor(ada(allScopes)).fetch(request, { ...env, ROOMS });
    expect({ status: response.status, asked }).toEqual({ status: 503, asked: [name] });
  });

  test.each(ofRooms)(
    "[A3] $title refuses a caller without the scope of $name, and says which it is",
    async ({ route, name }) => {
      const operation = allOperations[name];
      const { scope } = operation;
      // Ada asks, for herself wherever it is for somebody.
      const needed = "ownScope" in operation ? operation.ownScope : scope;
      const id = newId();
      await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
      for (const scopes of [[], allScopes.filter((each) => !allows([each], scope ?? each))]) {
        const isOwn = "ownScope" in operation;
        if (isOwn && scopes.length > 0) continue; // enough for oneself, see below
        const request = requestOf(route, id, acceptOf(name));
        const response = await appFor(ada(scopes)).fetch(request, env);
        const problem = await response.json<{ code: string; detail: string }>();
        expect({ status: response.status, ...problem }).toMatchObject({
          status: 403,
          code: "forbidden",
          detail: expect.stringContaining(`needs the scope ${needed};`),
        });
      }
    },
  );

  const forOneself = ofRooms.flatMap(({ route, name, title }) => {
    const operation = allOperations[name];
    return "ownScope" in operation ? [{ title, route, name, own: operation.ownScope }] : [];
  });

  test.each(forOneself)(
    "[A3] $title takes the scope $own for oneself, and not for another user",
    async ({ route, own }) => {
      const id = newId();
      const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
      await room.join({ id: "ada" });
      const ask = async (userId: string): Promise<number> => {
        const identity: Identity = { user: { id: userId }, scopes: [own] };
        return (await appFor(identity).fetch(requestOf(route, id), env)).status;
      };
      expect(await ask("bob")).toBe(403);
      expect(await ask("ada")).toBeLessThan(300);
    },
  );
});

describe("a route that is about no room in particular", () => {
  test("[A2, A3] is public or needs a scope", () => {
    const others = allRoutes.filter(({ operations }) => operations === undefined);
    expect(others.filter((route) => !route.public && route.scope === undefined)).toEqual([]);
    expect(others.filter((route) => route.public && route.scope !== undefined)).toEqual([]);
  });

  const scoped = allRoutes.flatMap((route) =>
    route.scope ? [{ title: titleOf(route), route, scope: route.scope }] : [],
  );

  test.each(scoped)("[A3] $title needs $scope in every room", async ({ route, scope }) => {
    const statusFor = async (scopes: Identity["scopes"], path = route.path): Promise<number> => {
      const app = appFor({ user: null, scopes });
      return (await app.fetch(new Request(`https://rooms.test${path}`), env)).status;
    };
    expect(await statusFor([])).toBe(403);
    expect(await statusFor({ "a*": [scope] })).toBe(403);
    expect(await statusFor({ "*": [scope] })).toBe(200);
    if (!route.scopePrefix) return;
    expect(await statusFor({ "a*": [scope] }, `${route.path}?prefix=ab`)).toBe(200);
    expect(await statusFor({ "ab*": [scope] }, `${route.path}?prefix=a`)).toBe(403);
  });
});

test("[A3] every operation is offered by a route, by a message, or to code in the Worker alone", () => {
  const byMessage = new Set<unknown>(Object.values(offeredOperations));
  const byRoute = new Set<string>(allRoutes.flatMap(({ operations = [] }) => operations));
  const others = Object.entries(allOperations).flatMap(([name, operation]) =>
    byMessage.has(operation) || byRoute.has(name) ? [] : [name],
  );
  expect(others.toSorted()).toEqual(["isAlive", "updateState"]);
});
