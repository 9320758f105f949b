// Rounds in which the servers take turns, so that a machine that is slower for a while is so for all.
// Ratios are taken within a round.

import type { ServerName } from "../client/dialects.ts";
import { median } from "../statistics.ts";

/** Results by server, one a round. */
export type Rounds<T> = Readonly<Record<ServerName, readonly T[]>>;

export async function inRounds<T>(
  count: number,
  names: readonly ServerName[],
  measure: (name: ServerName) => Promise<T>,
): Promise<Rounds<T>> {
  const rounds: Record<ServerName, T[]> = { ours: [], bare: [], partyserver: [] };
  for (let round = 0; round < count; round++)
    for (const name of names) rounds[name].push(await measure(name));
  return rounds;
}

type Figure<T> = (result: T) => number | undefined;

/** Undefined where there is nothing, or something was not measured. */
export function medians<T>(
  rounds: Rounds<T>,
  of: Figure<T>,
): Record<ServerName, number | undefined> {
  return {
    ours: medianOf(rounds.ours.map(of)),
    bare: medianOf(rounds.bare.map(of)),
    partyserver: medianOf(rounds.partyserver.map(of)),
  };
}

export function ratio<T>(rounds: Rounds<T>, over: ServerName, of: Figure<T>): number | undefined {
  return medianOf(
    rounds.ours.map((result, round) => {
      const peers = rounds[over][round];
      const [own, other] = [of(result), peers && of(peers)];
      return own === undefined || other === undefined ? undefined : own / other;
    }),
  );
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const all = values.filter((value) => value !== undefined);
  return all.length === 0 || all.length < values.length ? undefined : median(all);
}
