// The presence board by itself, with time moved by hand so that typing expires on time. And once in a real room with a
// real timer.

import { describe, expect, test } from "vitest";
import { PresenceBoard } from "../../../../src/room/members/presence-board.ts";
import { Session } from "../../../../src/room/sessions/session.ts";
import { Sessions } from "../../../../src/room/sessions/sessions.ts";
import type { SocketPort } from "../../../../src/room/ports.ts";
import type { JsonObject } from "../../../../src/protocol/json.ts";
import type { RoomMessage } from "../../../../src/protocol/messages.ts";
import type { PresenceMap } from "../../../../src/protocol/presence.ts";
import { resolveLimits } from "../../../../src/protocol/limits.ts";
import { Members, type Member } from "../../../../src/model/members.ts";
import { PeopleWriter } from "../../../../src/model/people-news.ts";
import { changePresence, typingTimeout } from "../../../../src/model/presence.ts";
import { initialFlow, pack } from "../../../../src/model/session-attachment.ts";
import { newId, rooms } from "../../../support/core/rooms.ts";
import { connect } from "../../../support/core/socket-client.ts";

const entry = (id: string) => ({ id, joinedAt: "2026-01-01T00:00:00.000Z", seq: 1, meta: null });

const silentSocket: Omit<SocketPort, "saveAttachment"> = {
  send() {},
  close() {},
  attachment: null,
  pingedAgo: null,
};

/** A board in an environment that lets typing expire on time. */
class World {
  now = 1_000_000;
  readonly members = new Members();
  readonly #sessions = new Sessions();
  readonly board = new PresenceBoard(this.members, this.#sessions);
  /** Every attachment that was saved. */
  readonly saved: Parameters<SocketPort["saveAttachment"]>[0][] = [];
  /** How often typing was checked, and how often that changed something. */
  lapses = 0;
  changes = 0;

  constructor(...memberIds: string[]) {
    for (const [index, id] of memberIds.entries())
      this.members.put({ seq: index + 1, entry: entry(id), bySocket: true });
  }

  open(userId: string): Session {
    const socket: SocketPort = {
      ...silentSocket,
      saveAttachment: (attachment) => void this.saved.push(attachment),
    };
    const session = new Session(
      socket,
      {
        shape: 3,
        id: crypto.randomUUID(),
        userId,
        scopes: [],
        presence: pack({ data: {}, at: this.now }),
        state: { kind: "live" },
        flow: initialFlow,
        heardAt: 0,
      },
      resolveLimits({}),
      { now: () => this.now, newId: () => crypto.randomUUID() },
    );
    this.#sessions.add(session);
    this.board.markChanged(userId);
    return session;
  }

  say(session: Session, data: JsonObject): void {
    session.presence = changePresence(session.presence, data, this.now);
    this.board.markChanged(session.userId);
  }

  hold(userId: string, data: JsonObject): void {
    const member = this.members.get(userId) as Member;
    const presence = changePresence({ data: {}, at: this.now }, data, this.now);
    this.members.put({ ...member, held: { presence, until: this.now + 60_000 } });
    this.board.markChanged(userId);
  }

  /** The pending news, as the message that clients receive. */
  takeNews(): RoomMessage | null {
    const writer = new PeopleWriter();
    for (const [userId, presence] of this.board.takeNews(this.now)) {
      const presenceText = this.board.textOf(userId);
      writer.add({ userId, user: undefined, userText: null, presence, presenceText });
    }
    return JSON.parse(writer.texts().presence ?? "null") as RoomMessage | null;
  }

  all(): PresenceMap {
    return this.board.all(this.now);
  }

  /** Whether typing will expire at some time. Until then a timer keeps the object awake. */
  get isAwaitingLapse(): boolean {
    return this.board.nextLapseAt < Infinity;
  }

  /** Let time pass, and let typing expire when it is due. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.board.nextLapseAt <= end) {
      this.now = Math.max(this.now, this.board.nextLapseAt);
      this.board.lapse(this.now);
      this.lapses++;
      if (this.board.hasNews) this.changes++;
    }
    this.now = end;
  }
}

describe("typing", () => {
  test("[P3] expires if it was not repeated for 5 s, and not before", () => {
    const world = new World("ada");
    const ada = world.open("ada");
    world.say(ada, { typing: true });
    world.takeNews();
    world.pass(typingTimeout - 1);
    expect([world.changes, world.takeNews()]).toEqual([0, null]);
    world.pass(1);
    expect(world.changes).toBe(1);
    expect(world.takeNews()).toEqual({ type: "presence", updates: { ada: { typing: false } } });
    expect(world.saved.at(-1)).not.toHaveProperty("presence.typingUntil");
    expect(world.isAwaitingLapse).toBe(false); // nothing keeps the object awake
  });

  test("[P3] continues as long as it is repeated", () => {
    const world = new World("ada");
    const ada = world.open("ada");
    for (let round = 0; round < 5; round++) {
      world.say(ada, { typing: true });
      world.takeNews();
      world.pass(typingTimeout - 1);
    }
    expect(world.all()).toMatchObject({ ada: { typing: true } });
    world.pass(1);
    expect(world.takeNews()).toMatchObject({ updates: { ada: { typing: false } } });
  });

  test("[P3] expires for each user separately", () => {
    const world = new World("ada", "bob");
    const [ada, bob] = [world.open("ada"), world.open("bob")];
    world.say(ada, { typing: true });
    world.takeNews();
    world.pass(2000);
    world.say(bob, { typing: true });
    world.takeNews();
    world.pass(3000);
    expect(world.takeNews()).toEqual({ type: "presence", updates: { ada: { typing: false } } });
    world.pass(1999);
    expect(world.takeNews()).toBeNull();
    world.pass(1);
    expect(world.takeNews()).toEqual({ type: "presence", updates: { bob: { typing: false } } });
    expect(world.isAwaitingLapse).toBe(false);
  });

  test("[P3, P1] continues while any session of the user is typing", () => {
    const world = new World("ada");
    const sessions = [world.open("ada"), world.open("ada")] as const;
    world.say(sessions[0], { typing: true });
    world.takeNews();
    world.pass(2000);
    world.say(sessions[1], { typing: true });
    world.takeNews();
    world.pass(3000);
    expect(world.takeNews()).toBeNull();
    world.pass(2000);
    expect(world.takeNews()).toMatchObject({ updates: { ada: { typing: false } } });
  });

  test("[P3, P4] expires for held presence as well", () => {
    const world = new World("bot");
    world.hold("bot", { typing: true });
    world.takeNews();
    world.pass(typingTimeout);
    expect(world.changes).toBe(1);
    expect(world.takeNews()).toEqual({ type: "presence", updates: { bot: { typing: false } } });
    expect(world.isAwaitingLapse).toBe(false);
  });

  test("[P3] that was set to false needs no timer to end it again", () => {
    const world = new World("ada");
    const ada = world.open("ada");
    world.say(ada, { typing: true });
    world.takeNews();
    world.say(ada, { typing: false });
    expect(world.takeNews()).toMatchObject({ updates: { ada: { typing: false } } });
    world.pass(typingTimeout);
    expect([world.changes, world.takeNews()]).toEqual([0, null]);
    expect(world.isAwaitingLapse).toBe(false);
  });

  test("[P3] expires once, on time, without a check before", () => {
    const world = new World("ada", "bob");
    world.open("bob");
    const ada = world.open("ada");
    expect(world.isAwaitingLapse).toBe(false);
    world.say(ada, { typing: true });
    world.takeNews();
    expect(world.board.nextLapseAt).toBe(world.now + typingTimeout);
    world.pass(10 * typingTimeout);
    expect([world.lapses, world.changes]).toEqual([1, 1]);
    expect(world.saved).toHaveLength(1);
  });

  test("[P3] expires by itself in a real room", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const bob = await connect(room.id, { id: "bob" });
    const ada = await connect(room.id, { id: "ada" });
    await ada.show({ typing: true });
    await bob.until(({ presence }) => presence["ada"]?.typing === true);
    await bob.until(({ presence }) => presence["ada"]?.typing === false);
    expect(await room.getPresence()).toMatchObject({ ada: { typing: false, status: "online" } });
  });
});
