// JSON text can contain a number such as 1e999, which parses to Infinity and would be serialized as null. It
// is refused wherever it arrives.

import { expect, test } from "vitest";
import { at, expectProblem, send } from "../support/http.ts";
import { newId, rooms } from "../support/rooms.ts";
import { refusal } from "../support/socket-client.ts";

const type = "application/json";

test("[U1] a user with such a number is invalid, over HTTP and by socket", async () => {
  const id = newId();
  const body = '{"id":"ada","n":1e999}';
  await expectProblem(await send("POST", at(id, "/users"), { body, type }), 400, "invalid_user");
  const refused = await refusal(id, undefined, { query: { user: body } });
  expect(refused.problem.code).toBe("invalid_user");
  expect(await rooms.getRoom(id)).toBeNull();
});

test("[P4, W5] presence and events with such a number are malformed", async () => {
  const room = await rooms.joinOrCreateRoom(newId());
  await room.join({ id: "ada" });
  const held = { body: '{"data":{"cursor":{"x":1e999}}}', type };
  await expectProblem(await send("PUT", at(room.id, "/presence/ada"), held), 400, "malformed");
  const event = { body: '{"event":"x","payload":[-1e999]}', type };
  await expectProblem(await send("POST", at(room.id, "/broadcast"), event), 400, "malformed");
  expect(await room.getPresence()).toEqual({});
});
