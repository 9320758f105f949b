// The platform's timer, as the implementation of a room's port. Only this folder may use it: a room on another clock
// has its own timer.

/** Call back in this many ms. @returns a function that cancels it */
export function later(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}
