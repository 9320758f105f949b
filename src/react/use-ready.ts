// Suspends a component until its room has answered. An error boundary gets the reason of a room that is closed before.

import { use, useSyncExternalStore } from "react";
import type { Room } from "../client/types.ts";

// One promise for each room: React would wait anew for a new one in each render.
const answers = new WeakMap<object, Promise<void>>();

/** React wants `use` in each render. By these members it sees that there is nothing to wait for. */
const answered = Object.assign(Promise.resolve(), {
  status: "fulfilled" as const,
  value: undefined,
});

/** @throws what `room.ready` rejects with; Error on the server */
export function useReady<T, P>(room: Room<T, P>): void {
  if (useSyncExternalStore(noSubscription, isBrowser, isServer))
    throw new Error(
      "The hooks of `suspense` wait for the room, which the server does not join. React shows the fallback instead.",
    );
  const { state, status } = room.getSnapshot();
  if (state !== null) use(answered);
  else use(status.state === "closed" ? room.ready : answerOf(room));
}

/** Settles as `ready` does. But `ready` settles once, and this waits again for a room that was closed and reconnects. */
function answerOf<T, P>(room: Room<T, P>): Promise<void> {
  const known = answers.get(room);
  if (known !== undefined) return known;
  const answer = new Promise<void>((resolve) => {
    const end = room.subscribe(() => {
      const { state, status } = room.getSnapshot();
      if (state === null && status.state !== "closed") return;
      end();
      answers.delete(room);
      resolve(state === null ? room.ready : undefined);
    });
  });
  answers.set(room, answer);
  return answer;
}

const noSubscription = () => () => {};
const isBrowser = () => false;
const isServer = () => true;
