// Reads and refused changes beside writes: the room must not send more frames because of them.

import type { ReadsBesideWritesResult } from "../client/reads-beside-writes.ts";
import { median } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";
import { inRounds } from "./rounds.ts";

const rounds = 3;
const load = { sockets: 300, writesPerSecond: 50, requestsPerSecond: 50, seconds: 2 };

export const readsBesideWrites: Measurement = {
  name: "reads beside writes",
  async run(servers) {
    const { ours: results } = await inRounds(rounds, ["ours"], async (name) =>
      servers.client.run("readsBesideWrites", { target: await servers.createRoom(name), ...load }),
    );
    const medianOf = (figure: (result: ReadsBesideWritesResult) => number): number =>
      median(results.map(figure));
    return {
      rows: [
        {
          what: "300 sockets, 50 updates/s: frames/s to each socket",
          figures: { ours: medianOf(({ alone }) => alone) },
        },
        {
          what: "  times as many with 50 GET state/s beside them",
          figures: { ours: medianOf(({ alone, withReads }) => withReads / alone) },
          target: { relation: "<=", value: 1.2 },
        },
        {
          what: "  times as many with 50 refused PATCH state/s beside them",
          figures: { ours: medianOf(({ alone, withRefusals }) => withRefusals / alone) },
          target: { relation: "<=", value: 1.2 },
        },
      ],
      rounds: results,
    };
  },
};
