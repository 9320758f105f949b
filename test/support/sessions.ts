// Sessions of rooms in workerd.

import { rooms, sql, stored } from "./rooms.ts";
import { createSessionHelpers } from "./session-helpers.ts";
import { connect } from "./socket-client.ts";

export * from "./session-helpers.ts";

export const { gather, journalOf, slowly, hold } = createSessionHelpers({
  rooms,
  sql,
  stored,
  connect,
});
