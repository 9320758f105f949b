// Trace the frames of a room: open a socket on which the room reports each frame that it receives and sends (rule V6).
// Like a session's, it goes through `fetch`, because a socket cannot cross RPC.

import type { TraceFilter } from "../../protocol/inspection.ts";
import { askedBy } from "../log.ts";
import { runningOperation } from "../operation.ts";
import type { SocketPort } from "../ports.ts";

/** The request that opens a trace. Plain data. */
export type TraceRequest = { readonly filter: TraceFilter };

export type TraceInput = TraceRequest & {
  /** Accepts the socket; called once nothing can refuse it any more. */
  accept(): SocketPort;
};

export const traceFrames = runningOperation({
  scope: "room:admin",
  repeatable: false,
  decode: (input: TraceInput) => input,
  run({ traces, ports }, { filter, accept }, caller): void {
    const { user, hasOwnScopes } = caller;
    traces.open({ filter, ...(!hasOwnScopes && user && { givenTo: user.id }) }, accept);
    // Somebody can now see what users send to each other, so that is logged.
    const { user: of, session } = filter;
    ports.log("trace_opened", { user: of, session, ...askedBy(caller) });
  },
});
