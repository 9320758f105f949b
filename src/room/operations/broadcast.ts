// Send an event to every session of a room; it is not stored (rule W5).

import { checkEvent } from "../../model/payload.ts";
import { readJson, runningOperation, type JsonSource } from "../operation.ts";

export type BroadcastInput = {
  readonly event: string;
  readonly payload: JsonSource;
  /** Whether the sending session receives it too. */
  readonly echo?: boolean | undefined;
};

export const broadcast = runningOperation({
  scope: "room:write",
  repeatable: false,
  isActivity: true,
  isMove: true,
  decode({ event, payload: source, echo = false }: BroadcastInput, limits) {
    const payload = readJson(source);
    checkEvent(event, payload, limits);
    return { event, payload, echo };
  },
  run({ batch, sessions }, { event, payload, echo }, caller): void {
    const sender = sessions.withId(caller.session);
    batch.addEvent(
      {
        type: "event",
        event,
        payload,
        from: sender?.userId ?? null,
        session: sender?.id ?? null,
      },
      sender && !echo ? sender : null,
    );
  },
});
