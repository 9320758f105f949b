// The order of events between clients, callers and objects. Each event is a task of its own, after all that
// were posted before it: nothing is delivered inside the call that causes it.

/** Run something as the next event. */
export const post = (run: () => void): void => {
  setImmediate(run);
};

/** Wait until everything that was posted so far has been delivered. */
export const nextEvent = (): Promise<void> => new Promise(post);
