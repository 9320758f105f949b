// Processor time of the server and of this process over a stretch of time, taken at the same moments as
// the counts that it is set against. The client's own shows whether it was the bottleneck.

import { cpuSeconds } from "../processes.ts";

export type UsageShares = {
  /** How long the stretch was. */
  readonly seconds: number;
  /** CPU seconds of the server; undefined where it is not measured. */
  readonly serverCpu: number | undefined;
  readonly clientCpu: number;
};

export class Usage {
  readonly #pid: number;
  readonly #start = performance.now();
  readonly #client = process.cpuUsage();
  readonly #server: number | undefined;

  constructor(pid: number) {
    this.#pid = pid;
    this.#server = cpuSeconds(pid);
  }

  /** Since this was made. */
  shares(): UsageShares {
    const { user, system } = process.cpuUsage(this.#client);
    const server = cpuSeconds(this.#pid);
    return {
      seconds: (performance.now() - this.#start) / 1000,
      serverCpu:
        server === undefined || this.#server === undefined ? undefined : server - this.#server,
      clientCpu: (user + system) / 1e6,
    };
  }
}
