// The view of the room for hooks and actions.

import type { RoomContext } from "../../behaviours/behaviour.ts";
import type { Caller } from "../../protocol/caller.ts";
import { freezeState } from "../../model/freeze.ts";
import type { Members } from "../../model/members.ts";
import type { JsonDocument } from "../document/json-document.ts";
import type { RoomPorts } from "../ports.ts";

export type ContextParts = {
  readonly ports: Pick<RoomPorts, "id" | "env" | "now">;
  readonly epoch: string;
  readonly document: JsonDocument;
  readonly members: Members;
};

/**
 * The room's head, frozen. Costly parts are computed when read.
 * @param isConcurrent whether the room continues meanwhile: state and version are then those at the moment of reading
 */
export function createContext(
  { ports, epoch, document, members }: ContextParts,
  caller: Caller,
  isConcurrent: boolean,
): RoomContext {
  const { value, headVersion: version } = document;
  return Object.freeze({
    id: ports.id,
    env: ports.env,
    caller: freezeCaller(caller),
    get users() {
      return Object.freeze(members.entries().map(freezeState));
    },
    get state() {
      return freezeState(isConcurrent ? document.value : value);
    },
    get version() {
      return isConcurrent ? document.headVersion : version;
    },
    epoch,
    now: ports.now(),
  });
}

/** Callers are shared between calls, so author code must not modify one. */
const freezeCaller = (caller: Caller): Caller => {
  Object.freeze(caller.scopes);
  if (caller.user) freezeState(caller.user);
  return Object.freeze(caller);
};
