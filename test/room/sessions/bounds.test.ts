// What one client can have of a room is bounded, whatever it claims.

import { expect, test } from "vitest";
import type { TestSession } from "../../support/session.ts";
import { connect, refusal } from "../../support/core/socket-client.ts";
import { newId, rooms } from "../../support/core/rooms.ts";

test("[L1, W3] who guesses marks is told so, and closed when it goes on", async () => {
  const ada = await connect(newId(), { id: "ada" });
  for (let n = 1; n <= 11; n++) ada.send({ type: "ack", n });
  expect((await ada.next("error")).code).toBe("bad_message");
  expect((await ada.closed).code).toBe(4400);
});

test("[L1, U3] a user has 32 sockets in a room at most; one that goes makes room for another", async () => {
  const id = newId();
  const tabs: TestSession[] = [];
  for (let n = 0; n < 32; n++) tabs.push(await connect(id, { id: "ada" }));
  expect(await refusal(id, { id: "ada" })).toMatchObject({
    status: 409,
    problem: {
      code: "room_full",
      detail: "A user may have at most 32 sockets in a room. Close one and try again.",
    },
  });
  await connect(id, { id: "bob" });
  await tabs[0]?.leave();
  await connect(id, { id: "ada" });
  expect(await rooms.room(id).info()).toMatchObject({ users: 2, sockets: 33 });
});
