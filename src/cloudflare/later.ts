// The platform's timer, as a room's port has it. It knows nothing of rooms, and only this folder may use it: a room on
// another clock has another one.

/** Call back in this many ms. @returns a function that cancels it */
export function later(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}
