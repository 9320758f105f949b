// Rounds in which the servers take turns, so that a slow phase of the machine affects all of them. Ratios are
// computed within a round.

import type { ServerName } from "../client/server-protocols.ts";
import { median } from "../statistics.ts";

/** Results by server, one per round. */
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

/** Undefined for a server without results, or with a round that was not measured. */
export function medians<T>(
  rounds: Rounds<T>,
  figure: Figure<T>,
): Record<ServerName, number | undefined> {
  return {
    ours: medianOf(rounds.ours.map(figure)),
    bare: medianOf(rounds.bare.map(figure)),
    partyserver: medianOf(rounds.partyserver.map(figure)),
  };
}

/** The median of the ratios of our own figure to that of the server `over`. */
export function ratio<T>(
  rounds: Rounds<T>,
  over: ServerName,
  figure: Figure<T>,
): number | undefined {
  return medianOf(
    rounds.ours.map((result, round) => {
      const others = rounds[over][round];
      const [own, other] = [figure(result), others && figure(others)];
      return own === undefined || other === undefined ? undefined : own / other;
    }),
  );
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const measured = values.filter((value) => value !== undefined);
  return measured.length === 0 || measured.length < values.length ? undefined : median(measured);
}
