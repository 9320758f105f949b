// A thousand clients that are disconnected and reconnect at the same moment, with a state of 100 KB: the cost
// of resuming from a version, compared with a welcome that has the whole state.

import type { ReconnectStormResult } from "../client/reconnect-storm.ts";
import { median } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";
import { inRounds } from "./rounds.ts";

const rounds = 3;
const clients = 1000;

export const reconnectStorm: Measurement = {
  name: "reconnect storm",
  async run(servers) {
    const { ours: results } = await inRounds(rounds, ["ours"], async (name) =>
      servers.client.run("reconnectStorm", {
        target: await servers.createRoom(name, 100_000),
        sockets: clients,
        missed: 20,
      }),
    );
    const medianOf = (figure: (result: ReconnectStormResult) => number): number =>
      median(results.map(figure));
    return {
      rows: [
        {
          what: "1,000 clients disconnected at once: resumed",
          figures: { ours: Math.min(...results.map(({ resuming }) => resuming.resumed)) },
          target: { relation: ">=", value: clients },
        },
        {
          what: "  until all are welcomed, s",
          figures: { ours: medianOf(({ resuming }) => resuming.seconds) },
        },
        {
          what: "  with the whole state instead: until all are welcomed, s",
          figures: { ours: medianOf(({ fresh }) => fresh.seconds) },
        },
        {
          what: "  sent to all of them, MB",
          figures: { ours: medianOf(({ resuming }) => resuming.megabytes) },
        },
        {
          what: "  with the whole state instead: sent to all of them, MB",
          figures: { ours: medianOf(({ fresh }) => fresh.megabytes) },
        },
      ],
      rounds: results,
    };
  },
};
