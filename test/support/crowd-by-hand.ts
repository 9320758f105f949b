// A room of many people in plain memory: each client keeps what it knows as a client does (`Replica`), and is held
// to what the room really has. For tests of who is told of whom (rule N1).

import { expect } from "vitest";
import type { Member } from "../../src/model/members.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { workerCaller } from "../../src/protocol/caller.ts";
import type { ClientMessage, RoomMessage } from "../../src/protocol/messages.ts";
import type { PeopleCounts } from "../../src/protocol/people.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import type { UserEntry } from "../../src/protocol/users.ts";
import { getPresence } from "../../src/room/operations/get-presence.ts";
import { joinRoom } from "../../src/room/operations/join-room.ts";
import { leaveRoom } from "../../src/room/operations/leave-room.ts";
import { listUsers } from "../../src/room/operations/list-users.ts";
import { MemoryRoomStorage } from "../../src/storage/memory.ts";
import { Replica, type RoomMessageOf } from "./replica.ts";
import { RoomByHand, settle, type SocketByHand } from "./room-by-hand.ts";
import { roomMessage } from "./wire.ts";

/** A client that has joined. */
export class CrowdClient extends Replica {
  readonly userId: string;
  readonly socket: SocketByHand;
  /** Every message that came, until `forget`. */
  readonly messages: RoomMessage[] = [];
  /** The users that it watches, as far as that was answered. */
  watched: readonly string[] = [];
  readonly #pending = new Map<number, readonly string[]>();
  #read = 0;
  #nextRef = 1;
  readonly #room: () => RoomByHand;

  constructor(userId: string, socket: SocketByHand, room: () => RoomByHand) {
    super();
    this.userId = userId;
    this.socket = socket;
    this.#room = room;
  }

  /** Take in what has come. */
  read(): this {
    const frames = this.socket.frames.slice(this.#read);
    this.#read = this.socket.frames.length;
    for (const message of frames.flatMap((frame) => [JSON.parse(frame) as RoomMessage].flat())) {
      roomMessage.parse(message);
      this.take(message);
      this.messages.push(message);
      if (message.type !== "reply") continue;
      this.watched = (message.ok && this.#pending.get(Number(message.ref))) || this.watched;
    }
    return this;
  }

  /** What has come of one type since `forget`. */
  of<Type extends RoomMessage["type"]>(type: Type): RoomMessageOf<Type>[] {
    this.read();
    return this.messages.filter((each): each is RoomMessageOf<Type> => each.type === type);
  }

  /** Take in what has come, and think no more of it. @returns bytes of it */
  forget(): number {
    this.read();
    const bytes = this.socket.frames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0);
    this.socket.frames.length = 0;
    this.#read = 0;
    this.messages.length = 0;
    return bytes;
  }

  async send(...messages: readonly object[]): Promise<void> {
    void this.#room().room.receive(
      this.socket,
      JSON.stringify(messages.length === 1 ? messages[0] : messages),
    );
    await settle();
  }

  async watch(...users: readonly string[]): Promise<void> {
    const ref = this.#nextRef++;
    this.#pending.set(ref, users);
    await this.send({ type: "watch", users, ref } satisfies ClientMessage);
  }

  async show(data: object): Promise<void> {
    await this.send({ type: "presence", data });
  }
}

/** Storage of which one write can be made to fail, once. */
class FailingStorage extends MemoryRoomStorage<RoomRecord, Member> {
  fails: "writeMember" | "appendChange" | null = null;

  override writeMember(member: Member): void {
    this.#failIf("writeMember");
    super.writeMember(member);
  }

  override appendChange(
    change: Parameters<MemoryRoomStorage<RoomRecord, Member>["appendChange"]>[0],
  ) {
    this.#failIf("appendChange");
    super.appendChange(change);
  }

  #failIf(write: FailingStorage["fails"]): void {
    if (this.fails !== write) return;
    this.fails = null;
    throw new Error("the disk is full");
  }
}

type CrowdOptions = { readonly presenceLimit?: number; readonly reconnectGrace?: number };

export class Crowd {
  hand: RoomByHand;
  readonly storage = new FailingStorage();
  readonly clients: CrowdClient[] = [];
  readonly #behaviour: CrowdOptions;

  constructor(behaviour: CrowdOptions = {}) {
    this.#behaviour = behaviour;
    this.hand = new RoomByHand({ storage: this.storage, behaviour });
  }

  async connect(userId: string): Promise<CrowdClient> {
    const socket = await this.#outcome(this.hand.connect(userId));
    const client = new CrowdClient(userId, socket, () => this.hand);
    this.clients.push(client);
    return client;
  }

  /** Let users come by socket, one after another, and all be told. */
  async gather(count: number, prefix = "user-"): Promise<CrowdClient[]> {
    const clients: CrowdClient[] = [];
    for (let n = 0; n < count; n++) clients.push(await this.connect(`${prefix}${n}`));
    await this.calm();
    return clients;
  }

  /** Let users come without sockets. */
  async admit(count: number, prefix = "guest-"): Promise<void> {
    for (let n = 0; n < count; n++) await this.join({ id: `${prefix}${n}` });
  }

  join(user: object): Promise<unknown> {
    return this.#outcome(this.hand.call(joinRoom, { user: { text: JSON.stringify(user) } }));
  }

  leave(userId: string): Promise<unknown> {
    return this.#outcome(this.hand.call(leaveRoom, { userId }));
  }

  /** Let time pass until something has ended: it may wait for a flush. */
  async #outcome<T>(work: Promise<T>): Promise<T> {
    const seen = { isOver: false };
    const end = (): void => void (seen.isOver = true);
    void work.then(end, end);
    await settle();
    while (!seen.isOver) await this.hand.pass(1);
    return work;
  }

  /** A client is gone: its socket closes, and the room is told of that. */
  async drop(client: CrowdClient): Promise<void> {
    this.clients.splice(this.clients.indexOf(client), 1);
    this.hand.sockets.splice(this.hand.sockets.indexOf(client.socket), 1);
    await this.#outcome(this.hand.room.socketClosed(client.socket));
  }

  /** Whoever was closed by the room is no client any more. */
  sweep(): void {
    for (const client of this.clients.filter(({ socket }) => socket.closed !== null)) {
      this.clients.splice(this.clients.indexOf(client), 1);
      this.hand.sockets.splice(this.hand.sockets.indexOf(client.socket), 1);
    }
  }

  /** Let all be told that is to be told, and typing lapse. */
  async calm(): Promise<void> {
    await this.hand.pass(8000);
    for (const client of this.clients) client.read();
  }

  /** The room sleeps, and wakes with the next event. */
  async hibernate(): Promise<void> {
    await this.hand.pass(6000);
    expect(await this.hand.isAwake()).toBe(false);
    const { now, sockets } = this.hand;
    const options = { storage: this.storage, behaviour: this.#behaviour, sockets, now };
    this.hand = new RoomByHand(options);
  }

  /** The object dies, and its sockets with it. */
  async crash(): Promise<void> {
    this.clients.length = 0;
    const { now } = this.hand;
    this.hand = new RoomByHand({ storage: this.storage, behaviour: this.#behaviour, now });
    await settle();
  }

  async users(): Promise<UserEntry[]> {
    const all: UserEntry[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.hand.call(listUsers, { limit: 1000, cursor });
      all.push(...(JSON.parse(page.users) as UserEntry[]));
      ({ cursor } = page);
    } while (cursor !== undefined);
    return all;
  }

  async presence(): Promise<Record<string, Presence>> {
    const text = await this.hand.call(getPresence, undefined);
    return JSON.parse(text) as Record<string, Presence>;
  }

  /** How many people there are, counted one by one. */
  async counts(): Promise<PeopleCounts> {
    const shown = Object.values(await this.presence());
    const having = (status: string): number =>
      shown.filter((each) => each.status === status).length;
    return {
      users: (await this.users()).length,
      online: having("online"),
      idle: having("idle"),
      away: having("away"),
      typing: shown.filter(({ typing }) => typing).length,
    };
  }

  /** Hold every client to what the room has: to all of it, or to what it follows. Best when all is calm. */
  async check(): Promise<void> {
    const [users, presence, counts] = [
      await this.users(),
      await this.presence(),
      await this.counts(),
    ];
    const isSampled = this.clients.map((client) => client.read().counts !== null);
    expect(new Set(isSampled).size).toBeLessThanOrEqual(1);
    for (const client of this.clients) {
      if (client.counts === null) {
        expect(client.users).toEqual(users);
        expect(client.presence).toEqual(presence);
        continue;
      }
      const follows = (id: string): boolean => id === client.userId || client.watched.includes(id);
      expect(client.users).toEqual(users.filter(({ id }) => follows(id)));
      const followed = Object.entries(presence).filter(([id]) => follows(id));
      expect(client.presence).toEqual(Object.fromEntries(followed));
      expect(client.counts).toEqual(counts);
      for (const [id, person] of Object.entries(client.sample)) {
        expect(person.user).toEqual(users.find((user) => user.id === id));
        expect(person.presence).toEqual(presence[id]);
      }
    }
  }
}

/** Scopes of whoever may do everything. */
export const { scopes: allOfThem } = workerCaller;
