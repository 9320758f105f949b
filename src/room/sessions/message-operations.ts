// Maps a client's message to the operation that it requests, its input, and the contents of the reply.

import type { Caller } from "../../protocol/caller.ts";
import type { JsonArray } from "../../protocol/json.ts";
import type { Ref } from "../../protocol/messages.ts";
import type { Lifecycle } from "../lifecycle.ts";
import { execute, type Operation } from "../operation.ts";
import { broadcast } from "../operations/broadcast.ts";
import { callAction } from "../operations/call-action.ts";
import { changeState, type ChangeInput } from "../operations/change-state.ts";
import { leaveSession } from "../operations/leave-session.ts";
import { renewSession } from "../operations/renew-session.ts";
import { setPresence } from "../operations/set-presence.ts";
import { touch } from "../operations/touch.ts";
import { watchUsers } from "../operations/watch-users.ts";
import type { RequestMessage, VerifiedMessage } from "./message-receiver.ts";

/** The operation that each message requests. */
export const offeredOperations = {
  update: changeState,
  action: callAction,
  presence: setPresence,
  broadcast,
  touch,
  watch: watchUsers,
  auth: renewSession,
  leave: leaveSession,
} satisfies Record<VerifiedMessage["type"], Operation<never, unknown>>;

/** A message as a call of an operation. */
export type MessageCall = {
  readonly ref: Ref | undefined;
  readonly sees: Operation<never, unknown>["sees"];
  readonly repliesAfterFlush: boolean;
  /** @returns the operation's output, as a JSON object: the members of the reply */
  run(lifecycle: Lifecycle, caller: Caller): string | Promise<string>;
};

/** The ref that the reply to a message names. */
export const refOf = (message: RequestMessage | VerifiedMessage): Ref | undefined =>
  "ref" in message ? message.ref : undefined;

/** @param userId of the session that has sent the message */
export function callOf(message: VerifiedMessage, userId: string): MessageCall {
  const offered = offeredOperations;
  switch (message.type) {
    case "update": {
      const { ref, ifVersion } = message;
      return call(
        offered.update,
        { ...changeOf(message), ...(ifVersion !== undefined && { ifVersion }) },
        ref,
        ({ version, dropped }) =>
          `{"version":${version}${dropped.length > 0 ? `,"dropped":[${dropped.join(",")}]` : ""}}`,
      );
    }
    case "action": {
      const { ref, name, payload = {} } = message;
      return call(
        offered.action,
        { name, payload: { json: payload } },
        ref,
        ({ result, version }) => `{"version":${version},"result":${result}}`,
      );
    }
    case "presence":
      return call(offered.presence, { data: message.data }, message.ref);
    case "broadcast": {
      const { ref, event, payload = null, echo } = message;
      return call(offered.broadcast, { event, payload: { json: payload }, echo }, ref);
    }
    case "touch":
      return call(offered.touch, { userId }, message.ref);
    case "watch":
      return call(offered.watch, { users: message.users }, message.ref);
    case "auth":
      return call(
        offered.auth,
        { identity: message.identity },
        message.ref,
        (expiresAt) => `{"expiresAt":${JSON.stringify(expiresAt)}}`,
      );
    case "leave":
      return call(offered.leave, undefined, undefined);
    default:
      return message satisfies never;
  }
}

function changeOf(
  message: Extract<VerifiedMessage, { type: "update" }>,
): Pick<ChangeInput, "kind" | "source" | "base"> {
  if (!("patch" in message)) return { kind: "merge", source: { json: message.merge } };
  const { patch, base, strict = false } = message;
  return {
    kind: "extendedPatch",
    // The decoder has seen an array. Its items come from JSON text, and the operation checks them.
    source: { json: patch as JsonArray },
    ...(base !== undefined && { base: { version: base, strict } }),
  };
}

function call<Input, Output>(
  operation: Operation<Input, Output>,
  input: Input,
  ref: Ref | undefined,
  reply: (output: Output) => string = () => "{}",
): MessageCall {
  return {
    ref,
    sees: operation.sees,
    repliesAfterFlush: operation.repliesAfterFlush ?? false,
    run(lifecycle, caller) {
      const output = execute(lifecycle, operation, input, caller);
      return output instanceof Promise ? output.then(reply) : reply(output);
    },
  };
}
