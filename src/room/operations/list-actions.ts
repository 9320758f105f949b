// List the actions of the room's behaviour, with the JSON Schemas of their inputs (rule V5).

import { describeInput, toJsonSchema } from "../../behaviours/describe.ts";
import type { ActionList } from "../../protocol/inspection.ts";
import { noInput, runningOperation } from "../operation.ts";

/** Returns an `ActionList` as JSON text, because the schemas are the author's JSON. */
export const listActions = runningOperation({
  scope: "room:admin",
  repeatable: true,
  decode: noInput,
  run({ behaviour }): string {
    const { name, writes, actions, state } = behaviour;
    const list: ActionList = {
      behaviour: name,
      writes,
      state: state && toJsonSchema(state),
      actions: Object.entries(actions).map(([action, { schema }]) => ({
        name: action,
        ...describeInput(schema),
      })),
    };
    return JSON.stringify(list);
  },
});
