// What must hold after a kill and a restart, once every request is answered and the grace period is over.

import { canonical } from "../canonical-json.ts";
import type { ClientSession } from "../client-session.ts";
import { settled } from "../patience.ts";
import type { BriefRoom, SharedRoom } from "./rooms.ts";
import type { Service } from "./service.ts";
import { tagOf, type Writer } from "./writers.ts";

export type Verdict = { readonly lost: number; readonly doubled: number };

type Page = { readonly rooms: { readonly id: string; readonly users: number }[] };

/**
 * Look at a whole service that nobody asks for anything else. What is wrong goes to `service.wrong`.
 * @param options `withCounts`: whether to wait for the directory's counts of users, which takes five seconds
 */
export async function verify(
  service: Service,
  shared: readonly SharedRoom[],
  brief: readonly BriefRoom[],
  writers: readonly Writer[],
  options: { readonly withCounts: boolean },
): Promise<Verdict> {
  const get = async <T>(path: string): Promise<T> => {
    const answer = await service.ask("GET", path);
    if (answer?.status !== 200) throw new Error(`GET ${path}: ${answer?.status}`);
    return answer.json as T;
  };
  const say = (wrong: string | null): void => {
    if (wrong !== null) service.wrong.push(wrong);
  };
  let lost = 0;
  let doubled = 0;

  for (const room of shared) {
    const here = writers.filter((writer) => writer.room === room);
    const sessions = here.flatMap(({ session }) => session ?? []);
    // Members first: the versions stay as they are, and whoever has to leave takes a moment.
    say(await settled(async () => wrongMembers(room, sessions, await usersOf(room.id))));
    const answer = await service.ask("GET", `/rooms/${room.id}/state`);
    if (answer?.status !== 200) throw new Error(`the state of ${room.id}: ${answer?.status}`);
    const state = answer.json as { log: string[]; count: number };
    const { epoch, version } = tagOf(answer.headers);
    const audit = room.ledger.audit({ epoch, version, log: state.log });
    lost += audit.lost.length;
    doubled += audit.doubled.length;
    service.wrong.push(...audit.wrong);
    if (state.count !== state.log.length)
      say(`${room.id}: the count is ${state.count} with ${state.log.length} marks`);
    const users = await usersOf(room.id);
    const { presence } = await get<{ presence: unknown }>(`/rooms/${room.id}/presence`);
    const truth = { epoch, version, state, users, presence };
    for (const session of sessions) say(await settled(async () => differences(session, truth)));
    await Promise.all(here.map((writer) => writer.repeat(epoch)));
    const after = await service.ask("GET", `/rooms/${room.id}/state`);
    if (after !== null && tagOf(after.headers).version !== version)
      say(`${room.id}: requests that were sent once more have made versions`);
  }

  const running = new Map<string, number>();
  for (const { id } of shared) running.set(id, (await usersOf(id)).length);
  for (const { id, ledger, isRunning } of brief) {
    const answer = await service.ask("GET", `/rooms/${id}`);
    const runs = answer?.status === 200;
    if (runs) running.set(id, Number(answer.json["users"]));
    if (isRunning.value !== null && isRunning.value !== runs)
      say(`${id} ${runs ? "runs though its stop" : "does not run though its start"} was answered`);
    isRunning.set(runs);
    if (!runs) continue;
    const { epoch, version } = answer.json as { epoch: string; version: number };
    service.wrong.push(...ledger.audit({ epoch, version, log: [] }).wrong);
  }
  const entryOf = (id: string, users: number): string =>
    options.withCounts ? `${id} with ${users}` : id;
  const truth = [...running]
    .map(([id, users]) => entryOf(id, users))
    .toSorted()
    .join(", ");
  say(
    await settled(async () => {
      const { rooms } = await get<Page>("/rooms?limit=1000");
      const listed = rooms
        .map(({ id, users }) => entryOf(id, users))
        .toSorted()
        .join(", ");
      return listed === truth ? null : `the directory lists ${listed}; what runs is ${truth}`;
    }),
  );
  return { lost, doubled };

  async function usersOf(id: string): Promise<{ id: string }[]> {
    return (await get<{ users: { id: string }[] }>(`/rooms/${id}/users?limit=1000`)).users;
  }
}

/** Sessions and members are in the room, once each, and nobody else is. */
function wrongMembers(
  { id, members }: SharedRoom,
  sessions: readonly ClientSession[],
  users: readonly { readonly id: string }[],
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
