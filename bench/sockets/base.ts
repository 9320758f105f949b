// What it costs to move a patch from the version that it was made on. One writer with many updates in flight, each
// made on the version that the writer last had: some windows old, as in a busy room.

import { median } from "../statistics.ts";
import type { UpdatesResult } from "../client/updates.ts";
import type { Measurement } from "./measurement.ts";

const rounds = 7;

const cpuPerUpdate = ({ serverCpu, updatesPerSecond, seconds }: UpdatesResult): number =>
  ((serverCpu ?? Number.NaN) / (updatesPerSecond * seconds)) * 1e6;

export const base: Measurement = {
  name: "updates with a base",
  async run(servers) {
    const results: { plain: UpdatesResult; based: UpdatesResult }[] = [];
    const update = async (isBased: boolean): Promise<UpdatesResult> =>
      servers.client.run("updates", {
        target: await servers.createRoom("ours"),
        sockets: 1,
        inFlightEach: 100,
        seconds: 2,
        isBased,
      });
    for (let round = 0; round < rounds; round++)
      results.push({ plain: await update(false), based: await update(true) });
    return {
      rows: [
        {
          what: "update with a base: server CPU, µs",
          figures: { ours: median(results.map(({ based }) => cpuPerUpdate(based))) },
        },
        {
          what: "  times that of one without",
          figures: {
            ours: median(
              results.map(({ plain, based }) => cpuPerUpdate(based) / cpuPerUpdate(plain)),
            ),
          },
          target: { relation: "<=", value: 1.15 },
        },
      ],
      rounds: results,
    };
  },
};
