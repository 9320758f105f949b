// Presence: a hundred cursors that move twenty times a second each, and what that costs the server. Its
// peer is a loop of sends for each move, which a server may not get through: it is charged only for the
// moves that it has delivered.

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
  async run(arena) {
    const results = await inRounds(rounds, names, async (name): Promise<Measured> => {
      const result = await arena.client.run("presence", {
        target: await arena.room(name),
        sockets: 100,
        movesPerSecond: 20,
        seconds: 2,
      });
      // A room that lets a later cursor overtake an earlier one has dealt with both.
      const kept = result.pairsBehind === 0;
      return { ...result, movesProcessed: kept ? result.movesSent : result.movesSeen };
    });
    return {
      rows: [
        {
          what: "100 cursors, 20 moves/s each: age p99, ms",
          figures: medians(results, ({ ageP99 }) => ageP99),
          target: { relation: "<=", value: 100 },
        },
        {
          what: "  share of moves seen; a later one overtook the others",
          figures: medians(results, ({ movesSeen, movesSent }) => movesSeen / movesSent),
        },
        {
          what: "  sockets that did not see where a cursor came to rest",
          figures: {
            ours: Math.max(...results.ours.map(({ pairsBehind }) => pairsBehind)),
            partyserver: Math.max(...results.partyserver.map(({ pairsBehind }) => pairsBehind)),
          },
          target: { relation: "<=", value: 0 },
        },
        {
          what: "  CPU seconds of the server per 1,000 moves",
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
