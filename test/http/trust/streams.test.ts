// Clients follow a room by server-sent events only as long as they may (rules A8, A9, H10).

import { expect, test } from "vitest";
import { at, expectEmpty, send } from "../../support/http.ts";
import { EventReader } from "../../support/event-reader.ts";
import { newId, rooms } from "../../support/rooms.ts";
import { bearer, inSeconds, secret, tokenOf } from "../../support/tokens.ts";
import { setScript } from "../../fixtures/scripts.ts";
import { collab } from "../../fixtures/worker.ts";
import { env } from "cloudflare:workers";

const closed = { ...env, AUTH_MODE: "tokens", AUTH_SECRET: secret };

async function ask(id: string, claims: object): Promise<Response> {
  const headers = { ...bearer(await tokenOf({ ...claims })), accept: "text/event-stream" };
  const request = new Request(`https://rooms.test${at(id, "/changes")}`, { headers });
  return collab.app.fetch(request, closed as object as typeof env);
}

async function follow(id: string, claims: object): Promise<EventReader> {
  const { status, body } = await ask(id, claims);
  expect(status).toBe(200);
  if (body === null) throw new Error("There is no body.");
  const reader = new EventReader(body);
  expect((await reader.next())?.event).toBe("state");
  return reader;
}

const scopes = { "*": ["room:read"] };

test("[A9, H10] a stream ends when its user is banned, and no other stream does", async () => {
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  const [ada, bob] = [await follow(id, { scopes }), await follow(id, { sub: "bob", scopes })];
  await expectEmpty(await send("DELETE", at(id, "/users/ada?kick=true&for=60")), 204);
  expect(await ada.next()).toBeNull();
  await room.updateState(() => ({ a: 1 }));
  expect((await bob.next())?.event).toBe("change");
  await bob.close();
});

test("[A8, H10] a stream ends when its token expires", async () => {
  const id = newId();
  await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  // A token is accepted for 30 s longer because clocks differ, but a stream is not.
  const ada = await follow(id, { scopes, exp: inSeconds(1) });
  expect(await ada.next()).toBeNull();
});

/** Ada, whose scopes come only from the room. */
async function followByTheRoom(): Promise<{ id: string; stream: EventReader }> {
  const id = newId();
  setScript(id, { authorize: () => ({ ok: { scopes: ["room:read"] } }) });
  const room = await rooms.joinOrCreateRoom(id, { behaviour: "guarded" });
  await room.join({ id: "ada" });
  return { id, stream: await follow(id, { scopes: undefined }) };
}

test("[A3, H10] a stream ends when the room takes back the scopes that it depends on", async () => {
  const { id, stream } = await followByTheRoom();
  await send("PATCH", at(id, "/users/ada"), { json: { scopes: [] } });
  expect(await stream.next()).toBeNull();
});

test("[A3, H10] a stream ends when its user leaves, if its scopes came from the room", async () => {
  const { id, stream } = await followByTheRoom();
  await expectEmpty(await send("DELETE", at(id, "/users/ada")), 204);
  expect(await stream.next()).toBeNull();
});

test("[L1, H10] a user has at most 32 streams of a room", async () => {
  const id = newId();
  await rooms.joinOrCreateRoom(id);
  const streams: EventReader[] = [];
  for (let n = 0; n < 32; n++) streams.push(await follow(id, { scopes }));
  const refusal = await ask(id, { scopes });
  expect(refusal.status).toBe(409);
  await streams[0]?.close();
  for (const stream of streams) await stream.close();
});
