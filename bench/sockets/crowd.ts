// A crowd: thousands of users, each with a socket. In a sampled room, joining must not cost more the more users
// there are, and those who watch somebody must see them move at once.

import type { CrowdResult } from "../client/crowd.ts";
import { openFileLimit } from "../machine.ts";
import { BenchServers } from "./bench-servers.ts";
import type { Measurement } from "./measurement.ts";

const wanted = 5000;
/** Open files of a process besides the sockets of clients. */
const otherFiles = 200;
const load = {
  movers: 100,
  watchers: 100,
  watchedEach: 16,
  movesPerSecond: 10,
  seconds: 5,
} as const;

export const crowd: Measurement = {
  name: "5,000 users by 5,000 sockets",
  async run() {
    const sockets = Math.min(wanted, openFileLimit() - otherFiles);
    const result = await measure(sockets);
    const { joinSeconds, joinMegabytes, earlyWelcome, lastWelcome, ageP50, ageP99, share } = result;
    return {
      rows: [
        {
          what: `${sockets} users by ${sockets} sockets in one room: until all have joined, s`,
          figures: { ours: joinSeconds },
          target: { relation: "<=", value: 60 },
        },
        { what: "  sent to them while they join, MB", figures: { ours: joinMegabytes } },
        {
          what: "  bytes of the last welcome relative to the 300th",
          figures: { ours: lastWelcome / earlyWelcome },
          target: { relation: "<=", value: 1.05 },
        },
        {
          what: `  ${load.movers} cursors, ${load.movesPerSecond} moves/s each, ${load.watchers} who watch ${load.watchedEach} of them: p99 age on arrival, ms`,
          figures: { ours: ageP99 },
          target: { relation: "<=", value: 250 },
        },
        { what: "  median age on arrival, ms", figures: { ours: ageP50 } },
        {
          what: "  share of moves delivered (later moves replaced the rest)",
          figures: { ours: share },
        },
      ],
      rounds: result,
    };
  },
};

/** The room fills a server's memory, so it gets one of its own. */
async function measure(sockets: number): Promise<CrowdResult> {
  const servers = await BenchServers.start(["ours"]);
  try {
    const target = await servers.createRoom("ours");
    return await servers.client.run("crowd", { target, sockets, ...load });
  } finally {
    await servers.stop();
  }
}
