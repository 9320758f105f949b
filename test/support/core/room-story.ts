// What a room goes through from its start to its end: members, changes, numbered requests, keys, scheduled actions,
// timers and snapshots, step by step. Each step says what everybody sees after it. A change pushes its name to a
// list, so one that was made twice, or by a step that has failed, shows.

import { setScript } from "../../fixtures/scripts.ts";
import { pass } from "../fake-date.ts";
import type { Reply, TestSession } from "../session.ts";
import { platform } from "./platform.ts";
import { crash, evict, newId, ring, rooms } from "./rooms.ts";
import { connect } from "./socket-client.ts";

/** What everybody sees of a room. */
export type View = {
  readonly isRunning: boolean;
  readonly users: readonly string[];
  readonly log: readonly string[];
  /** Names that users show. */
  readonly names: Readonly<Record<string, string>>;
  readonly scopes: readonly string[];
  /** Scheduled actions. */
  readonly pending: number;
};

/** What everybody sees of a room that does not run, with the log that it keeps. */
export const stopped: View = {
  isRunning: false,
  users: [],
  log: [],
  names: {},
  scopes: [],
  pending: 0,
};

export type Step = {
  readonly what: string;
  /** Asks for it; a step without it is what the alarm does when so many ms have passed. */
  readonly ask?: (story: Story) => Promise<unknown>;
  readonly passes?: number;
  /** What it changes in the view. */
  readonly changes?: (view: View) => Partial<View>;
};

/** The room of a story, and the client with a socket. */
export class Story {
  readonly id = newId();
  readonly behaviour: string;
  session: TestSession | null = null;

  constructor(behaviour: string) {
    this.behaviour = behaviour;
    setScript(this.id, {
      play: (room, state, input) => {
        const { name } = input as { name: string };
        room.schedule("play", { name: `${name}, later` }, room.now + 30_000);
        return { state: { ...state, log: [...(state["log"] as string[]), name] } };
      },
    });
  }

  get object() {
    return platform.object(this.id);
  }

  get room() {
    return rooms.room(this.id);
  }

  /** @throws Error with the code of a reply that is not ok */
  async request(send: (session: TestSession) => Promise<Reply>): Promise<void> {
    if (this.session === null) throw new Error("nobody has a socket");
    const reply = await send(this.session);
    if (!reply.ok) throw Object.assign(new Error(reply.code), { code: reply.code });
  }

  async view(): Promise<View> {
    const { room } = this;
    if (!(await room.alive())) return stopped;
    const [users, state, presence, ada] = await Promise.all([
      room.getUsers(),
      room.getState(),
      room.getPresence(),
      room.getUser("ada").catch(() => null),
    ]);
    const { sql } = this.object.atRest;
    const [row] = sql.exec("SELECT count(*) AS n FROM schedules").toArray();
    return {
      isRunning: true,
      users: users.map(({ id }) => id),
      log: (state["log"] as string[] | undefined) ?? [],
      names: Object.fromEntries(Object.entries(presence).map(([id, { name }]) => [id, name])),
      scopes: ada?.scopes ?? [],
      pending: Number(row?.["n"]),
    };
  }

  /** Let time pass, then ring the alarm as often as it takes until everybody sees this. */
  async pass(ms: number, view: View): Promise<void> {
    pass(ms);
    const expected = JSON.stringify(view);
    for (let rings = 0; rings < 20; rings++) {
      await ring(this.id);
      if (JSON.stringify(await this.view()) === expected) return;
      const { alarmAt } = this.object.atRest;
      if (alarmAt !== null) pass(Math.max(0, alarmAt - Date.now()));
    }
    throw new Error(`${JSON.stringify(await this.view())} is still not ${expected}`);
  }
}

const push = (name: string) => [{ op: "add", path: "/log/-", value: name }] as const;
const pushed = (name: string) => (view: View) => ({ log: [...view.log, name] });

const without = (names: View["names"], userId: string): View["names"] =>
  Object.fromEntries(Object.entries(names).filter(([id]) => id !== userId));

/** What follows a start, up to the last user's leaving. */
const life: readonly Step[] = [
  {
    what: "a user joins",
    ask: ({ room }) => room.join({ id: "ada" }),
    changes: ({ users }) => ({ users: [...users, "ada"] }),
  },
  {
    what: "a user joins for a minute",
    ask: ({ room }) => room.join({ id: "bob" }, { ttl: 60_000 }),
    changes: ({ users }) => ({ users: [...users, "bob"] }),
  },
  {
    what: "a user comes by socket",
    async ask(story) {
      const query = { client: "cyd-1" };
      story.session = await connect(story.id, { id: "cyd", name: "Cyd" }, { query });
    },
    changes: ({ users, names }) => ({ users: [...users, "cyd"], names: { ...names, cyd: "Cyd" } }),
  },
  {
    what: "a change over the socket",
    ask: (story) => story.request((session) => session.update(push("update"))),
    changes: pushed("update"),
  },
  {
    what: "a numbered change, twice",
    async ask(story) {
      const numbered = { type: "update", patch: push("numbered"), seq: 1 } as const;
      await story.request((session) => session.ask(numbered));
      await story.request((session) => session.ask(numbered));
    },
    changes: pushed("numbered"),
  },
  {
    what: "a numbered action that changes nothing",
    ask: (story) =>
      story.request((session) => session.ask({ type: "action", name: "nothing", seq: 2 })),
  },
  {
    what: "a change with a key, twice",
    async ask({ room }) {
      await room.patchState(push("keyed"), { idempotencyKey: "key-1" });
      await room.patchState(push("keyed"), { idempotencyKey: "key-1" });
    },
    changes: pushed("keyed"),
  },
  {
    what: "a join with a key, twice",
    async ask({ room }) {
      await room.join({ id: "dan" }, { idempotencyKey: "key-2" });
      await room.join({ id: "dan" }, { idempotencyKey: "key-2" });
    },
    changes: ({ users }) => ({ users: [...users, "dan"] }),
  },
  {
    what: "an action that schedules another one",
    ask: ({ room }) => room.act("play", { name: "action" }),
    changes: ({ log, pending }) => ({ log: [...log, "action"], pending: pending + 1 }),
  },
  {
    what: "presence that is held, after a while",
    async ask({ room }) {
      pass(3000);
      await room.holdPresence("ada", { name: "Ada" }, { ttl: 50_000 });
    },
    changes: ({ names }) => ({ names: { ada: "Ada", ...names } }),
  },
  {
    what: "scopes that are set",
    ask: ({ room }) => room.setScopes("ada", ["room:read"]),
    changes: () => ({ scopes: ["room:read"] }),
  },
  {
    what: "a change that brings a snapshot",
    ask: ({ room }) =>
      room.patchState([
        ...push("snapshot"),
        { op: "add", path: "/bulk", value: "x".repeat(300_000) },
      ]),
    changes: pushed("snapshot"),
  },
  {
    what: "a change that makes the state small again",
    ask: ({ room }) => room.patchState([...push("small"), { op: "remove", path: "/bulk" }]),
    changes: pushed("small"),
  },
  { what: "a sleep, with the socket open", ask: ({ id }) => evict(id) },
  {
    what: "a scheduled action, which schedules the next",
    passes: 30_000,
    changes: pushed("action, later"),
  },
  {
    what: "a user leaves",
    ask: ({ room }) => room.leave("dan"),
    changes: ({ users }) => ({ users: users.filter((id) => id !== "dan") }),
  },
  {
    what: "a lease, held presence, and another scheduled action",
    passes: 30_000,
    changes: ({ users, names, log }) => ({
      users: users.filter((id) => id !== "bob"),
      names: without(names, "ada"),
      log: [...log, "action, later, later"],
    }),
  },
  {
    what: "a user's last socket closes, and their grace period ends",
    async ask({ session }) {
      await session?.close(1000);
    },
    passes: 10_000,
    changes: ({ users, names }) => ({
      users: users.filter((id) => id !== "cyd"),
      names: without(names, "cyd"),
    }),
  },
];

/** The whole story. @param keepsState whether the behaviour keeps the state when the room stops */
export const steps = (keepsState: boolean): readonly Step[] => [
  {
    what: "a start",
    ask: ({ id, behaviour }) => rooms.joinOrCreateRoom(id, { behaviour, idleTimeout: 20_000 }),
    changes: () => ({ isRunning: true }),
  },
  { what: "the first state", ask: ({ room }) => room.updateState(() => ({ log: [] })) },
  ...life,
  { what: "a crash", ask: ({ id }) => crash(id) },
  { what: "a stop", ask: ({ room }) => room.stop(), changes: () => stopped },
  {
    what: "another start",
    ask: ({ id, behaviour }) => rooms.joinOrCreateRoom(id, { behaviour, idleTimeout: 20_000 }),
    changes: () => ({ isRunning: true, log: keepsState ? lastLog() : [] }),
  },
  {
    what: "a purge",
    ask: ({ room }) => room.stop({ purge: true }),
    changes: () => stopped,
  },
];

/** What has been pushed by the time that the room stops. */
function lastLog(): readonly string[] {
  return life.reduce((view, { changes }) => ({ ...view, ...changes?.(view) }), stopped).log;
}
