// Read the state at an earlier version, as far back as the journal reaches (rule V2).

import { stateAt } from "../../model/history.ts";
import { CollabError } from "../../protocol/errors.ts";
import type { History } from "../../protocol/history.ts";
import { runningOperation } from "../operation.ts";

export type PastInput = { readonly version: number };

/** Returns a `PastState` as JSON text. */
export const getPastState = runningOperation({
  scope: "room:admin",
  repeatable: true,
  decode: (input: PastInput) => input,
  run({ ports, document, record }, { version }): string {
    const history = version > document.version ? null : ports.storage.readHistory();
    const past = history && stateAt(history, version);
    if (!past) throw new CollabError("changes_gone", { detail: whyGone(history, version) });
    const head = JSON.stringify({ epoch: record.epoch, version });
    return `${head.slice(0, -1)},"state":${JSON.stringify(past.value)}}`;
  },
});

/** @param history `null` for a future version */
function whyGone(history: History | null, version: number): string {
  if (history === null) return `The room has not reached version ${version} yet.`;
  const around = history.changes.find(({ from, to }) => from < version && version < to);
  if (around === undefined) return `The changes up to version ${version} are no longer kept.`;
  return `Clients never had version ${version}: it lies within the change from version ${around.from} to ${around.to}. Ask for one of these.`;
}
