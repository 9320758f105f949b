// A room under test: the real room on in-memory storage, clients on virtual connections, and one clock that the test
// controls. This class is what a test uses; it puts the parts together and delegates to them.

import type { RoomBehaviour } from "../behaviours/behaviour.ts";
import { resolveBehaviours, type ResolvedBehaviour } from "../behaviours/resolve.ts";
import { connectRoom } from "../client/connect.ts";
import type { PageEvent } from "../client/environment.ts";
import type { ConnectOptions, Frozen, Room, StateFor } from "../client/types.ts";
import { waitingRooms } from "../cloudflare/hook-context.ts";
import { holdRoom, type RoomHandle } from "../cloudflare/room-handle.ts";
import { RoomStub } from "../cloudflare/room-stub.ts";
import { workerCaller } from "../protocol/caller.ts";
import type { StartOptions } from "../protocol/rooms.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { User, UserEntry } from "../protocol/users.ts";
import { createLog, logEvents, type LogEvent, type LogFields } from "../room/log.ts";
import { VirtualBrowser } from "./browser.ts";
import { VirtualClock } from "./clock.ts";
import { committedState, committedUsers, isRunning, type Committed } from "./committed.ts";
import { Door, serviceUrl } from "./door.ts";
import { Line, type Lag } from "./line.ts";
import type { JoinOptions, LogLine, TestRoomOptions } from "./options.ts";
import { Outside } from "./outside.ts";
import { Randomness } from "./randomness.ts";
import { Runner, settledOf } from "./runner.ts";
import { Seat } from "./seat.ts";
import { VirtualService } from "./service.ts";
import { VirtualObject } from "./virtual-object.ts";
import { watchHooks } from "./watch-hooks.ts";

const firstOf2026 = 1_767_225_600_000;

export class TestRoom<Behaviour extends RoomBehaviour = RoomBehaviour> {
  readonly id: string;
  readonly seed: number;
  /**
   * The room, as code in the Worker sees it: `updateState`, `act`, `join`, `info`, `stop` and so on. A call runs the
   * net until it is answered.
   */
  readonly room: RoomHandle<Behaviour>;
  /** The room's log. Lines with the level `error` also go to the console. */
  readonly log: readonly LogLine[];
  readonly #behaviours: ReadonlyMap<string, ResolvedBehaviour>;
  readonly #behaviour: string;
  readonly #clock: VirtualClock;
  readonly #runner: Runner;
  readonly #object: VirtualObject;
  readonly #service: VirtualService;
  readonly #stub: RoomStub;
  readonly #lines = new Map<string, Line>();
  readonly #browsers = new Map<string, VirtualBrowser>();
  readonly #seats: Seat[] = [];
  #lag: Lag = { ms: 0 };
  #isClosed = false;

  constructor(behaviour: Behaviour, options: TestRoomOptions = {}) {
    const { id = "test", seed = 1, startAt = firstOf2026, env = {} } = options;
    const { maxEvents = 100_000, patience = 1000, scopes = {}, identify = null } = options;
    this.id = id;
    this.seed = seed;
    this.#behaviour = options.behaviour ?? "default";
    const clock = new VirtualClock(startAt);
    this.#clock = clock;
    const outside = new Outside(clock);
    const resolved = resolveBehaviours({ [this.#behaviour]: behaviour });
    this.#behaviours = watchHooks(resolved, outside);
    const runner = new Runner({ clock, outside, seed, maxEvents, patience });
    this.#runner = runner;
    const lines: LogLine[] = [];
    this.log = lines;
    const log = (event: LogEvent, fields: LogFields = {}): void => {
      lines.push({ event, ...fields });
      if (logEvents[event] === "error") createLog({ room: id })(event, fields);
    };
    const door = new Door({ room: id, scopes, identify });
    const randomness = new Randomness(seed, "room");
    const object = new VirtualObject({
      id,
      env,
      behaviours: this.#behaviours,
      clock,
      outside,
      randomness,
      log,
      callTimeout: resolved.get(this.#behaviour)?.callTimeout ?? Infinity,
      identify: async (token) => door.identify(token),
    });
    this.#object = object;
    const service = new VirtualService({ clock, runner, outside, randomness, door, object, log });
    this.#service = service;
    this.#stub = new RoomStub(service.rooms, id, workerCaller);
    this.room = holdRoom(this.#stub);
  }

  /** Epoch ms. */
  get now(): number {
    return this.#clock.now();
  }

  /** The committed state; for a stopped room, the state it has kept. @throws Error if there is none */
  get state(): Frozen<StateFor<Behaviour>> {
    return this.#committed.state as Frozen<StateFor<Behaviour>>;
  }

  /** The version of `state`. @throws Error as `state` does */
  get version(): number {
    return this.#committed.version;
  }

  /** All users in the room, in the order in which they joined. */
  get users(): readonly UserEntry[] {
    return committedUsers(this.#object.storage);
  }

  get isRunning(): boolean {
    return isRunning(this.#object.storage);
  }

  /**
   * Join as a client. Returns the room as `connectRoom` does; it is connected after the next `settle`. With `persist`,
   * the clients of a user are tabs of one browser: what one has stored when it leaves is there for the next one.
   * @param user id of the user, or the user
   */
  join<P = unknown>(user: string | User, options: JoinOptions<P> = {}): Room<Behaviour, P> {
    return connectRoom<Behaviour, P>(this.optionsFor(user, options));
  }

  /**
   * The options for `connectRoom` to connect another client to this net: for code that connects by itself, such as a
   * component.
   * @param user id of the user, or the user
   */
  optionsFor<P = unknown>(user: string | User, options: JoinOptions<P> = {}): ConnectOptions<P> {
    this.#check("join");
    const { behaviour } = options;
    if (behaviour !== undefined && !this.#behaviours.has(behaviour))
      throw new Error(
        `There is no behaviour ${JSON.stringify(behaviour)}. This net has ${[...this.#behaviours.keys()].join(", ")}: name the one under test in the options of createTestRoom, or leave it out.`,
      );
    const who = typeof user === "string" ? { id: user } : user;
    const seat = this.#seat(who.id);
    return {
      behaviour: this.#behaviour,
      ...options,
      url: serviceUrl,
      room: this.id,
      user: who,
      environment: seat.environment,
    };
  }

  /** Start the room, as `joinOrCreateRoom` does. A client that joins also starts it. */
  async start(options: StartOptions = {}): Promise<void> {
    this.#check("start");
    await this.#stub.call("startRoom", { behaviour: this.#behaviour, ...options });
  }

  /**
   * Run until nothing is in flight: frames, replies, short waits. Virtual time advances only as far as that takes, not
   * to distant deadlines such as a grace period, a ping or the next save attempt.
   * @param work a promise whose result is returned: `await net.settle(ada.action("clear", {}))`
   * @throws Error (rejects) if the net does not settle, or if `work` is still pending then
   */
  async settle<T = void>(work?: T | PromiseLike<T>): Promise<T> {
    this.#check("settle");
    const outcome = Promise.resolve(work as T);
    const isThere = settledOf(outcome);
    await this.#runner.settle();
    if (!isThere())
      throw new Error(
        "settle: nothing is in flight, but the given promise is still pending. It waits for time to pass: call advance(ms).",
      );
    return outcome;
  }

  /** Let this many ms pass, and fire every timer and alarm that comes due. */
  async advance(ms: number): Promise<void> {
    this.#check("advance");
    if (!(ms >= 0)) throw new RangeError(`advance: ms must be a number from 0, got ${ms}.`);
    await this.#runner.advance(ms);
  }

  /** Set the delay of connections in ms, in each direction, from now on: for one user, or for everyone. */
  lag(lag: number | Lag, userId?: string): void {
    this.#check("lag");
    const next = typeof lag === "number" ? { ms: lag } : lag;
    if (userId !== undefined) this.#line("lag", userId).lag = next;
    else {
      this.#lag = next;
      for (const line of this.#lines.values()) line.lag = next;
    }
  }

  /**
   * Cut a user's connection: what is in flight is lost. Both ends see it close at once (1006); with `silent` neither
   * does, as when a network drops all packets.
   */
  drop(userId: string, options: { readonly silent?: boolean } = {}): void {
    this.#check("drop");
    this.#line("drop", userId).cut(options.silent ? "silent" : "cut");
  }

  /** Restore a user's connection. `settle` then waits until the client has tried to connect. */
  restore(userId: string): void {
    this.#check("restore");
    const line = this.#line("restore", userId);
    if (line.state === "up") return;
    line.restore();
    for (const seat of this.#seats) if (seat.line === line) seat.awaitReturn();
  }

  /** Simulate a browser event in the pages of a user. */
  page(userId: string, event: PageEvent): void {
    this.#check("page");
    for (const seat of this.#seatsOf("page", userId)) seat.page(event);
  }

  /** Whether a page of this user would ask before closing, because of unsaved edits. */
  warnsBeforeUnload(userId: string): boolean {
    return this.#seatsOf("warnsBeforeUnload", userId).some((seat) => seat.warnsBeforeUnload);
  }

  /** Set what a user may do, as an administrator does. */
  async setScopes(userId: string, scopes: readonly Scope[]): Promise<void> {
    this.#check("setScopes");
    await this.room.setScopes(userId, scopes);
  }

  /** Remove a user from the room, as an administrator does. */
  async kick(userId: string): Promise<void> {
    this.#check("kick");
    await this.room.leave(userId);
  }

  /** Evict the room's object from memory, as the platform does with an idle one: its sockets stay open. */
  evict(): void {
    this.#check("evict");
    this.#object.evict();
  }

  /** Kill the room's object, and close its sockets: as on a deployment, or when a machine fails. */
  crash(): void {
    this.#check("crash");
    this.#object.crash();
    for (const seat of this.#seats) seat.awaitReturn();
  }

  /** End the test: nothing happens in the net any more. */
  close(): void {
    this.#isClosed = true;
    this.#clock.stop();
  }

  get #committed(): Committed {
    const committed = committedState(this.#object.storage);
    if (committed === null)
      throw new Error(
        "The room has no state: it has not been started yet, or its state was deleted when it stopped. Await settle() after join(), or start().",
      );
    return committed;
  }

  #seat(userId: string): Seat {
    const clock = this.#clock;
    const place = this.#seats.length;
    const line =
      this.#lines.get(userId) ??
      new Line({
        name: userId,
        clock,
        randomness: new Randomness(this.seed, `line/${userId}`),
        lag: this.#lag,
      });
    this.#lines.set(userId, line);
    const browser = this.#browsers.get(userId) ?? new VirtualBrowser();
    this.#browsers.set(userId, browser);
    const seat = new Seat({
      line,
      clock,
      randomness: new Randomness(this.seed, `client/${place}`),
      browser,
      during: (work) => this.#runner.during(work),
      open: (url, protocols) => this.#service.open(line, { url, protocols }),
    });
    this.#seats.push(seat);
    return seat;
  }

  #line(method: string, userId: string): Line {
    const line = this.#lines.get(userId);
    if (line !== undefined) return line;
    const known = [...this.#lines.keys()].join(", ") || "nobody";
    throw new Error(
      `${method}: ${JSON.stringify(userId)} has not joined this net; it has ${known}. Join them first.`,
    );
  }

  #seatsOf(method: string, userId: string): readonly Seat[] {
    const line = this.#line(method, userId);
    return this.#seats.filter((seat) => seat.line === line);
  }

  /** @throws Error for a net that is closed, and for a hook of the room, which it would wait for */
  #check(method: string): void {
    if (this.#isClosed)
      throw new Error(`${method}: this net is closed. Create another one with createTestRoom().`);
    if (waitingRooms().includes(this.id))
      throw new Error(
        `${method}: a hook or an action of the room calls its own net, which waits for it. Call it from the test.`,
      );
  }
}
