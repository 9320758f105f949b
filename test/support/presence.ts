// Presence over HTTP, for tests: hold it for users, and look who is seen.

import { expect } from "vitest";
import { at, expectEmpty, expectJson, send, type Sent } from "./http.ts";

type Seen = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Ask to hold presence for a user. */
export const putPresence = (id: string, sent: Sent, userId = "ada"): Promise<Response> =>
  send("PUT", at(id, `/presence/${encodeURIComponent(userId)}`), sent);

/** Hold presence for a user, as it must be taken. */
export async function hold(id: string, data: object, ttl?: number, userId?: string): Promise<void> {
  const json = { data, ...(ttl !== undefined && { ttl }) };
  await expectEmpty(await putPresence(id, { json }, userId), 204);
}

/** Who is seen in a room, by user id. */
export async function seen(id: string): Promise<Seen> {
  const response = await send("GET", at(id, "/presence"));
  expect(response.headers.get("cache-control")).toBe("no-store");
  const body = await expectJson<{ presence: Seen }>(response, 200);
  expect(Object.keys(body)).toEqual(["presence"]);
  return body.presence;
}

/** Let a user join: 201 for a new one, 200 for one who is in the room. */
export const join = async (id: string, json: object, status = 201): Promise<unknown> =>
  expectJson(await send("POST", at(id, "/users"), { json }), status);

/** What is seen of who says nothing of themselves. */
export const online = {
  name: "Anonymous",
  color: "#6366F1",
  typing: false,
  status: "online",
} as const;
