// What must not grow with the size of the room: the bytes sent for one change to a large state, and what a
// socket costs in a room of five thousand.

import type { ManySocketsResult } from "../client/many-sockets.ts";
import type { ServerName } from "../client/server-protocols.ts";
import { openFileLimit } from "../machine.ts";
import { BenchServers } from "./bench-servers.ts";
import type { Measurement } from "./measurement.ts";
import { inRounds, medians, ratio } from "./rounds.ts";

const stateBytes = 100_000;

export const oneKey: Measurement = {
  name: "one key in 100 KB",
  async run(servers) {
    const target = await servers.createRoom("ours", stateBytes);
    const result = await servers.client.run("oneChange", { target, sockets: 10 });
    return {
      rows: [
        {
          what: "one key changed in a 100 KB state: bytes sent to each client",
          figures: { ours: result.mostBytes },
          target: { relation: "<=", value: 299 },
        },
      ],
      rounds: result,
    };
  },
};

// Everybody is told of everybody, so the cost of joining grows with the square of the users. With one user
// per socket nothing else would be measured.
const [wanted, socketsPerUser] = [5000, 10];
/** Open files of a process besides the sockets of clients. */
const otherFiles = 200;

export const manySockets: Measurement = {
  name: "5,000 sockets",
  async run() {
    const sockets = Math.min(wanted, openFileLimit() - otherFiles);
    if (sockets < wanted)
      console.log(`  only ${sockets} sockets: \`ulimit -n\` allows ${openFileLimit()} open files`);
    const results = await inRounds(1, ["ours", "bare"], (name) => measure(name, sockets));
    const [ours] = results.ours;
    return {
      rows: [
        {
          what: `${sockets} sockets of ${sockets / socketsPerUser} users in one room: reached by one broadcast`,
          figures: { ours: ours?.reached },
          target: { relation: ">=", value: wanted },
        },
        {
          what: "  until all have joined, s",
          figures: medians(results, ({ joinSeconds }) => joinSeconds),
        },
        {
          what: "  sent to them while they join, MB",
          figures: medians(results, ({ joinMegabytes }) => joinMegabytes),
        },
        {
          what: "  until the last socket has the broadcast, ms",
          figures: medians(results, ({ eventMs }) => eventMs),
        },
        {
          what: "  server memory per socket, KiB",
          figures: medians(results, kibPerSocket),
          ratio: ratio(results, "bare", kibPerSocket),
          over: "bare",
          target: { relation: "<=", value: 1.15 },
        },
      ],
      rounds: results,
    };
  },
};

const kibPerSocket = ({ bytesPerSocket }: ManySocketsResult): number | undefined =>
  bytesPerSocket === undefined ? undefined : bytesPerSocket / 1024;

/** Memory is measured, so the server must be a new one. */
async function measure(name: ServerName, sockets: number): Promise<ManySocketsResult> {
  const servers = await BenchServers.start([name]);
  try {
    const target = await servers.createRoom(name);
    return await servers.client.run("manySockets", { target, sockets, socketsPerUser });
  } finally {
    await servers.stop();
  }
}
