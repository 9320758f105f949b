// Soak: rooms open, fill, empty and stop, for as long as one likes. In the end nothing may be left of them but the
// states of those that were not purged.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Service } from "../chaos/service.ts";
import type { ClientSession } from "../client-session.ts";
import { Random } from "../fuzz/random.ts";
import { settled } from "../patience.ts";
import { leftoversIn, type Leftovers } from "./leftovers.ts";
import { MemoryWatch, type MemoryTrend } from "./memory.ts";

const socketsPerRoom = 10;
/** Rooms by name, for each that is open. Each is opened again when it has been closed for longest. */
const namesPerRoom = 4;
/** How often each client of a room writes. */
const writesPerClient = 4;
/** How a room comes to its end: by itself once it is empty, or because somebody stops or purges it. */
type Ending = "idle" | "stop" | "purge";

export type SoakReport = {
  readonly rooms: Readonly<Record<Ending, number>>;
  /** Sockets that were opened. */
  readonly sockets: number;
  readonly writes: number;
  /** The most sockets that were open at a time. */
  readonly mostSockets: number;
  readonly leftovers: Leftovers;
  /** `null` where the system has no /proc. */
  readonly memory: MemoryTrend | null;
  readonly wrong: readonly string[];
};

/**
 * @param options `sockets`: how many are open at a time, about; `writeInterval`: ms from one write of a client to
 * the next
 */
export async function runSoak(options: {
  readonly seconds: number;
  readonly sockets: number;
  readonly seed: number;
  readonly writeInterval?: number;
}): Promise<SoakReport> {
  const { seconds, sockets, seed, writeInterval = 1000 } = options;
  const folder = await mkdtemp(join(tmpdir(), "collab-room-soak-"));
  const service = new Service(folder);
  const random = new Random(seed);
  const rooms = { idle: 0, stop: 0, purge: 0 };
  const counts = { sockets: 0, writes: 0, mostSockets: 0 };
  let open = 0;

  const enter = async (room: string, n: number): Promise<ClientSession | null> => {
    const session = await service.connect(room, { id: `user-${n}` }, { behaviour: "brief" });
    if (session === null) return null;
    counts.sockets++;
    counts.mostSockets = Math.max(counts.mostSockets, ++open);
    void session.closed.then(() => open--);
    return session;
  };

  const write = async (session: ClientSession, mark: string): Promise<void> => {
    const patch = [
      { op: "add", path: "/log/-", value: mark },
      { op: "inc", path: "/count", by: 1 },
    ];
    const { promise: closed, resolve } = Promise.withResolvers<null>();
    void session.closed.then(() => resolve(null));
    const reply = await Promise.race([session.update(patch), closed]);
    if (reply?.ok) counts.writes++;
    else service.wrong.push(`${session.name}: a write got ${JSON.stringify(reply)}`);
  };

  /** One room, from its first client to its end. */
  const cycle = async (room: string, choices: Random): Promise<void> => {
    const numbers = Array.from({ length: socketsPerRoom }, (_, n) => n);
    const entered = await Promise.all(numbers.map((n) => enter(room, n)));
    const sessions = entered.filter((session) => session !== null);
    if (sessions.length < socketsPerRoom) service.wrong.push(`${room} has let not everybody in`);
    for (let n = 0; n < writesPerClient; n++) {
      await Promise.all([
        pause(writeInterval),
        ...sessions.map((session, of) => write(session, `${of}.${n}`)),
        ...sessions.slice(0, 2).map((session) => session.show({ cursor: { x: n } })),
      ]);
    }
    const ending = choices.pick(["idle", "stop", "purge"] as const);
    if (ending === "idle")
      await Promise.all(
        sessions.map((session) =>
          session[choices.pick(["leave", "close", "terminate"] as const)](),
        ),
      );
    else {
      const answer = await service.ask(
        "DELETE",
        `/rooms/${room}${ending === "purge" ? "?purge=true" : ""}`,
      );
      const isStopped = answer?.status === 204 || answer?.json["code"] === "room_not_running";
      if (!isStopped) {
        service.wrong.push(`the ${ending} of ${room}: ${answer?.status}`);
        for (const session of sessions) session.hangUp();
      }
      await Promise.all(sessions.map(({ closed }) => closed));
    }
    rooms[ending]++;
  };

  let memory: MemoryTrend | null = null;
  try {
    await service.start();
    using watch = new MemoryWatch(service.pid);
    const end = performance.now() + seconds * 1000;
    const atOnce = Math.ceil(sockets / socketsPerRoom);
    const closed = Array.from({ length: namesPerRoom * atOnce }, (_, n) => `soak-${n}`);
    const work = async (choices: Random): Promise<void> => {
      while (performance.now() < end && service.wrong.length === 0) {
        const room = closed.shift() as string;
        await cycle(room, choices);
        closed.push(room);
      }
    };
    await Promise.all(
      Array.from({ length: atOnce }, async (_, n) => {
        // Not all of them at once, now and later.
        await pause((n / atOnce) * writesPerClient * writeInterval);
        await work(random.fork());
      }),
    );
    memory = watch.trend;
    const running = await settled(async () => {
      const answer = await service.ask("GET", "/rooms");
      const total = answer?.json["total"];
      return total === 0 ? null : `${total} rooms are still running`;
    });
    if (running !== null) service.wrong.push(running);
  } catch (error) {
    service.wrong.push(String(error));
  } finally {
    await service.stop();
  }
  const leftovers = leftoversIn(folder);
  await rm(folder, { recursive: true, force: true });
  const { objects: _, ...none } = leftovers;
  for (const [what, left] of Object.entries(none))
    if (left > 0) service.wrong.push(`left over: ${left} ${what}`);
  return { ...counts, rooms, leftovers, memory, wrong: service.wrong };
}
