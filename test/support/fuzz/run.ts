// One run of the fuzz: five clients and two writers do at random whatever they can to one room, which is
// evicted and dies in between; then everybody comes back, and all must have the same. What happens when is
// up to the seed, how things under way meet each other is up to the machine.

import { evictDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import type { Presence } from "../../../src/protocol/presence.ts";
import type { UserEntry } from "../../../src/protocol/users.ts";
import { canonical } from "../canonical-json.ts";
import { at, send } from "../http.ts";
import { sql, stubOf } from "../rooms.ts";
import { expectOk, type TestSession } from "../session.ts";
import { FuzzClient } from "./client.ts";
import { firstState, type FuzzState } from "./edits.ts";
import { arm, die, disarm, faults } from "./faults.ts";
import { Random } from "./random.ts";
import { FuzzRoom, type Tally } from "./room.ts";
import { FuzzWriter } from "./writer.ts";

const weights = {
  burst: 24,
  write: 14,
  move: 7,
  announce: 5,
  bustle: 6,
  look: 4,
  drop: 6,
  connect: 14,
  visit: 2,
  leave: 1.5,
  kick: 1.5,
  hibernate: 2.5,
  close: 1.5,
  crash: 1.5,
  strike: 4,
  settle: 4,
  moment: 12,
  while: 1,
};

export class Run {
  readonly #random: Random;
  readonly #room: FuzzRoom;
  readonly #clients: readonly FuzzClient[];
  readonly #writers: readonly FuzzWriter[];
  /** Users who come once, and never again. */
  readonly #visitors: FuzzClient[] = [];
  /** What was done, for the text of a failure. */
  readonly #trace: string[] = [];

  constructor(seed: number, behaviour: string, tally: Tally) {
    this.#random = new Random(seed);
    this.#room = new FuzzRoom(behaviour, this.#random.chance(0.1), tally);
    // Four users: at least one of them has two tabs.
    this.#clients = Array.from(
      { length: 5 },
      (_, tab) => new FuzzClient(this.#room, this.#random.pick(["ada", "bob", "cyd", "dan"]), tab),
    );
    this.#writers = ["web", "lib"].map((name) => new FuzzWriter(this.#room, name, firstState));
  }

  /** Do it all. @returns what went wrong */
  async play(): Promise<string[]> {
    const { problems, tally } = this.#room;
    tally.set("runs", (tally.get("runs") ?? 0) + 1);
    try {
      await this.#start();
      const steps = 25 + this.#random.below(30);
      for (let step = 0; step < steps && problems.length === 0; step++)
        await this.#step(this.#random.fork());
      await this.#calm();
      await this.#end();
    } catch (error) {
      problems.push(String(error instanceof Error ? (error.stack ?? error) : error));
    }
    return problems.length === 0 ? [] : [...problems, `after: ${this.#trace.join(", ")}`];
  }

  async #start(): Promise<void> {
    const { id, behaviour, isBulky } = this.#room;
    await send("PUT", at(id), { json: { behaviour } });
    // All but enough for a snapshot.
    const bulk = { fill: "x".repeat(262_000) };
    if (isBulky) await send("PUT", at(id, "/state"), { json: bulk });
    await send("PUT", at(id, "/state"), { json: firstState });
    await Promise.all(this.#clients.map((client) => client.connect("fresh")));
  }

  get #open(): TestSession[] {
    return this.#clients.flatMap(({ session }) => (session ? [session] : []));
  }

  async #step(random: Random): Promise<void> {
    const kind = random.weighted(weights);
    const client = random.pick(this.#clients);
    const writer = random.pick(this.#writers);
    const room = this.#room;
    this.#trace.push(`${kind} ${client.name}`);
    switch (kind) {
      case "burst":
        return client.burst(random);
      case "write":
        return writer.write(random);
      case "move":
        return client.move(random);
      case "announce":
        return random.chance(0.7)
          ? client.announce(random, this.#open)
          : writer.announce(this.#open);
      case "bustle":
        return writer.bustle(random);
      case "look":
        return writer.look();
      case "drop":
        return client.drop(random);
      case "leave":
        return client.leave();
      case "connect": {
        const gone = this.#clients.find(({ isGone }) => isGone);
        const how = random.weighted({ resume: 7, fresh: 2, lost: 1 });
        if (gone) room.begin(`connect ${gone.name}`, gone.connect(how));
        return undefined;
      }
      case "visit":
        return this.#visit(random);
      case "kick":
        return writer.kick(client.userId);
      case "hibernate":
        return this.#evict("hibernate");
      case "close":
        return this.#evict("close");
      case "crash":
        room.count("crash");
        await die(room.id, { onDeath: () => room.disturb() });
        return undefined;
      case "strike":
        return this.#strike(random);
      case "settle":
        return room.settle();
      case "moment":
        return scheduler.wait(random.below(4));
      case "while": // long enough for a short grace to pass
        return scheduler.wait(60);
    }
  }

  #visit(random: Random): void {
    const visitor = new FuzzClient(this.#room, `visitor-${this.#visitors.length}`, 0);
    this.#visitors.push(visitor);
    this.#room.begin(`connect ${visitor.name}`, visitor.connect("fresh"));
    random.pick(this.#visitors).drop(random);
  }

  async #evict(webSockets: "hibernate" | "close"): Promise<void> {
    const room = this.#room;
    room.count(`evict ${webSockets}`);
    // The platform waits half a minute for an object to go that dies meanwhile.
    await disarm(room.id).catch(() => {});
    // What is not running, for it has just died, cannot be evicted.
    const evicted = evictDurableObject(stubOf(room.id), { webSockets }).catch(() => {});
    if (webSockets === "close") room.disturb(evicted);
    await evicted;
  }

  /** Have the next commit go wrong, and make sure that there is one. */
  async #strike(random: Random): Promise<void> {
    const room = this.#room;
    const fault = random.pick(faults);
    this.#trace.push(fault);
    const arming = arm(room.id, fault, {
      onStrike() {
        room.count(fault);
        room.disturb();
        if (fault === "write fails") room.writesFailed = true;
        if (fault === "before commit") room.memberships.deaths++;
      },
      onDeath: () => room.disturb(),
    });
    await arming.catch(() => {}); // it has died meanwhile
    for (const client of this.#clients) if (random.chance(0.6)) client.burst(random);
    if (random.chance(0.5)) random.pick(this.#writers).write(random);
  }

  /** No more faults; everybody is back, and nothing is under way. */
  async #calm(): Promise<void> {
    const room = this.#room;
    await room.settle();
    await disarm(room.id).catch(() => disarm(room.id));
    for (const visitor of this.#visitors) visitor.drop(this.#random);
    await room.settle();
    for (const guest of [0, 1, 2]) await send("DELETE", at(room.id, `/users/guest-${guest}`));
    for (const client of this.#clients) {
      // It may not have heard yet that its session is over.
      const isBack = await client.session?.fence().then(
        () => true,
        () => false,
      );
      if (!isBack) await client.connect(this.#random.chance(0.8) ? "resume" : "fresh");
    }
    await room.settle();
    await this.#ghosts("visitor-");
  }

  async #end(): Promise<void> {
    const eve = new FuzzClient(this.#room, "eve", 0); // a fresh client
    await eve.connect("fresh");
    const clients = [...this.#clients, eve];
    await this.#compare(clients, "in the end");
    await this.#evict("hibernate");
    await this.#compare(clients, "after one more eviction");
    for (const session of this.#open) this.#room.look(session, true);
    for (const client of clients)
      if (this.#random.chance(0.5)) client.leave();
      else client.drop(this.#random);
    await this.#room.settle();
    await this.#ghosts();
    for (const problem of this.#room.memberships.problems(await this.#users()))
      this.#room.problem(problem);
    const snapshots = await sql(this.#room.id, "SELECT DISTINCT version FROM snapshots");
    if (snapshots.length > 0) this.#room.count("snapshot");
  }

  /** Everybody has the same, and it is what was asked for. */
  async #compare(clients: readonly FuzzClient[], when: string): Promise<void> {
    const room = this.#room;
    const sessions = clients.flatMap(({ session }) => (session ? [session] : []));
    if (sessions.length < clients.length) room.problem(`${when} somebody is missing`);
    for (const session of sessions) expectOk(await session.show({ typing: false, when }));
    for (const session of sessions) await session.fence();
    const [writer] = this.#writers;
    const { version, state } = (await writer?.read()) ?? { version: 0, state: firstState };
    const users = await this.#users();
    const response = await send("GET", at(room.id, "/presence"));
    const { presence } = await response.json<{ presence: Record<string, Presence> }>();
    const expected = { version, state, users, presence };
    for (const session of sessions) {
      const { version: itsVersion, state: itsState, users: itsUsers, presence: its } = session;
      const actual = { version: itsVersion, state: itsState, users: itsUsers, presence: its };
      for (const key of ["version", "state", "users", "presence"] as const)
        if (canonical(actual[key]) !== canonical(expected[key]))
          room.problem(
            `${when} ${session.name} has ${key}\n  ${canonical(actual[key])}, not\n  ${canonical(expected[key])}`,
          );
    }
    // Where there is much time to come back, visitors may still be away.
    const here = users.filter(({ id }) => presence[id]?.status !== "away");
    const expectedIds = [...new Set(clients.map(({ userId }) => userId))].toSorted();
    if (canonical(here.map(({ id }) => id).toSorted()) !== canonical(expectedIds))
      room.problem(`${when} there are ${canonical(users)}, not ${expectedIds.join()}`);
    room.history.check(version, state as FuzzState);
    for (const problem of room.memberships.problems(users)) room.problem(problem);
  }

  async #users(): Promise<UserEntry[]> {
    const response = await send("GET", at(this.#room.id, "/users"));
    const { users } = await response.json<{ users: UserEntry[] }>();
    this.#room.memberships.saw(users);
    return users;
  }

  /** Whoever has dropped leaves when their grace has passed: wait for that where it is short. */
  async #ghosts(whoseId = ""): Promise<void> {
    if (this.#room.behaviour !== "fleeting") return;
    await vi.waitFor(
      async () => {
        const ghosts = (await this.#users()).filter(({ id }) => id.startsWith(whoseId));
        if (ghosts.length > 0) throw new Error(`ghosts: ${canonical(ghosts)}`);
      },
      { timeout: 10_000, interval: 20 },
    );
  }
}
