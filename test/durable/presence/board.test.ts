// The board of presence over hand-made ports: time passes as a test says, so that typing lapses when it
// should; and once more in a real room, where a real timer rings.

import { describe, expect, test } from "vitest";
import { PresenceBoard } from "../../../src/room/members/presence-board.ts";
import { Session } from "../../../src/room/sessions/session.ts";
import { Sessions } from "../../../src/room/sessions/sessions.ts";
import type { SocketPort } from "../../../src/room/ports.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { resolveLimits } from "../../../src/protocol/limits.ts";
import { Members, type Member } from "../../../src/model/members.ts";
import { changePresence, typingLasts } from "../../../src/model/presence.ts";
import { noFlow } from "../../../src/model/session-attachment.ts";
import { newId, rooms } from "../../support/rooms.ts";
import { connect } from "../../support/socket-client.ts";

const entry = (id: string) => ({ id, joinedAt: "2026-01-01T00:00:00.000Z", meta: null });

const silentSocket: Omit<SocketPort, "keep"> = {
  send() {},
  close() {},
  kept: null,
  pingedAt: null,
};

/** A board, and time to let pass. */
function createBoard(...memberIds: string[]) {
  let now = 1_000_000;
  let timers: { at: number; call: () => void }[] = [];
  const sessions = new Sessions();
  const members = new Members();
  for (const [index, id] of memberIds.entries())
    members.put({ seq: index + 1, entry: entry(id), bySocket: true });
  const kept: unknown[] = [];
  let changes = 0;
  const board = new PresenceBoard({
    ports: {
      now: () => now,
      later(ms, call) {
        const timer = { at: now + ms, call };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    },
    members,
    sessions,
    onChange: () => changes++,
  });
  return {
    board,
    members,
    kept,
    /** How often the board has said that something has changed by itself. */
    changes: () => changes,
    timers: () => timers.length,
    open(userId: string): Session {
      const socket = { ...silentSocket, keep: (session: unknown) => void kept.push(session) };
      const presence = { data: {}, at: now };
      const session = new Session(
        socket,
        { shape: 1, id: "s", userId, scopes: [], presence, welcomed: true, flow: noFlow },
        resolveLimits({}),
        now,
      );
      sessions.add(session);
      board.note(userId);
      return session;
    },
    say(session: Session, data: JsonObject): void {
      session.presence = changePresence(session.presence, data, now);
      board.note(session.userId);
    },
    hold(userId: string, data: JsonObject): void {
      const member = members.get(userId) as Member;
      const presence = changePresence({ data: {}, at: now }, data, now);
      members.put({ ...member, held: { presence, until: now + 60_000 } });
      board.note(userId);
    },
    pass(ms: number): void {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { call } of due) call();
    },
  };
}

describe("typing", () => {
  test("[P3] lapses when it was not said again for 5 s, and not before", () => {
    const it = createBoard("ada");
    const ada = it.open("ada");
    it.say(ada, { typing: true });
    it.board.takeNews();
    it.pass(typingLasts - 1);
    expect([it.changes(), it.board.takeNews()]).toEqual([0, null]);
    it.pass(1);
    expect(it.changes()).toBe(1);
    expect(it.board.takeNews()).toEqual({ type: "presence", updates: { ada: { typing: false } } });
    expect(it.kept.at(-1)).not.toHaveProperty("presence.typingUntil");
    expect(it.timers()).toBe(0); // nothing keeps the object awake
  });

  test("[P3] goes on as long as it is said again", () => {
    const it = createBoard("ada");
    const ada = it.open("ada");
    for (let round = 0; round < 5; round++) {
      it.say(ada, { typing: true });
      it.board.takeNews();
      it.pass(typingLasts - 1);
    }
    expect(it.board.all()).toMatchObject({ ada: { typing: true } });
    it.pass(1);
    expect(it.board.takeNews()).toMatchObject({ updates: { ada: { typing: false } } });
  });

  test("[P3, R6] lapses no more once the room has woken anew: others keep the sessions now", () => {
    const it = createBoard("ada");
    it.say(it.open("ada"), { typing: true });
    it.board.takeNews();
    it.board.retire();
    it.pass(typingLasts);
    expect([it.changes(), it.kept, it.timers()]).toEqual([0, [], 0]);
  });

  test("[P3] of each user lapses in their own time", () => {
    const it = createBoard("ada", "bob");
    const [ada, bob] = [it.open("ada"), it.open("bob")];
    it.say(ada, { typing: true });
    it.board.takeNews();
    it.pass(2000);
    it.say(bob, { typing: true });
    it.board.takeNews();
    it.pass(3000);
    expect(it.board.takeNews()).toEqual({ type: "presence", updates: { ada: { typing: false } } });
    it.pass(1999);
    expect(it.board.takeNews()).toBeNull();
    it.pass(1);
    expect(it.board.takeNews()).toEqual({ type: "presence", updates: { bob: { typing: false } } });
    expect(it.timers()).toBe(0);
  });

  test("[P3, P1] of a user goes on while any tab of theirs types", () => {
    const it = createBoard("ada");
    const tabs = [it.open("ada"), it.open("ada")] as const;
    it.say(tabs[0], { typing: true });
    it.board.takeNews();
    it.pass(2000);
    it.say(tabs[1], { typing: true });
    it.board.takeNews();
    it.pass(3000);
    expect(it.board.takeNews()).toBeNull();
    it.pass(2000);
    expect(it.board.takeNews()).toMatchObject({ updates: { ada: { typing: false } } });
  });

  test("[P3, P4] that is held lapses as well", () => {
    const it = createBoard("bot");
    it.hold("bot", { typing: true });
    it.board.takeNews();
    it.pass(typingLasts);
    expect(it.changes()).toBe(1);
    expect(it.board.takeNews()).toEqual({ type: "presence", updates: { bot: { typing: false } } });
    expect(it.timers()).toBe(0);
  });

  test("[P3] that is said to be over needs no timer to say so again", () => {
    const it = createBoard("ada");
    const ada = it.open("ada");
    it.say(ada, { typing: true });
    it.board.takeNews();
    it.say(ada, { typing: false });
    expect(it.board.takeNews()).toMatchObject({ updates: { ada: { typing: false } } });
    it.pass(typingLasts);
    expect([it.changes(), it.board.takeNews()]).toEqual([0, null]);
  });

  test("[P3] lapses in a real room, by itself", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    await ada.show({ typing: true });
    await bob.until(({ presence }) => presence["ada"]?.typing === true);
    await bob.until(({ presence }) => presence["ada"]?.typing === false);
    expect(await room.getPresence()).toMatchObject({ ada: { typing: false, status: "online" } });
  });
});
