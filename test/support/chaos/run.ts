// Chaos: clients write, users come and go, rooms stop and are purged, and the server is killed by SIGKILL at random
// moments. After each round everything that was acknowledged must be there, once. The seed repeats the choices; when
// they take place is up to the processes.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../fuzz/random.ts";
import { within } from "../patience.ts";
import { Life, type Moment } from "./life.ts";
import { People } from "./people.ts";
import { briefRooms, sharedRooms, type SharedRoom } from "./rooms.ts";
import { Service } from "./service.ts";
import { Stops } from "./stops.ts";
import { Verification } from "./verify.ts";
import { HttpWriter, SocketWriter, type Writer } from "./writers.ts";

const socketWriters = 12;
const httpWriters = 8;

export type Round = {
  readonly round: number;
  /** What the server was killed at, each time. */
  readonly kills: readonly Moment[];
  /** Writes that were acknowledged so far. */
  readonly acknowledged: number;
};

export type ChaosReport = {
  readonly rounds: number;
  readonly kills: number;
  readonly acknowledged: number;
  /** Writes that were acknowledged and are gone. */
  readonly lost: number;
  /** Writes that were carried out twice. */
  readonly doubled: number;
  /** Everything that was wrong, these included. The run ends with the first round that finds something. */
  readonly wrong: readonly string[];
};

export async function runChaos(options: {
  readonly rounds: number;
  readonly seed: number;
  onRound?(round: Round): void;
}): Promise<ChaosReport> {
  const folder = await mkdtemp(join(tmpdir(), "collab-room-chaos-"));
  const service = new Service(folder);
  const random = new Random(options.seed);
  const shared = sharedRooms();
  const brief = briefRooms();
  const writers = writersFor(shared, service, random);
  const people = new People(shared, service, random.fork());
  const stops = new Stops(shared, brief, service, random.fork());
  const report = { rounds: 0, kills: 0, acknowledged: 0, lost: 0, doubled: 0 };

  /** Let everybody work until the server is killed, and start it again. */
  const live = async (isComeback: boolean): Promise<Moment> => {
    const life = new Life(random.fork(), isComeback);
    const work = Promise.all([
      ...writers.map((writer) => writer.write(life)),
      people.joinAndLeave(life),
      people.visit(life),
      stops.work(life),
      stops.work(life),
    ]);
    try {
      await within(`the moment to kill, at: ${life.moment}`, Promise.race([life.end, work]));
    } finally {
      life.stop();
    }
    await service.kill();
    await within("everybody to see that the server is gone", work);
    for (const writer of writers) writer.note();
    report.kills++;
    await service.start();
    return life.moment;
  };

  try {
    await service.start();
    while (report.rounds < options.rounds && service.wrong.length === 0) {
      const kills: Moment[] = [];
      // Some servers are killed again while everybody is coming back.
      for (let lives = 1 + random.below(2); lives > 0; lives--)
        kills.push(await live(kills.length > 0));
      await within("every answer", Promise.all(writers.map((writer) => writer.settle())));
      report.rounds++;
      const verification = new Verification(service);
      for (const room of shared) {
        const here = writers.filter((writer) => writer.room === room);
        const { lost, doubled } = await verification.ofShared(room, here);
        report.lost += lost;
        report.doubled += doubled;
      }
      for (const room of brief) await verification.ofBrief(room);
      await verification.ofDirectory(report.rounds === options.rounds);
      report.acknowledged = writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
      options.onRound?.({ round: report.rounds, kills, acknowledged: report.acknowledged });
    }
  } catch (error) {
    service.wrong.push(String(error), ...writers.flatMap(({ waitsFor }) => waitsFor ?? []));
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return { ...report, wrong: service.wrong };
}

function writersFor(rooms: readonly SharedRoom[], service: Service, random: Random): Writer[] {
  const roomOf = (n: number): SharedRoom => rooms[n % rooms.length] as SharedRoom;
  return [
    ...Array.from(
      { length: socketWriters },
      (_, n) => new SocketWriter(`socket-${n}`, roomOf(n), service, random.fork()),
    ),
    ...Array.from(
      { length: httpWriters },
      (_, n) => new HttpWriter(`http-${n}`, roomOf(n), service, random.fork()),
    ),
  ];
}
