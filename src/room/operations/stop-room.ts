// Stop a room (rule R7).

import { CollabError } from "../../protocol/errors.ts";
import { checkPreconditions, entityTag, type Preconditions } from "../../model/preconditions.ts";
import type { StopRequest } from "../../model/record.ts";
import { reasonOf } from "../lifecycle.ts";
import { roomOperation } from "../operation.ts";

/** With `purge`, the stored state is deleted too, even if the room has already stopped. */
export const stopRoom = roomOperation({
  scope: "room:admin",
  repeatable: false,
  sees: "committed",
  decode: (request: StopRequest & Preconditions) => request,
  after: (lifecycle) => lifecycle.whenStopped(),
  async run(lifecycle, { purge, ...conditions }, caller): Promise<void> {
    const { room } = lifecycle;
    if (room === null) {
      if (!purge) throw new CollabError("room_not_running");
      const isConditional =
        conditions.ifMatch !== undefined || conditions.ifNoneMatch !== undefined;
      if (isConditional) checkPreconditions(conditions, lifecycle.keptTag());
      return lifecycle.purge();
    }
    checkPreconditions(conditions, entityTag(room.record.epoch, room.document.version));
    room.requestStop({ purge });
    if (!(await lifecycle.stop(room, reasonOf({ purge }), caller)))
      throw new CollabError("save_failed");
  },
});
