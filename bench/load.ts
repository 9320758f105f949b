// HTTP load on loopback, with a fixed number of connections for a fixed time.

import autocannon from "autocannon";
import { median } from "./statistics.ts";

export type Load = {
  readonly url: string;
  readonly method?: "GET" | "PATCH" | "POST";
  readonly headers?: Record<string, string>;
  /** Makes the body of request number `n`. */
  readonly body?: (n: number) => string;
};

const connections = 16;

/** Measure how many requests per second a server answers with 2xx. */
export async function requestsPerSecond(load: Load, seconds: number): Promise<number> {
  const { hostname } = new URL(load.url);
  if (hostname !== "127.0.0.1") throw new Error("the load may only go to loopback");
  const { url, method = "GET", headers = {}, body } = load;
  let sent = 0;
  const result = await autocannon({
    url,
    method,
    headers,
    connections,
    duration: seconds,
    ...(body && {
      requests: [{ setupRequest: (request) => ({ ...request, body: body(sent++) }) }],
    }),
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${method} ${url}: ${result.non2xx} refused, ${result.errors} lost`);
  return result["2xx"] / result.duration;
}

/**
 * Compare two loads, in alternating rounds so that a busy machine slows both.
 * @returns the median over all rounds of the first rate divided by the second, and the median rates
 */
export async function compare(
  first: Load,
  second: Load,
  { rounds = 7, seconds = 2 } = {},
): Promise<{ ratio: number; first: number; second: number }> {
  await requestsPerSecond(first, 1);
  await requestsPerSecond(second, 1);
  const rates: { first: number; second: number }[] = [];
  for (let round = 0; round < rounds; round++)
    rates.push({
      first: await requestsPerSecond(first, seconds),
      second: await requestsPerSecond(second, seconds),
    });
  return {
    ratio: median(rates.map((rate) => rate.first / rate.second)),
    first: median(rates.map((rate) => rate.first)),
    second: median(rates.map((rate) => rate.second)),
  };
}
