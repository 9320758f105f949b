// Calls from the room to other objects, and to functions of its callers. A failed call must not keep the room in
// memory.

import { expect, test } from "vitest";
import { workerCaller } from "../../src/protocol/caller.ts";
import { setScript } from "../fixtures/scripts.ts";
import { useFakeDate, pass } from "../support/fake-date.ts";
import { evict, isListed, newId, ring, rooms, stubOf } from "../support/rooms.ts";

// An eviction waits for everything that still refers to the object, and fails the test after 30 s.
useFakeDate();

test("[S2, R6] an update function that fails on the caller's side does not keep its room in memory", async () => {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
  // This does not use a handle, which catches the function's errors, so that it is as if the caller had gone.
  const input = { next: () => Promise.reject(new Error("gone")) };
  const outcome = await stubOf(room.id).call("updateState", input, workerCaller);
  expect(outcome).toEqual({ error: { code: "update_failed" } });
  await evict(room.id);
  expect(await room.info()).toMatchObject({ version: 0 });
}, 20_000);

test("[D3, R6] an unavailable directory does not keep its rooms in memory", async () => {
  pass(3_600_000); // beyond the reach of real alarms
  const id = newId();
  let down = true;
  setScript(id, { directoryDown: () => down });
  await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  await evict(id);
  pass(1000);
  expect(await ring(id)).toBe(true);
  await evict(id);
  down = false;
  pass(2000);
  expect(await ring(id)).toBe(true);
  expect(await isListed(id)).toBe(true);
}, 20_000);
