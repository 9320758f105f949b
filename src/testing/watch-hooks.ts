// The hooks that the room calls beside its turns, watched: the runner waits for them as for those inside of a turn.

import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import type { Outside } from "./outside.ts";

/** The behaviours, with `onLeave` watched. */
export const watchHooks = (
  behaviours: ReadonlyMap<string, ResolvedBehaviour>,
  outside: Outside,
): ReadonlyMap<string, ResolvedBehaviour> =>
  new Map(
    Array.from(behaviours, ([name, behaviour]) => {
      const { hooks, callTimeout } = behaviour;
      if (hooks.onLeave === undefined) return [name, behaviour];
      const onLeave: typeof hooks.onLeave = (room, user) =>
        outside.track("onLeave", callTimeout, () => hooks.onLeave?.(room, user));
      return [name, { ...behaviour, hooks: Object.assign(Object.create(hooks), { onLeave }) }];
    }),
  );
