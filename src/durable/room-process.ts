// One room id as a process: every operation is one turn of its mailbox (rule R1). This is the
// counterpart of a GenServer; it knows no platform but the ports it is given.

import { CollabError } from "../protocol/errors.ts";
import { isObject, parseJson, type JsonValue } from "../protocol/json.ts";
import type { ClientMessage } from "../protocol/messages.ts";
import type { PresenceMap } from "../protocol/presence.ts";
import type { RoomInfo, StartOptions } from "../protocol/rooms.ts";
import { allows, type Scope } from "../protocol/scopes.ts";
import { decodeChange, type ChangeInput } from "../room/change.ts";
import { checkDuration } from "../room/duration.ts";
import { decodePayload } from "../room/payload.ts";
import { readKept, type Resume } from "../room/session.ts";
import type { StopRequest } from "../room/record.ts";
import type { UserEntry } from "../protocol/users.ts";
import { checkUser } from "../room/user.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { describe } from "./log.ts";
import type { RoomPorts, SocketPort } from "./ports.ts";
import type { RunningRoom } from "./running-room.ts";
import { refuse } from "./sockets/audience.ts";
import { failure } from "./sockets/conversation.ts";
import { carryOut } from "./sockets/requests.ts";
import type { Session } from "./sockets/session.ts";
import type { TimerName } from "./timers.ts";
import { Turns } from "./turns.ts";

export type Started = {
  /** Whether this call started the room. */
  readonly created: boolean;
  readonly info: RoomInfo;
};

/** Who wants a socket, and what for. */
export type ConnectRequest = {
  readonly user: JsonValue;
  readonly scopes: readonly Scope[];
  /** What a returning client has. */
  readonly resume?: Resume | undefined;
  /** For a room that this starts. */
  readonly behaviour?: string | undefined;
};

export class RoomProcess {
  readonly #ports: RoomPorts;
  readonly #turns: Turns;

  constructor(ports: RoomPorts) {
    this.#ports = ports;
    this.#turns = new Turns(ports);
  }

  get #life(): Lifecycle {
    return this.#turns.life;
  }

  /** Start the room if it is absent (rule R2). */
  start(options: StartOptions): Promise<Started> {
    return this.#turns.run(async () => {
      if (this.#life.room) {
        const running = this.#turns.running();
        // The instance that started it may have died before it was listed.
        if (!running.record.listed && !this.#life.listing.isRetrying)
          await this.#life.list(running);
        return { created: false, info: running.info() };
      }
      const room = await this.#life.prepare(options);
      this.#ports.storage.atomically(() => this.#life.begin(room));
      await this.#life.begun(room);
      return { created: true, info: room.info() };
    });
  }

  /**
   * Let a user in, starting an absent room (rule R3). A room that would start only for a user who is
   * then refused does not start.
   * @param userText JSON text
   */
  join(userText: string, ttl?: number): Promise<UserEntry> {
    return this.#turns.run(async () => {
      const user = checkUser(parseJson(userText));
      if (ttl !== undefined) checkDuration("ttl", ttl);
      return this.#enter({}, (room, begin) => room.membership.join(user, { ttl, begin }));
    }, userText.length);
  }

  /**
   * Open a session for a user: they join, unless they are in the room already (rule U3).
   * @param accept accepts the socket; called once nothing can refuse it any more
   */
  connect(request: ConnectRequest, accept: () => SocketPort): Promise<void> {
    return this.#turns.run(async () => {
      const { scopes, resume, behaviour } = request;
      if (!allows(scopes, "room:read")) throw new CollabError("forbidden");
      const user = checkUser(request.user);
      const { id: userId } = user;
      await this.#enter({ behaviour }, async (room, begin) => {
        if (room.isMember(userId)) room.membership.attach(userId);
        else await room.membership.join(user, { bySocket: true, begin });
        room.open(accept, { userId, scopes, resume });
      });
    });
  }

  /** Enter the room, starting an absent one (rule R3). */
  async #enter<T>(
    options: StartOptions,
    enter: (room: RunningRoom, begin?: () => void) => Promise<T>,
  ): Promise<T> {
    if (this.#life.room) return enter(this.#turns.running());
    const room = await this.#life.prepare(options);
    const entered = await enter(room, () => this.#life.begin(room));
    await this.#life.begun(room);
    return entered;
  }

  /** A frame has come in on a socket. */
  async receive(socket: SocketPort, frame: string | ArrayBuffer): Promise<void> {
    const session = this.#sessionOf(socket);
    if (session === undefined)
      return refuse(socket, this.#life.room ? "session_lost" : "room_stopped");
    const messages = this.#life.room?.conversation.takeIn(session, frame) ?? [];
    const characters = typeof frame === "string" ? frame.length / messages.length : 0;
    const [only] = messages;
    if (only !== undefined && messages.length === 1)
      return this.#carryOut(socket, only, characters);
    await Promise.all(messages.map((message) => this.#carryOut(socket, message, characters)));
  }

  /** Carry out a message in a turn; what is wrong with it is told to its session. */
  async #carryOut(socket: SocketPort, message: ClientMessage, characters: number): Promise<void> {
    try {
      await this.#turns.run(() => {
        // Another object may stand for the session since, or none.
        const session = this.#sessionOf(socket);
        if (session === undefined) return;
        return carryOut(this.#turns.running(), session, message, this.#ports.now());
      }, characters);
    } catch (error) {
      if (!(error instanceof CollabError)) throw error;
      const session = this.#sessionOf(socket);
      const { room } = this.#life;
      if (session === undefined || room === null) return;
      const ref = "ref" in message ? message.ref : undefined;
      // It may tell of what is staged: then it waits for the commit, as a reply does.
      room.audience.tell(session, failure(ref, error), room.changes.areStaged ? ref : undefined);
    }
  }

  /** A socket has closed, or broken. */
  async lost(socket: SocketPort): Promise<void> {
    const kept = readKept(socket.kept);
    if (kept === null) return; // the room has ended that session itself
    this.#life.room?.audience.lose(socket);
    await this.#turns.beside(() => {
      const { room } = this.#life;
      room?.audience.lose(socket); // if the room was only just starting
      return room?.membership.detach(kept.userId);
    });
  }

  #sessionOf(socket: SocketPort): Session | undefined {
    return this.#life.room?.audience.sessions.get(socket);
  }

  leave(userId: string): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#life.room) await this.#turns.running().membership.leave(userId);
    });
  }

  alive(): Promise<boolean> {
    return this.#turns.run(() => this.#life.room !== null);
  }

  info(): Promise<RoomInfo> {
    return this.#turns.run(() => this.#turns.running().info());
  }

  users(): Promise<UserEntry[]> {
    return this.#turns.run(() => this.#turns.running().users);
  }

  /** The state and its version; without its text when the caller knows the version, `"any"` at that. */
  state(known: readonly number[] | "any" = []): Promise<{ version: number; text: string | null }> {
    return this.#turns.run(() => {
      const room = this.#turns.running();
      if (known === "any" || known.includes(room.version))
        return { version: room.version, text: null };
      room.changes.settle();
      return { version: room.version, text: room.stateText };
    });
  }

  /** @returns the version after the change */
  change(input: ChangeInput, ifVersion?: readonly number[]): Promise<number> {
    return this.#turns.commit((room) => {
      const request = decodeChange(input, room.behaviour.limits);
      return room.changes.request(request, ifVersion);
    }, input.text.length);
  }

  /** @returns the version after the update */
  update(next: (stateText: string) => Promise<string | null>): Promise<number> {
    return this.#turns.commit((room) => room.changes.update(next));
  }

  /** @param payload JSON text */
  act(name: string, payload: string): Promise<{ result: JsonValue; version: number }> {
    return this.#turns.commit(
      (room) => room.changes.act(name, decodePayload(payload, room.behaviour.limits)),
      payload.length,
    );
  }

  /** Note a sign of life: of the room, and of a user if one is named. */
  touch(userId?: string): Promise<void> {
    return this.#turns.run(() => this.#turns.running().touch(userId));
  }

  /**
   * Send an event to every session; it is not stored.
   * @param payload JSON text
   */
  broadcast(event: string, payload: string): Promise<void> {
    return this.#turns.run(
      () => this.#turns.running().broadcast(event, parseJson(payload)),
      payload.length,
    );
  }

  /** Everybody who is seen in the room. */
  presence(): Promise<PresenceMap> {
    return this.#turns.run(() => this.#turns.running().audience.presence.all());
  }

  /**
   * Hold presence for a user, for a time (rule P4).
   * @param data JSON text of an object
   */
  holdPresence(userId: string, data: string, ttl: number): Promise<void> {
    return this.#turns.run(() => {
      const room = this.#turns.running();
      checkDuration("ttl", ttl);
      const json = parseJson(data);
      if (!isObject(json)) throw new CollabError("invalid_presence");
      room.membership.holdPresence(userId, { data: json, ttl });
      room.note();
    }, data.length);
  }

  /** Say what a user's sessions may do. */
  setScopes(userId: string, scopes: readonly Scope[]): Promise<UserEntry> {
    return this.#turns.run(() => this.#turns.running().setScopes(userId, scopes));
  }

  /**
   * Stop the room (rule R7).
   * @param purge also drop the state, of a room that has stopped already too
   * @throws CollabError `save_failed`: the room runs on and stops when its state is saved
   */
  stop({ purge }: StopRequest): Promise<void> {
    return this.#turns.run(async () => {
      const { room } = this.#life;
      if (room === null) {
        if (purge) return this.#life.purge();
        throw new CollabError("room_not_running");
      }
      room.requestStop({ purge });
      if (!(await this.#life.stop(room, purge))) throw new CollabError("save_failed");
    });
  }

  /** The alarm has rung. Never throws; doing it twice does no harm. */
  async ring(again = true): Promise<void> {
    const { now, log } = this.#ports;
    const { timers: rung } = this.#life;
    await rung.ring(now(), async (name) => {
      try {
        await this.#turns.run(() => this.#fire(name));
      } catch (error) {
        log("error", "timer_failed", { timer: name, error: describe(error) });
        this.#life.timers.tryLater(name, now());
      }
    });
    if (this.#life.timers === rung) return;
    // The room has woken anew in between: its new timers ring too, but not without end.
    if (again) await this.ring(false);
    else this.#life.timers.ensureAlarm();
  }

  async #fire(name: TimerName): Promise<void> {
    const { room, timers } = this.#life;
    if (!timers.isDue(name, this.#ports.now())) return; // a turn before this one has seen to it
    if (name === "directory") return this.#life.settleListing();
    if (room === null) return timers.clear(name);
    switch (name) {
      case "idle":
        return this.#life.stopIfDue();
      case "lease":
      case "grace":
      case "presence":
        return room.membership.ring(name);
      case "liveness":
        return room.checkLiveness();
      case "save":
        return room.saver.ring(this.#ports.now());
      default:
        name satisfies never;
    }
  }
}
