// Change the state with the caller's function, in the room's turn (rules S1, S2).

import { CollabError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/json.ts";
import { callWithin } from "../hooks/call-within.ts";
import { runningOperation } from "../operation.ts";
import type { RoomPorts } from "../ports.ts";
import type { ChangeOutput } from "./change-state.ts";

export type UpdateInput = {
  /** JSON text in, JSON text out; `null` if it fails. It runs at the caller. */
  next(stateText: string): Promise<string | null>;
};

export const updateState = runningOperation({
  scope: "room:write",
  repeatable: false,
  sees: "committed",
  isActivity: true,
  decode: (input: UpdateInput) => input,
  async run({ ports, document, behaviour, hooks }, { next }, caller): Promise<ChangeOutput> {
    const { callTimeout, limits } = behaviour;
    const stateText = document.text;
    const text = await callUpdate(() => next(stateText), callTimeout, ports);
    if (text === null) throw new CollabError("update_failed");
    const author = { caller };
    return { version: document.changeTo(parseJson(text), limits, hooks.checkState, author) };
  },
});

async function callUpdate(
  next: () => Promise<string | null>,
  callTimeout: number,
  ports: Pick<RoomPorts, "later">,
): Promise<string | null> {
  try {
    return await callWithin(ports, callTimeout, "The update function", next);
  } catch (error) {
    if (error instanceof CollabError) throw error;
    return null; // the caller is gone
  }
}
