// Sends at a constant rate, whether or not the server keeps up. Late ticks catch up, so the number sent is right.

/**
 * Call a function so many times a second.
 * @param send gets the number of the call, from 0
 * @param interval ms between two looks at the clock
 * @returns a function that stops it
 */
export function startTicker(
  perSecond: number,
  send: (n: number) => void,
  interval = 2,
): () => void {
  const start = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1000) * perSecond);
    while (sent < due) send(sent++);
  }, interval);
  return () => clearInterval(timer);
}
