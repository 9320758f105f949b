// The users of a room in join order (rule U5).

import { noInput, runningOperation } from "../operation.ts";

/** Answers a JSON array as text. */
export const getUsers = runningOperation({
  scope: "room:read",
  repeatable: true,
  decode: noInput,
  run: ({ members }): string => `[${members.texts().join(",")}]`,
});
