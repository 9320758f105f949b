// Call an action of the room's behaviour (rule S7).

import { checkPayload } from "../../model/payload.ts";
import { readJson, runningOperation, type JsonSource } from "../operation.ts";

export type ActionInput = { readonly name: string; readonly payload: JsonSource };

export type ActionOutput = {
  /** JSON text. */
  readonly result: string;
  /** The version after the action. */
  readonly version: number;
};

export const callAction = runningOperation({
  scope: "room:write",
  sees: "head",
  repeatable: false,
  isActivity: true,
  decode: ({ name, payload }: ActionInput, limits) => ({
    name,
    payload: checkPayload(readJson(payload), limits),
  }),
  async run({ hooks, document, behaviour }, { name, payload }, caller): Promise<ActionOutput> {
    const { state, result } = await hooks.act(name, payload, caller);
    if (state === undefined) return { result, version: document.headVersion };
    try {
      return { result, version: document.changeTo(state, behaviour.limits) };
    } catch (error) {
      throw hooks.badState(name, error);
    }
  },
});
