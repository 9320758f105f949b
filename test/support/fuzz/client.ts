// A client under fuzz: it comes and goes, and asks for things without waiting for the answers, which it gets on
// a later session if need be (requests.ts). What its sessions are told is kept by a strict replica (test/support/replica.ts), and seen by the history.

import type { JsonObject } from "../../../src/protocol/json.ts";
import { mergedByOracle } from "../merge-patch.ts";
import { plainPatched } from "../plain-patch.ts";
import { Replica, type Known } from "../replica.ts";
import type { Reply, TestSession } from "../session.ts";
import { connect } from "../socket-client.ts";
import { randomMerge, randomOperations, randomTaggedEdit, type FuzzState } from "./edits.ts";
import type { Random } from "./random.ts";
import { Requests, type Asked, type Numbered } from "./requests.ts";
import { played, type FuzzRoom, type Play } from "./room.ts";

export class FuzzClient {
  readonly room: FuzzRoom;
  readonly userId: string;
  readonly name: string;
  session: TestSession | undefined;
  /** What it has from its last session. */
  known: Known | undefined;
  readonly #requests: Requests;
  #busy = false;

  /** @param tab tells the clients of one user apart */
  constructor(room: FuzzRoom, userId: string, tab: number) {
    this.room = room;
    this.userId = userId;
    this.name = `${userId}${tab}`;
    this.#requests = new Requests(room);
  }

  /** Whether it has no session, and is not about to get one. */
  get isGone(): boolean {
    return this.session === undefined && !this.#busy;
  }

  /** Come into the room. @param how `lost` for a client that remembers another life of the room */
  async connect(how: "fresh" | "resume" | "lost"): Promise<void> {
    this.#busy = true;
    try {
      await this.#connect(how);
    } finally {
      this.#busy = false;
    }
  }

  async #connect(how: "fresh" | "resume" | "lost"): Promise<void> {
    const { room, userId, name } = this;
    const { history } = room;
    const floor = history.floor;
    const { wasDisturbed } = room.watch();
    const resume =
      how === "fresh" || this.known === undefined
        ? undefined
        : { ...this.known, ...(how === "lost" && { epoch: crypto.randomUUID() }) };
    const session = await connect(
      room.id,
      { id: userId, name: userId.toUpperCase() },
      { query: { client: name }, ...(resume && { resume }) },
    );
    const { resumed, epoch, version } = session.welcome;
    room.noteEpoch(epoch);
    if (version < floor) room.problem(`${name} is welcomed at ${version} after ${floor}`);
    const mustResume = how === "resume" && resume !== undefined;
    if (resumed) room.count("resumed");
    else if (mustResume && !room.writesFailed && !room.isBulky)
      room.problem(`${name} could not resume from ${resume?.version}`);
    this.session = session;
    void session.closed.then(({ code }) => {
      if (this.session === session && !wasDisturbed())
        room.problem(`${name} was closed with ${code}, and nothing had happened`);
      this.#ended(session, resume);
    });
    const again = this.#requests.afterWelcome(session);
    if (again.length > 0) room.count("sent again");
    this.#ask(session, again);
  }

  /** Whether a session has ended: then nobody answers any more. */
  #isOver(session: TestSession): boolean {
    return this.session !== session;
  }

  #ended(session: TestSession, resume: Known | undefined): void {
    const { epoch, version, state } = session;
    this.known = { epoch, version, state };
    if (this.session === session) this.session = undefined;
    this.#review(session, resume);
    this.room.look(session, false);
  }

  /** Go through all a session was told once more: each state on the way is a state that was seen. */
  #review(session: TestSession, resume: Known | undefined): void {
    const { history, memberships } = this.room;
    const replica = new Replica();
    try {
      for (const message of session.messages) {
        replica.take(message, resume);
        const { type } = message;
        if (type === "welcome" || type === "change")
          history.saw(replica.version, replica.state, `a client ${this.name}`);
        if (type === "change" && message.to > message.from + 1) this.room.count("shared window");
        if (type === "welcome" || type === "users") memberships.saw(replica.users);
      }
    } catch {
      // The session has it among its problems.
    }
  }

  /** Say goodbye, or nothing. */
  drop(random: Random): void {
    const { session } = this;
    this.session = undefined;
    const end = random.pick<[number?, string?]>([[], [1000], [1000, "bye"], [3001], [4999]]);
    if (session) this.room.begin("close", session.close(...end));
  }

  leave(): void {
    const { session } = this;
    this.session = undefined;
    if (session) this.room.begin("leave", session.leave());
  }

  /** Ask for changes, each in a frame of its own or all in one. */
  burst(random: Random): void {
    const { session } = this;
    if (!session) return;
    const most = this.room.isBulky ? 2 : 8;
    const messages = Array.from({ length: 1 + random.below(most) }, () =>
      this.#requests.add(this.#change(session, random)),
    );
    this.#ask(session, messages, random.chance(0.5) && !this.room.isBulky);
  }

  #ask(session: TestSession, messages: readonly Numbered[], isOneFrame = false): void {
    for (const message of messages)
      this.#requests.expectAnswer(session, message, () => this.#isOver(session));
    this.#speak(() => {
      if (isOneFrame) session.send(...messages);
      else for (const message of messages) session.send(message);
    });
  }

  #change(session: TestSession, random: Random): Asked {
    const { room } = this;
    const state = session.state as FuzzState;
    const ref = room.nextToken(this.name);
    const kept = { [ref]: true };
    // Never more certain than what it has by now: others may be faster.
    const ifVersion = random.chance(0.15) ? session.version : undefined;
    const more = ifVersion === undefined ? {} : { ifVersion };
    const mayFail = ifVersion === undefined ? [] : (["version_conflict"] as const);
    switch (random.weighted({ patch: 5, tagged: 5, merge: 4, play: 3, refused: 0.5 })) {
      case "tagged": {
        const { patch, hasBase, apply } = randomTaggedEdit(random, state, ref);
        const write = room.history.begin(ref, {
          apply: (before) => ({
            ...before,
            tags: apply(before.tags),
            kept: { ...before.kept, [ref]: true },
          }),
          mayFail: room.isBulky ? ["base_too_old"] : [],
        });
        const whole = [...patch, { op: "add", path: `/kept/${ref}`, value: true } as const];
        const base = hasBase ? { base: session.version } : {};
        return { write, message: { type: "update", ref, patch: whole, ...base } };
      }
      case "patch": {
        const patch = [
          ...randomOperations(random, state, room.isBulky),
          { op: "add", path: `/kept/${ref}`, value: true } as const,
        ];
        const write = room.history.begin(ref, {
          apply: (before) => plainPatched(before, patch) as FuzzState,
          mayFail: ["patch_failed", ...mayFail],
          ...more,
        });
        return { write, message: { type: "update", ref, patch, ...more } };
      }
      case "merge": {
        const merge = { ...(random.chance(0.7) && { doc: randomMerge(random) }), kept };
        const write = room.history.begin(ref, {
          apply: (before) => mergedByOracle(before, merge) as FuzzState,
          mayFail,
          ...more,
        });
        return { write, message: { type: "update", ref, merge, ...more } };
      }
      case "play":
        return this.#play({ token: ref, seed: random.below(1e6) });
      case "refused":
        return this.#play({ token: ref, seed: random.below(1e6), refuse: true });
    }
  }

  #play(payload: Play): Asked {
    const { token, seed, refuse } = payload;
    const write = this.room.history.begin(token, {
      apply: (before) => played(before, token, seed),
      mayFail: refuse ? ["action_refused"] : [],
    });
    return {
      write,
      message: { type: "action", ref: token, name: "play", payload: { ...payload } },
    };
  }

  /** Move about. */
  move(random: Random): void {
    const { session } = this;
    if (!session) return;
    const moves = random.pick<readonly JsonObject[]>([
      // Typing keeps the room awake until it lapses, and an eviction waits for that: so it is rare.
      random.chance(0.15) ? [{ typing: true }] : [{ cursor: 1, tool: "pen" }],
      [{ cursor: { x: random.below(99), y: 1 } }, { cursor: { x: random.below(99), y: 2 } }],
      [{ status: "idle" }],
      [{ status: "online", cursor: null }],
      [{ tool: random.pick(["pen", null]) }],
    ]);
    for (const data of moves)
      this.#speak(() =>
        this.room.begin("presence", session.show(data), () => this.#isOver(session)),
      );
  }

  /** Send an event to everybody. @param open the sessions that are there */
  announce(random: Random, open: TestSession[]): void {
    const { session, room } = this;
    if (!session) return;
    const payload = room.nextToken(`event-${this.name}`);
    const echo = random.chance(0.5);
    room.events.send(payload, session, echo, open);
    const answered = (reply: Reply): void => {
      if (reply.ok) room.events.acknowledged(payload);
      else room.problem(`${payload}: ${reply.code}`);
    };
    this.#speak(() =>
      room.begin(payload, session.broadcast("wave", payload, { echo }).then(answered), () =>
        this.#isOver(session),
      ),
    );
  }

  /** A socket throws when it has closed and nobody has been told yet. */
  #speak(say: () => void): void {
    try {
      say();
    } catch {
      this.room.count("spoke too late");
    }
  }
}
