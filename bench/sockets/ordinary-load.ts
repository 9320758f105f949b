// An ordinary room: fifty users who each change a key of their own ten times a second. Nobody is in a hurry
// and nothing is at its limit, so this is what people feel, and what a server costs.

import type { OrdinaryLoadResult } from "../client/ordinary-load.ts";
import { serverNames } from "./bench-servers.ts";
import type { Measurement } from "./measurement.ts";
import { inRounds, medians, ratio } from "./rounds.ts";

const rounds = 3;
const load = { users: 50, updatesPerSecond: 10, seconds: 8 };

type Figure = (result: OrdinaryLoadResult) => number | undefined;
const ageP50: Figure = (result) => result.ageP50;
const ageP99: Figure = (result) => result.ageP99;
const serverCpu: Figure = (result) => result.serverCpu;

export const ordinaryLoad: Measurement = {
  name: "ordinary load",
  async run(servers) {
    const results = await inRounds(rounds, serverNames, async (name) =>
      servers.client.run("ordinaryLoad", { target: await servers.createRoom(name), ...load }),
    );
    const compared = (figure: Figure) =>
      ({
        figures: medians(results, figure),
        ratio: ratio(results, "partyserver", figure),
        over: "partyserver",
      }) as const;
    return {
      rows: [
        {
          what: "50 users, 10 updates/s each: p50 age on arrival, ms",
          ...compared(ageP50),
          target: { relation: "<=", value: 1 },
        },
        {
          what: "  p99 age on arrival, ms",
          ...compared(ageP99),
          target: { relation: "<=", value: 1 },
        },
        {
          what: "  server CPU for 8 s of it, s",
          ...compared(serverCpu),
          target: { relation: "<=", value: 0.6 },
        },
        {
          what: "  client CPU, cores",
          figures: medians(results, (result) => result.clientCpu / result.seconds),
        },
      ],
      rounds: results,
    };
  },
};
