// A welcome that is too long for one frame (rule N3) arrives in parts, before everything else.

import { expect, test } from "vitest";
import { maxPartBytes } from "../../../src/protocol/parts.ts";
import { newId, rooms } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";
import { set } from "../../support/core/sessions.ts";
import { expectOk } from "../../support/session.ts";

const isPart = (frame: string): boolean => frame.startsWith('{"type":"part"');

test.each([
  ["text", "x"],
  ["text of three bytes", "€"],
  ["characters of two units", "😀"],
])(
  "[N3, W1] a state of 1 MB of %s arrives unchanged in parts, and changes follow",
  async (_, unit) => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "large" });
    const text = unit.repeat(Math.floor(1_000_000 / new TextEncoder().encode(unit).length));
    await room.updateState(() => ({ text, quote: '"' }));
    const ada = await connect(room.id, { id: "ada" });
    expect(ada.state).toEqual({ text, quote: '"' });
    const parts = ada.frames.filter(isPart);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts)
      expect(new TextEncoder().encode(part).length).toBeLessThanOrEqual(maxPartBytes);
    expectOk(await ada.update(set("n", 1)));
    expect(ada.version).toBe(2);
    // A client that resumes needs no parts.
    const back = await connect(room.id, { id: "ada" }, { resume: ada });
    expect(back.frames.some(isPart)).toBe(false);
    expect(back.state).toEqual(ada.state);
  },
);

test("[N3] a small welcome is one frame", async () => {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "large" });
  const ada = await connect(room.id, { id: "ada" });
  expect(ada.frames.some(isPart)).toBe(false);
});

test("[N3, W5] clients that connect at the same time each get their own welcome, and then what followed it", async () => {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "large" });
  await room.updateState(() => ({ text: "x".repeat(600_000) }));
  const sessions = await Promise.all(
    ["ada", "bob", "cyd"].map((id) => connect(room.id, { id }, { acks: true })),
  );
  for (const session of sessions) {
    expect(session.welcome.user.id).toBe(session.name);
    expect(session.state).toEqual({ text: "x".repeat(600_000) });
  }
  await sessions[0]?.fence(...sessions.slice(1));
});
