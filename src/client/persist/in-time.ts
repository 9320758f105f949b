// Waits for a browser, which may never answer.

import type { Environment } from "../environment.ts";
import type { Claim } from "./shelf.ts";

const timeLimit = 3000;

/** A claim that comes too late is released. @throws Error (rejects) if it does not come in time */
export function inTime<T extends Claim | null>(
  environment: Environment,
  work: Promise<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let isOver = false;
  const cancel = environment.later(timeLimit, () => {
    isOver = true;
    reject(new Error(`it has not answered for ${timeLimit} ms`));
  });
  work
    .then((claim) => (isOver ? claim?.release() : resolve(claim)))
    .catch(reject)
    .finally(cancel);
  return promise;
}
