// What the directory lists of a room comes from its record.

import { expect, test } from "vitest";
import { defaultIdleTimeout } from "../../src/model/duration.ts";
import { roomEntry } from "../../src/model/record.ts";

test("[D1] an entry has the id, the behaviour, the number of users and the time of the start", () => {
  const record = {
    status: "running",
    behaviour: "doc",
    epoch: "secret",
    createdAt: 1_000,
    idleTimeout: defaultIdleTimeout,
    activeUntil: 2_000,
  } as const;
  expect(roomEntry("desk", record, 3)).toEqual({
    id: "desk",
    behaviour: "doc",
    users: 3,
    createdAt: "1970-01-01T00:00:01.000Z",
  });
});

test("[T2] a room of which nothing else is said is idle for 30 minutes before it stops", () => {
  expect(defaultIdleTimeout).toBe(1_800_000);
});
