// A thousand clients that lose their line at once and are back at once, with a state of 100 KB: what it
// takes when they say from where they go on, against a welcome with the whole state.

import type { StormResult } from "../client/storm.ts";
import { median } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";
import { inRounds } from "./rounds.ts";

const rounds = 3;
const clients = 1000;

export const reconnect: Measurement = {
  name: "reconnect storm",
  async run(arena) {
    const { ours: results } = await inRounds(rounds, ["ours"], async (name) =>
      arena.client.run("storm", {
        target: await arena.room(name, 100_000),
        sockets: clients,
        missed: 20,
      }),
    );
    const middle = (of: (result: StormResult) => number): number => median(results.map(of));
    return {
      rows: [
        {
          what: "1,000 clients dropped at once: back and resumed",
          figures: { ours: Math.min(...results.map(({ resuming }) => resuming.resumed)) },
          target: { relation: ">=", value: clients },
        },
        {
          what: "  all had their welcome after, s",
          figures: { ours: middle(({ resuming }) => resuming.seconds) },
        },
        {
          what: "  had each got the whole state, s",
          figures: { ours: middle(({ anew }) => anew.seconds) },
        },
        {
          what: "  sent to all of them, MB",
          figures: { ours: middle(({ resuming }) => resuming.megabytes) },
        },
        {
          what: "  had each got the whole state, MB",
          figures: { ours: middle(({ anew }) => anew.megabytes) },
        },
      ],
      rounds: results,
    };
  },
};
