// Durable updates: a hundred sockets that all write and receive everything, and a single writer.

import { serverNames } from "./bench-servers.ts";
import type { Measurement } from "./measurement.ts";
import { inRounds, medians, ratio } from "./rounds.ts";

const rounds = 5;

/** A hundred sockets with two updates in flight each: 200 in flight. */
export const fanOut: Measurement = {
  name: "durable fan-out",
  async run(servers) {
    const results = await inRounds(rounds, serverNames, async (name) =>
      servers.client.run("updates", {
        target: await servers.createRoom(name),
        sockets: 100,
        inFlightEach: 2,
        seconds: 1.5,
      }),
    );
    return {
      rows: [
        {
          what: "100 sockets, 200 in flight: deliveries/s",
          figures: medians(results, (result) => result.deliveriesPerSecond),
          ratio: ratio(results, "partyserver", (result) => result.deliveriesPerSecond),
          over: "partyserver",
          target: { relation: ">=", value: 12 },
        },
        {
          what: "  latency p99, ms",
          figures: medians(results, (result) => result.latencyP99),
          ratio: ratio(results, "partyserver", (result) => result.latencyP99),
          over: "partyserver",
          target: { relation: "<=", value: 0.2 },
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

export const oneInFlight: Measurement = {
  name: "one writer, 1 in flight",
  async run(servers) {
    const results = await inRounds(rounds, serverNames, async (name) =>
      servers.client.run("updates", {
        target: await servers.createRoom(name),
        sockets: 1,
        inFlightEach: 1,
        seconds: 1,
      }),
    );
    return {
      rows: [
        {
          what: "one writer, 1 in flight: latency p50, ms",
          figures: medians(results, (result) => result.latencyP50),
          ratio: ratio(results, "bare", (result) => result.latencyP50),
          over: "bare",
          target: { relation: "<=", value: 1.25 },
        },
      ],
      rounds: results,
    };
  },
};

export const manyInFlight: Measurement = {
  name: "one writer, 100 in flight",
  async run(servers) {
    const results = await inRounds(rounds, serverNames, async (name) =>
      servers.client.run("updates", {
        target: await servers.createRoom(name),
        sockets: 1,
        inFlightEach: 100,
        seconds: 1,
      }),
    );
    return {
      rows: [
        {
          what: "one writer, 100 in flight: durable updates/s",
          figures: medians(results, (result) => result.updatesPerSecond),
          ratio: ratio(results, "bare", (result) => result.updatesPerSecond),
          over: "bare",
          target: { relation: ">=", value: 3 },
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
