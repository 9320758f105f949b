// Call an action of the room's behaviour (rule S7).

import { checkPayload } from "../../model/payload.ts";
import { checkPreconditions, entityTag, type Preconditions } from "../../model/preconditions.ts";
import type { Caller } from "../../protocol/caller.ts";
import type { JsonValue } from "../../protocol/json.ts";
import { ScheduleRequests } from "../hooks/schedule-requests.ts";
import { readJson, runningOperation, type JsonSource } from "../operation.ts";
import type { PresenceMap } from "../../protocol/presence.ts";
import type { RunningRoom } from "../running-room.ts";

export type ActionInput = Preconditions & { readonly name: string; readonly payload: JsonSource };

export type ActionOutput = {
  /** JSON text. */
  readonly result: string;
  /** The version after the action. */
  readonly version: number;
  /** The state's entity tag after the action. */
  readonly tag: string;
};

export const callAction = runningOperation({
  scope: "room:act",
  sees: "head",
  repeatable: false,
  isActivity: true,
  isMove: true,
  decode: ({ payload, ...rest }: ActionInput, limits) => ({
    ...rest,
    payload: checkPayload(readJson(payload), limits),
  }),
  async run(room, { name, payload, ...conditions }, caller): Promise<ActionOutput> {
    const { document, behaviour, record } = room;
    // An unknown action fails with or without conditions, so the conditions are not checked.
    if (Object.hasOwn(behaviour.actions, name))
      checkPreconditions(conditions, entityTag(record.epoch, document.headVersion));
    const { result, version } = await runAction(room, name, payload, caller);
    return { result, version, tag: entityTag(record.epoch, version) };
  },
});

/**
 * Run an action, then stage what it returns and requests (rule B5).
 * @param done ids of the scheduled actions that are done once it has succeeded
 * @throws CollabError as `HookRunner.act` does; `invalid_state`, `too_large`; nothing has changed then
 */
export async function runAction(
  room: RunningRoom,
  name: string,
  payload: JsonValue,
  caller: Caller,
  done: readonly string[] = [],
): Promise<Omit<ActionOutput, "tag">> {
  const { hooks, document, schedules, batch, ports } = room;
  const scheduling = new ScheduleRequests({ ...room, done });
  const presence = (): PresenceMap => room.presence.all(ports.now());
  const view = { presence, scheduling };
  const { state, result, events } = await hooks.act(name, payload, caller, view);
  const version = state === undefined ? document.headVersion : changeTo(room, name, state, caller);
  schedules.stage(scheduling);
  // An action's event has no sender: it comes from the room.
  for (const { event, payload: sent } of events)
    batch.addEvent(
      { type: "event", event, payload: sent, from: null, session: null },
      null,
      room.isStaged,
    );
  return { result, version };
}

/** Stage the state that an action returned. */
function changeTo(
  { hooks, document, behaviour }: RunningRoom,
  name: string,
  state: object,
  caller: Caller,
): number {
  try {
    const author = { caller, action: name };
    return document.changeTo(state, behaviour.limits, hooks.checkState, author);
  } catch (error) {
    throw hooks.badState(name, error, caller);
  }
}
