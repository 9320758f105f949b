// CPU time of the server and of this process over an interval, read at the same moments as the counts it is
// compared with. The time of this process shows whether the client was the bottleneck.

import { cpuSeconds } from "../processes.ts";

export type UsageShares = {
  /** Length of the interval. */
  readonly seconds: number;
  /** CPU seconds of the server; undefined where they are not measured. */
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

  /** Usage since this object was created. */
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
