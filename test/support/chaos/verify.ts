// What must hold after a kill and a restart, once every request is answered and the grace period is over.

import { canonical } from "../canonical-json.ts";
import type { ClientSession } from "../client-session.ts";
import { settled } from "../patience.ts";
import type { BriefRoom, SharedRoom } from "./rooms.ts";
import type { Answer, Service } from "./service.ts";
import { tagOf, type Writer } from "./writers.ts";

export type Verdict = { readonly lost: number; readonly doubled: number };

type User = { readonly id: string };

/** Looks at a whole service of which nobody wants anything else. What is wrong goes to `service.wrong`. */
export class Verification {
  readonly #service: Service;
  /** The users of the rooms that run, by room. */
  readonly #running = new Map<string, number>();

  constructor(service: Service) {
    this.#service = service;
  }

  /** Compare a room with what its writers were told. */
  async ofShared(room: SharedRoom, writers: readonly Writer[]): Promise<Verdict> {
    const { id, ledger } = room;
    const sessions = writers.flatMap(({ session }) => session ?? []);
    this.#say(await settled(async () => wrongMembers(room, sessions, await this.#users(id))));
    const users = await this.#users(id);
    this.#running.set(id, users.length);
    const { json: state, headers } = await this.#get(`/rooms/${id}/state`);
    const { epoch, version } = tagOf(headers);
    const log = state["log"] as string[];
    const { lost, doubled, wrong } = ledger.audit({ epoch, version, log });
    this.#service.wrong.push(...wrong);
    if (state["count"] !== log.length)
      this.#say(`${id}: the count is ${String(state["count"])} with ${log.length} marks`);

    const { presence } = (await this.#get(`/rooms/${id}/presence`)).json;
    const truth = { epoch, version, state, users, presence };
    for (const session of sessions)
      this.#say(await settled(async () => differences(session, truth)));

    await Promise.all(writers.map((writer) => writer.repeat(epoch)));
    const after = tagOf((await this.#get(`/rooms/${id}/state`)).headers);
    if (after.version !== version)
      this.#say(`${id}: requests that were sent once more have made versions`);
    return { lost: lost.length, doubled: doubled.length };
  }

  /** Compare a room with whether it was said to run. */
  async ofBrief({ id, ledger, isRunning }: BriefRoom): Promise<void> {
    const answer = await this.#service.ask("GET", `/rooms/${id}`);
    const runs = answer?.status === 200;
    if (isRunning.value !== null && isRunning.value !== runs)
      this.#say(
        `${id} ${runs ? "runs though its stop" : "does not run though its start"} was answered`,
      );
    isRunning.set(runs);
    if (!runs) return;
    const { epoch, version, users } = answer.json as { epoch: string } & Record<string, number>;
    this.#running.set(id, users ?? 0);
    this.#service.wrong.push(...ledger.audit({ epoch, version: version ?? 0, log: [] }).wrong);
  }

  /**
   * Compare the directory with all the rooms that were found running.
   * @param withCounts whether to wait for its counts of users, which takes five seconds
   */
  async ofDirectory(withCounts: boolean): Promise<void> {
    const textOf = (entries: Iterable<readonly [id: string, users: number]>): string =>
      Array.from(entries, ([id, users]) => (withCounts ? `${id} with ${users}` : id))
        .toSorted()
        .join(", ");
    const truth = textOf(this.#running);
    const look = async (): Promise<string | null> => {
      const { json } = await this.#get("/rooms?limit=1000");
      const rooms = json["rooms"] as { id: string; users: number }[];
      const listed = textOf(rooms.map(({ id, users }) => [id, users]));
      return listed === truth ? null : `the directory lists ${listed}; what runs is ${truth}`;
    };
    this.#say(await settled(look));
  }

  async #users(id: string): Promise<User[]> {
    return (await this.#get(`/rooms/${id}/users?limit=1000`)).json["users"] as User[];
  }

  async #get(path: string): Promise<Answer> {
    const answer = await this.#service.ask("GET", path);
    if (answer?.status !== 200) throw new Error(`GET ${path}: ${answer?.status}`);
    return answer;
  }

  #say(wrong: string | null): void {
    if (wrong !== null) this.#service.wrong.push(wrong);
  }
}

/** Sessions and members are in the room, once each, and nobody else is. */
function wrongMembers(
  { id, members }: SharedRoom,
  sessions: readonly ClientSession[],
  users: readonly User[],
): string | null {
  const ids = users.map((user) => user.id);
  const here = new Set(ids);
  const expected = [
    ...sessions.map(({ welcome }) => welcome.user.id),
    ...[...members].flatMap(([member, isIn]) => (isIn.value === true ? [member] : [])),
  ];
  const uncertain = [...members].flatMap(([member, isIn]) => (isIn.value === null ? [member] : []));
  const missing = expected.filter((user) => !here.has(user));
  const known = new Set([...expected, ...uncertain]);
  const extra = ids.filter((user) => !known.has(user));
  if (here.size !== ids.length) return `${id}: users are there twice: ${ids.join(", ")}`;
  if (missing.length > 0) return `${id}: users are missing: ${missing.join(", ")}`;
  if (extra.length > 0) return `${id}: users are left over: ${extra.join(", ")}`;
  return null;
}

type Truth = Pick<ClientSession, "epoch" | "version" | "state"> & {
  readonly users: unknown;
  readonly presence: unknown;
};

/** What a session shows otherwise than the room. */
function differences(session: ClientSession, truth: Truth): string | null {
  const names = Object.keys(truth) as (keyof Truth)[];
  const different = names.filter((name) => canonical(session[name]) !== canonical(truth[name]));
  return different.length === 0
    ? null
    : `${session.name} has another ${different.join(", ")} than the room`;
}
