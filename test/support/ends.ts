// A server of test/fixtures/ends-worker.ts: what tests of sockets' ends ask of it.

import { expect } from "vitest";
import type { PresenceMap } from "../../src/protocol/presence.ts";
import { startServer, type Server } from "./server.ts";

export const startEnds = (persistTo?: string): Promise<Server> =>
  startServer({
    main: "test/fixtures/ends-worker.ts",
    vars: { AUTH_MODE: "open" },
    ...(persistTo !== undefined && { persistTo }),
  });

/** Questions to a server; it is asked for at each, for it may start again. */
export function asking(server: () => Server) {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(server().url + path);
    return (await response.json()) as T;
  };
  const calls = (id: string): Promise<string[]> => get(`/calls/${id}`);
  return {
    /** Start a room of a behaviour of the fixture. */
    async start(behaviour: "patient" | "hasty" | "steady"): Promise<string> {
      const id = `${behaviour}-${crypto.randomUUID()}`;
      const body = JSON.stringify({ behaviour });
      const headers = { "content-type": "application/json" };
      const { status } = await fetch(`${server().url}/rooms/${id}`, {
        method: "PUT",
        body,
        headers,
      });
      expect(status).toBe(201);
      return id;
    },
    async users(id: string): Promise<string[]> {
      const { users } = await get<{ users: { id: string }[] }>(`/rooms/${id}/users`);
      return users.map((user) => user.id);
    },
    async statuses(id: string): Promise<Record<string, string>> {
      const { presence } = await get<{ presence: PresenceMap }>(`/rooms/${id}/presence`);
      return Object.fromEntries(
        Object.entries(presence).map(([user, { status }]) => [user, status]),
      );
    },
    sockets: async (id: string): Promise<number> =>
      (await get<{ sockets: number }>(`/rooms/${id}`)).sockets,
    calls,
    /** Let this many ms pass for all rooms, and let the alarm of this one ring. */
    async pass(id: string, ms: number): Promise<void> {
      const { status } = await fetch(`${server().url}/pass/${id}/${ms}`);
      expect(status).toBe(200);
    },
    /** Wait until a hook was called for a user. */
    called: (id: string, call: string): Promise<void> =>
      expect.poll(() => calls(id), { timeout: 20_000, interval: 25 }).toContain(call),
  };
}
