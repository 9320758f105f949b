// The directory entry of a room, which comes from its record.

import { expect, test } from "vitest";
import { defaultIdleTimeout } from "../../src/model/duration.ts";
import { roomEntry } from "../../src/model/record.ts";

test("[D1] an entry has the id, the behaviour, the number of users and the start time", () => {
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

test("[T2] the default idleTimeout is 30 minutes", () => {
  expect(defaultIdleTimeout).toBe(1_800_000);
});
