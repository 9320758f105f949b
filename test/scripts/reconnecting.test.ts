// What `npm run join` does after a close, in agreement with the close codes of docs/PROTOCOL.md.

import { expect, test } from "vitest";
import { afterClose, mayRepeat, reconnectDelay } from "../../scripts/reconnecting.ts";
import { errorTable } from "../../src/protocol/errors.ts";

test("[W4] a client stays away after 40xx and 44xx, and after it has left", () => {
  const codes = [1000, 4000, 4001, 4002, 4003, 4099, 4400, 4413, 4499];
  expect(codes.map(afterClose)).toEqual(codes.map(() => "stay away"));
});

test("[W4] a client needs a new token after 41xx", () => {
  expect([4100, 4109, 4199].map(afterClose)).toEqual(Array(3).fill("get a new token"));
});

test("[W4] a client comes back after 42xx and after any code that is not in the protocol", () => {
  const codes = [1001, 1005, 1006, 1011, 1012, 3000, 4201, 4202, 4290, 4291, 4300, 4500];
  expect(codes.map(afterClose)).toEqual(codes.map(() => "reconnect"));
});

test("[W4] a client comes back after every close that the error table calls retryable, and no other", () => {
  for (const row of Object.values(errorTable))
    if ("close" in row) expect(afterClose(row.close) === "reconnect").toBe(row.retryable);
});

test("[W4] a refusal is repeated only where the same request may succeed later", () => {
  expect([400, 403, 404, 409, 426].filter(mayRepeat)).toEqual([]);
  expect([429, 500, 503, 504].filter(mayRepeat)).toEqual([429, 500, 503, 504]);
});

test("[W4] waits double up to 30 s, and each is any part of that", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => reconnectDelay(attempt, 1));
  expect(longest).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  expect(reconnectDelay(3, 0)).toBe(0);
  expect(reconnectDelay(3, 0.5)).toBe(2000);
});
