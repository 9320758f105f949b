// Presence: a hundred cursors that each move twenty times a second, and what that costs the server.
// partyserver sends every move to every socket and may not keep up, so CPU time is divided by the moves
// that a server has processed, not by the moves that were sent to it.

import type { PresenceResult } from "../client/presence.ts";
import type { Measurement } from "./measurement.ts";
import { inRounds, medians, ratio } from "./rounds.ts";

const rounds = 5;
const names = ["ours", "partyserver"] as const;

const cpuPerThousandMoves = ({ serverCpu, movesProcessed }: Measured): number | undefined =>
  serverCpu === undefined ? undefined : serverCpu / (movesProcessed / 1000);

type Measured = PresenceResult & { readonly movesProcessed: number };

export const cursors: Measurement = {
  name: "presence",
  async run(servers) {
    const results = await inRounds(rounds, names, async (name): Promise<Measured> => {
      const result = await servers.client.run("presence", {
        target: await servers.createRoom(name),
        sockets: 100,
        movesPerSecond: 20,
        seconds: 2,
      });
      // A room that sends only the latest position of a cursor has processed the earlier ones too.
      const isComplete = result.pairsBehind === 0;
      return { ...result, movesProcessed: isComplete ? result.movesSent : result.movesSeen };
    });
    return {
      rows: [
        {
          what: "100 cursors, 20 moves/s each: p99 age on arrival, ms",
          figures: medians(results, ({ ageP99 }) => ageP99),
          target: { relation: "<=", value: 100 },
        },
        {
          what: "  share of moves delivered (later moves replaced the rest)",
          figures: medians(results, ({ movesSeen, movesSent }) => movesSeen / movesSent),
        },
        {
          what: "  socket pairs without the last cursor position",
          figures: {
            ours: Math.max(...results.ours.map(({ pairsBehind }) => pairsBehind)),
            partyserver: Math.max(...results.partyserver.map(({ pairsBehind }) => pairsBehind)),
          },
          target: { relation: "<=", value: 0 },
        },
        {
          what: "  server CPU seconds per 1,000 moves",
          figures: medians(results, cpuPerThousandMoves),
          ratio: ratio(results, "partyserver", cpuPerThousandMoves),
          over: "partyserver",
          target: { relation: "<=", value: 0.1 },
        },
      ],
      rounds: results,
    };
  },
};
