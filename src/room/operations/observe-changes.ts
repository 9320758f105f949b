// Follow the state: open a socket on which the room sends it once, and then every change (rule H10). Like a session's,
// it goes through `fetch`, because a socket cannot cross RPC.

import type { Resume } from "../../model/session-attachment.ts";
import { isTrusted } from "../access.ts";
import { runningOperation } from "../operation.ts";
import type { SocketPort } from "../ports.ts";

/** The request that opens an observer. Plain data. */
export type ObserveRequest = {
  /** The position of a returning observer. */
  readonly resume?: Resume | undefined;
};

export type ObserveInput = ObserveRequest & {
  /** Accepts the socket; called once nothing can refuse it any more. */
  accept(): SocketPort;
};

const [given, trusted] = [{ isGiven: true }, { isTrusted: true }] as const;

export const observeChanges = runningOperation({
  scope: "room:read",
  sees: "snapshot",
  repeatable: false,
  decode: (input: ObserveInput) => input,
  run(room, { resume, accept }, caller): void {
    room.checkSockets(0);
    const { user, hasOwnScopes } = caller;
    const follower =
      user === null
        ? { ...(isTrusted(caller) && trusted) }
        : { user: user.id, ...(!hasOwnScopes && given) };
    room.observers.open(resume, follower, () => {
      room.makeWay(0);
      return accept();
    });
  },
});
