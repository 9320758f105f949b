// A short form of `npm run soak`: rooms that have stopped leave nothing behind that costs anything.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Service } from "../support/chaos/service.ts";
import { leftoversIn } from "../support/soak/leftovers.ts";
import { trendOf } from "../support/soak/memory.ts";
import { runSoak } from "../support/soak/run.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "collab-room-leftovers-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("[R7, T2, U8] rooms that open, fill, empty and stop leave no user, timer, alarm or entry behind", async () => {
  const report = await runSoak({ seconds: 3, sockets: 50, seed: 1, writeInterval: 50 });
  expect(report.wrong).toEqual([]);
  expect(report.mostSockets).toBeGreaterThan(0);
  const { objects, ...left } = report.leftovers;
  expect(objects).toBeGreaterThan(0);
  expect(new Set(Object.values(left))).toEqual(new Set([0]));
}, 60_000);

test("[R7] data in the storage of a room that is still running is detected", async () => {
  const service = new Service(folder);
  await service.start();
  await service.ask("POST", "/rooms/forgotten/users", { body: { id: "ada", ttl: 60_000 } });
  await service.ask("PUT", "/rooms/stopped", { body: {} });
  await service.ask("DELETE", "/rooms/stopped");
  await service.stop();
  expect(leftoversIn(folder)).toEqual({
    objects: 2,
    runningRooms: 1,
    users: 1,
    timers: 2, // `idle` and `lease`
    scheduledActions: 0,
    alarms: 1,
    directoryEntries: 1,
  });
}, 60_000);

test("the memory trend is computed from the quarters of a run", () => {
  expect(trendOf([1, 2, 3])).toBeNull();
  const filled = [10, 90, 100, 100, 100, 100, 100, 100];
  expect(trendOf(filled)).toMatchObject({ quarters: [50, 100, 100, 100], slope: 0, lateSlope: 0 });
  const growing = Array.from({ length: 120 }, (_, second) => 50 + second);
  expect(trendOf(growing)).toMatchObject({ slope: 60, lateSlope: 60 });
});
