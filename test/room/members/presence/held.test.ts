// Presence that servers and agents hold without a socket: it is shown like any other, for a limited time.

import { describe, expect, test } from "vitest";
import { pass, useFakeDate } from "../../../support/fake-date.ts";
import { hear } from "../../../support/membership.ts";
import { failureCode, newId, ring, rooms, stored } from "../../../support/core/rooms.ts";
import { connect } from "../../../support/core/socket-client.ts";

useFakeDate();

const ttl = 20_000;
const shown = { name: "Bot", color: "#6366F1", typing: false, status: "online" };

async function withBot() {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
  const bob = await connect(room.id, { id: "bob" });
  await room.join({ id: "bot" });
  await bob.fence();
  return { room, bob, news: hear(bob, "presence") };
}

describe("held presence", () => {
  test("[P4] appears, changes, and disappears when its ttl is over, and not before", async () => {
    const { room, news } = await withBot();
    await room.holdPresence("bot", { name: "Bot" }, { ttl });
    expect(await news()).toEqual([{ joins: { bot: shown } }]);
    pass(ttl / 2);
    await room.holdPresence("bot", { name: "Bot", cursor: { x: 1 } }, { ttl });
    expect(await news()).toEqual([{ updates: { bot: { cursor: { x: 1 } } } }]);
    pass(ttl - 1);
    await ring(room.id);
    expect(await news()).toEqual([]);
    pass(1);
    await ring(room.id);
    expect(await news()).toEqual([{ leaves: ["bot"] }]);
    expect((await room.getUsers()).map(({ id }) => id)).toEqual(["bob", "bot"]);
    expect(JSON.stringify((await stored(room.id)).tables)).not.toContain("held");
  });

  test("[P4] is replaced by the next one, and lasts for 30 s by default", async () => {
    const { room, bob } = await withBot();
    await room.holdPresence("bot", { name: "Bot", mood: "fine" }, { ttl: 10 * ttl });
    await room.holdPresence("bot", { name: "Bot" });
    await bob.fence();
    expect(bob.presence["bot"]).toEqual(shown);
    pass(30_000);
    await ring(room.id);
    await bob.fence();
    expect(bob.presence).not.toHaveProperty("bot");
  });

  test("[P4, P1] is combined with the presence of the user's sockets", async () => {
    const { room, bob, news } = await withBot();
    const bot = await connect(room.id, { id: "bot", name: "ignored" });
    pass(1000);
    await room.holdPresence("bot", { name: "Bot" }, { ttl });
    await bot.show({ status: "idle" });
    pass(1000);
    await room.holdPresence("bot", { name: "Held" }, { ttl });
    await bob.fence();
    expect(bob.presence["bot"]).toMatchObject({ name: "Held", status: "online" });
    await news();
    await bot.close();
    expect(await news()).toEqual([]);
    pass(ttl);
    await ring(room.id);
    expect(await news()).toEqual([{ leaves: ["bot"] }]);
  });

  test("[P4] disappears with its user", async () => {
    const { room, news } = await withBot();
    await room.holdPresence("bot", { name: "Bot" }, { ttl });
    await news();
    await room.leave("bot");
    expect(await news()).toEqual([{ leaves: ["bot"] }]);
    await room.join({ id: "bot" });
    expect(await room.getPresence()).not.toHaveProperty("bot");
  });

  test("[P4, P1] that is invalid is refused, and nothing changes", async () => {
    const { room, news } = await withBot();
    await room.holdPresence("bot", { name: "Bot" }, { ttl });
    await news();
    const before = await stored(room.id);
    const big = { app: "x".repeat(2048) };
    expect(await failureCode(room.holdPresence("bot", big))).toBe("invalid_presence");
    expect(await failureCode(room.holdPresence("bot", { typing: 1 }))).toBe("invalid_presence");
    expect(await failureCode(room.holdPresence("nobody", {}))).toBe("user_not_found");
    expect(await failureCode(room.holdPresence("bot", {}, { ttl: 0 }))).toBe("invalid_request");
    expect(await stored(room.id)).toEqual(before);
    expect(await news()).toEqual([]);
  });
});
