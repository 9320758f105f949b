// Keeps a client's edits across reloads. A page loads this folder only with the option `persist`.

import { textOf } from "../room-error.ts";
import { KeptClient } from "./kept-client.ts";
import type { ClientParts, Keeper } from "./keeper.ts";
import { Shelf } from "./shelf.ts";

/** @param address that of the room's sockets */
export function keep(parts: ClientParts, address: string): Keeper {
  const { options, environment, listeners } = parts;
  const tell = (what: string, error?: unknown): void => {
    const why = error === undefined ? "" : `: ${textOf(error)}`;
    const problem = { code: "internal", detail: `persist: ${what}${why}.` } as const;
    listeners.emit("problem", { problem });
  };
  const user = typeof options.persist === "string" ? options.persist : (options.user?.id ?? "");
  const shelf = new Shelf({
    environment,
    address,
    user,
    damaged: (error) => tell("a record of unsaved edits is damaged, and was removed", error),
  });
  return new KeptClient(parts, shelf, user, tell);
}
