// Who may ask: the one place that decides. Closed by default (rule A2): a deployment that has not said
// how to authenticate serves nobody.

import type { CollabEnv } from "../durable/env.ts";
import { createLog } from "../durable/log.ts";
import { CollabError } from "../protocol/errors.ts";

let warned = false;

/**
 * Let a request pass.
 * @throws CollabError `auth_not_configured`
 */
export function authorize(env: Pick<CollabEnv, "AUTH_MODE">): void {
  if (env.AUTH_MODE !== "open") throw new CollabError("auth_not_configured");
  if (warned) return;
  warned = true;
  createLog({})("warn", "auth_open", {
    text: "AUTH_MODE=open: whatever reaches this Worker may read and change every room.",
  });
}
