// Listeners that act on what they are told (rules C3, C5).

import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { createTestRoom } from "../../../src/testing/index.ts";

test("[C5] each listener hears every status in order, whatever another one does about it", async () => {
  const net = createTestRoom(defineRoom({}));
  onTestFinished(() => net.close());
  const ada = net.join("ada");
  const heard: string[] = [];
  ada.on("status", ({ state }) => {
    if (state === "connected") ada.leave();
  });
  ada.on("status", ({ state }) => heard.push(state));
  await net.settle();
  expect(heard).toEqual(["connected", "closed"]);
});
