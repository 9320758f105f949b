// Values that are too large or not JSON are refused locally, and the connection stays open (rule C4).

import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { createTestRoom } from "../../../src/testing/index.ts";

async function open() {
  const net = createTestRoom(defineRoom({}));
  onTestFinished(() => net.close());
  const [ada, bob] = [net.join("ada"), net.join("bob")];
  await net.settle(Promise.all([ada.ready, bob.ready]));
  return { net, ada, bob };
}

test.each([300, 2000])(
  "[C4] an event of %i KiB fails with too_large, and nothing is sent",
  async (kib) => {
    const { net, ada } = await open();
    await expect(ada.broadcast("blob", "x".repeat(kib * 1024))).rejects.toMatchObject({
      code: "too_large",
    });
    await net.settle(ada.broadcast("wave"));
    expect(ada.status).toEqual({ state: "connected" });
  },
);

test("[C4] an event with a cyclic payload is rejected with bad_message", async () => {
  const { ada } = await open();
  const loop: Record<string, unknown> = {};
  loop["loop"] = loop;
  await expect(ada.broadcast("loop", loop as never)).rejects.toMatchObject({ code: "bad_message" });
});

test("[P1] presence that is too large throws, and the previous presence stays", async () => {
  const { net, ada, bob } = await open();
  ada.setPresence({ tool: "pen" });
  expect(() => ada.setPresence({ drawing: "x".repeat(3000) })).toThrow(/at most 2048 bytes/);
  ada.setPresence({ size: 3 });
  await net.advance(100);
  expect(bob.others).toMatchObject([{ presence: { tool: "pen", size: 3 } }]);
  expect(bob.others[0]?.presence).not.toHaveProperty("drawing");
});
